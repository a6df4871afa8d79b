/* A YAML file as a tree of maps, lists and texts, each with its line. Every scalar is text: `no`
 * is a language. One document, no anchors, no repeated keys. */
#pragma once

#include "base/buf.h"
#include "config/fault.h"

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    int line;         /* 1 .. */
    struct slice key; /* in a map; NUL-terminated besides. Items of a list have that of the list */
    int key_line;
    struct slice text;       /* of TREE_TEXT; NUL-terminated besides */
    bool quoted;             /* an empty text that was not quoted is nothing at all */
    struct tree_node *first; /* child */
    struct tree_node *next;  /* sibling */
};

struct tree; /* opaque: the tree and its texts */

/* A whole file, appended; refused above 4 MiB. */
MUST_USE bool tree_read_file(const char *path, struct buf *b, struct err *err);

/* NULL with faults where the file cannot be read or is no YAML. `name` stands in the faults. An
 * empty file is an empty map. */
struct tree *tree_load_file(const char *path, const char *name, struct faults *faults);
struct tree *tree_load_text(struct slice text, const char *name, struct faults *faults);
void tree_free(struct tree *t);

const struct tree_node *tree_root(const struct tree *t);

/* The value of a key, or NULL. */
const struct tree_node *tree_get(const struct tree_node *map, const char *key);
size_t tree_count(const struct tree_node *node);  /* children */
bool tree_is_empty(const struct tree_node *node); /* a key with nothing behind it */
