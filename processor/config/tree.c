#include "config/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/check.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define DEPTH_MAX 16
#define NO_YAML "look at its indents, brackets and quotes, and at those above it"

struct tree {
    yaml_document_t document; /* owns the texts */
    struct tree_node *nodes;  /* as many as the document has */
    struct tree_node root;
};

/* What is read, and what goes wrong there. */
struct conversion {
    struct tree *tree;
    unsigned char *seen; /* per node of the document */
    const char *name;
    struct faults *faults;
    bool ok;
};

static struct tree_node *convert(struct conversion *c, int id, int depth);

static void refuse(struct conversion *c, int line, const char *remedy, const char *text) {
    faults_add(c->faults, c->name, line, remedy, "%s", text);
    c->ok = false;
}

static struct slice scalar_text(const yaml_node_t *node) {
    return (struct slice){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static bool repeats(const struct tree_node *map, const struct tree_node *before, struct slice key) {
    for (const struct tree_node *n = map->first; n && n != before; n = n->next) {
        if (slice_equal(n->key, key))
            return true;
    }
    return false;
}

static void convert_map(struct conversion *c, struct tree_node *map, const yaml_node_t *from,
                        int depth) {
    struct tree_node **end = &map->first;
    for (yaml_node_pair_t *pair = from->data.mapping.pairs.start;
         pair < from->data.mapping.pairs.top && c->ok; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&c->tree->document, pair->key);
        int line = (int)key->start_mark.line + 1;
        if (key->type != YAML_SCALAR_NODE) {
            refuse(c, line, "write `key: value`", "a key that is no text");
            return;
        }
        struct tree_node *value = convert(c, pair->value, depth);
        if (!value)
            return;
        value->key = scalar_text(key);
        value->key_line = line;
        for (struct tree_node *n = value->kind == TREE_LIST ? value->first : NULL; n; n = n->next)
            n->key = value->key;
        if (repeats(map, value, value->key))
            faults_add(c->faults, c->name, line, "keep one of the two",
                       "key \"%s\" stands here twice", value->key.at);
        *end = value;
        end = &value->next;
    }
}

static void convert_list(struct conversion *c, struct tree_node *list, const yaml_node_t *from,
                         int depth) {
    struct tree_node **end = &list->first;
    for (yaml_node_item_t *item = from->data.sequence.items.start;
         item < from->data.sequence.items.top && c->ok; item++) {
        struct tree_node *value = convert(c, *item, depth);
        if (!value)
            return;
        *end = value;
        end = &value->next;
    }
}

/* A node that is met twice was aliased: refused, since a few lines of aliases can stand for
 * millions of nodes, or for themselves. */
static struct tree_node *convert(struct conversion *c, int id, int depth) {
    const yaml_node_t *from = yaml_document_get_node(&c->tree->document, id);
    struct tree_node *node = &c->tree->nodes[id - 1];
    int line = (int)from->start_mark.line + 1;
    if (c->seen[id - 1]++) {
        refuse(c, line, "write the value out", "anchors and aliases (&, *) are not taken");
        return NULL;
    }
    if (depth > DEPTH_MAX) {
        refuse(c, line, "write it flatter: no contract needs that",
               "maps and lists are nested more than 16 deep");
        return NULL;
    }
    *node = (struct tree_node){.kind = TREE_TEXT, .line = line};
    if (from->type == YAML_SCALAR_NODE) {
        node->text = scalar_text(from);
        node->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    } else if (from->type == YAML_MAPPING_NODE) {
        node->kind = TREE_MAP;
        convert_map(c, node, from, depth + 1);
    } else {
        node->kind = TREE_LIST;
        convert_list(c, node, from, depth + 1);
    }
    return node;
}

static bool build_tree(struct tree *t, const char *name, struct faults *faults) {
    t->root = (struct tree_node){.kind = TREE_MAP, .line = 1};
    const yaml_document_t *d = &t->document;
    size_t count = (size_t)(d->nodes.top - d->nodes.start);
    if (count == 0)
        return true;
    struct conversion c = {.tree = t, .name = name, .faults = faults, .ok = true};
    t->nodes = calloc(count, sizeof(*t->nodes));
    c.seen = calloc(count, 1);
    CHECK(t->nodes && c.seen);
    const struct tree_node *top = convert(&c, 1, 0);
    free(c.seen);
    if (!top || !c.ok)
        return false;
    if (tree_is_empty(top))
        return true;
    if (top->kind == TREE_MAP) {
        t->root = *top;
        return true;
    }
    faults_add(faults, name, top->line, "write `key: value` lines", "the file is no map");
    return false;
}

static bool load_document(struct tree *t, yaml_parser_t *parser, const char *name,
                          struct faults *faults) {
    if (yaml_parser_load(parser, &t->document))
        return true;
    faults_add(faults, name, (int)parser->problem_mark.line + 1, NO_YAML, "this is no YAML: %s%s%s",
               parser->problem ? parser->problem : "unreadable", parser->context ? " " : "",
               parser->context ? parser->context : "");
    return false;
}

static bool is_last_document(yaml_parser_t *parser, const char *name, struct faults *faults) {
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        faults_add(faults, name, (int)parser->problem_mark.line + 1, NO_YAML, "this is no YAML: %s",
                   parser->problem ? parser->problem : "unreadable");
        return false;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    int line = root ? (int)root->start_mark.line + 1 : 0;
    yaml_document_delete(&second);
    if (line == 0)
        return true;
    faults_add(faults, name, line, "write one file for each",
               "a second document (---) in one file");
    return false;
}

struct tree *tree_load_text(struct slice text, const char *name, struct faults *faults) {
    if (!slice_is_utf8(text)) {
        faults_add(faults, name, 0, "save it as UTF-8", "the file is not UTF-8");
        return NULL;
    }
    yaml_parser_t parser;
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.at, text.size);

    struct tree *t = calloc(1, sizeof(*t));
    CHECK(t);
    bool ok = false;
    if (load_document(t, &parser, name, faults)) {
        /* Past the end of an empty file there is nothing more to ask for. */
        bool empty = t->document.nodes.top == t->document.nodes.start;
        ok = (empty || is_last_document(&parser, name, faults)) && build_tree(t, name, faults);
    }
    yaml_parser_delete(&parser);
    if (ok)
        return t;
    tree_free(t);
    return NULL;
}

bool tree_read_file(const char *path, struct buf *b, struct err *err) {
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, "%s", strerror(errno));
    size_t got;
    while ((got = fread(buf_reserve(b, 65536), 1, 65536, file)) > 0 && b->size <= FILE_BYTES_MAX)
        b->size += got;
    bool failed = ferror(file);
    int reason = errno;
    fclose(file);
    if (failed)
        return err_set(err, "%s", strerror(reason));
    return b->size <= FILE_BYTES_MAX || err_set(err, "it is larger than 4 MiB");
}

struct tree *tree_load_file(const char *path, const char *name, struct faults *faults) {
    struct buf b;
    buf_init(&b);
    struct err err;
    struct tree *t = NULL;
    if (tree_read_file(path, &b, &err))
        t = tree_load_text(buf_slice(&b), name, faults);
    else
        faults_add(faults, name, 0, "name a file that can be read", "cannot read %s: %s", path,
                   err.text);
    buf_deinit(&b);
    return t;
}

void tree_free(struct tree *t) {
    if (!t)
        return;
    yaml_document_delete(&t->document);
    free(t->nodes);
    free(t);
}

const struct tree_node *tree_root(const struct tree *t) {
    return &t->root;
}

const struct tree_node *tree_get(const struct tree_node *map, const char *key) {
    for (const struct tree_node *n = map->first; n; n = n->next) {
        if (slice_equal(n->key, slice_of(key)))
            return n;
    }
    return NULL;
}

size_t tree_count(const struct tree_node *node) {
    size_t count = 0;
    for (const struct tree_node *n = node->first; n; n = n->next)
        count++;
    return count;
}

bool tree_is_empty(const struct tree_node *node) {
    return node->kind == TREE_TEXT && node->text.size == 0 && !node->quoted;
}
