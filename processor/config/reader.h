/* Reads maps with known keys out of a contract file, and tells every mistake with its line. */
#pragma once

#include "config/arena.h"
#include "config/fault.h"
#include "config/tree.h"

#define READER_LINE_MAX 160

struct calendar;
struct escalation;

/* A name that rules may refer to, and what it leads to: a role to its contact. */
struct reader_name {
    struct slice name;
    struct slice leads_to;
    const struct calendar *hours;        /* of a role; NULL: always on duty */
    const struct escalation *escalation; /* of an escalation */
};

struct reader_names {
    struct reader_name *list; /* in the arena */
    size_t count;
};

struct reader {
    const char *file; /* stands in the faults */
    struct faults *faults;
    struct arena *arena;
    char what[READER_LINE_MAX]; /* what is being read: `clock "urgent"`, or "" */
    struct reader_names roles, escalations, calendars;
    struct reader_names rules; /* those read so far: their names are in alert keys */
};

/* Tells a mistake: "what: text; remedy". */
void reader_fault(struct reader *r, int line, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void reader_note(struct reader *r, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The key is known, but what it asks for is not built: never silently ignored. */
void reader_unsupported(struct reader *r, int line, const char *remedy, const char *thing);

typedef void reader_key_fn(struct reader *r, const struct tree_node *value, void *target);

/* A list of known keys ends with a NULL name. Keys are read in the order of the list. `read` NULL:
 * somebody else reads it. */
struct reader_key {
    const char *name;
    reader_key_fn *read;
    bool required;
};

/* False when the node is no map. Unknown keys and keys without a value are told. */
bool reader_map(struct reader *r, const struct tree_node *map, const struct reader_key *keys,
                void *target);

/* Each of these tells what is wrong, and then leaves *value as it is. */
bool reader_text(struct reader *r, const struct tree_node *node, struct slice *value);
bool reader_duration(struct reader *r, const struct tree_node *node, int64_t least_ms,
                     int64_t *value_ms);
/* "2bd", at most 3650 of them. */
bool reader_is_business_days(const struct tree_node *node);
bool reader_business_days(struct reader *r, const struct tree_node *node, uint32_t *days);
bool reader_count(struct reader *r, const struct tree_node *node, int64_t least, int64_t most,
                  int64_t *value);
bool reader_flag(struct reader *r, const struct tree_node *node, bool *value);

/* Adds a name; false when it is there already. The list must have room. */
bool reader_names_add(struct reader_names *names, struct slice name, struct slice leads_to);

/* The name of the index-th word, NULL after the last one. */
typedef const char *reader_word_fn(size_t index);

/* One of the words, or of durations one that is as long; `kind` names them in the fault:
 * "channel". */
bool reader_word(struct reader *r, const struct tree_node *node, const char *kind,
                 reader_word_fn *words, size_t *index);

/* The first node of a list, or the node itself when it is a single text; NULL with a fault when it
 * is a map. Go on with reader_next. */
const struct tree_node *reader_first(struct reader *r, const struct tree_node *node);
const struct tree_node *reader_next(const struct tree_node *list, const struct tree_node *item);

/* The entry with this name, or NULL with a fault that names the nearest. */
const struct reader_name *reader_find(struct reader *r, const struct tree_node *node,
                                      const char *kind, const struct reader_names *names);
