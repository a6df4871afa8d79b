/* An Avro schema as a graph of nodes: what the decode plan and the canonical form are made from. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

#define SCHEMA_TEXT_MAX ((size_t)256 * 1024) /* bytes of JSON */
#define SCHEMA_DEPTH_MAX 64                  /* types within types, in the text */
#define SCHEMA_NODES_MAX 16384

/* X(symbol, name in JSON): the primitive types first. */
#define SCHEMA_KINDS(X)                                                                            \
    X(NULL, "null")                                                                                \
    X(BOOLEAN, "boolean")                                                                          \
    X(INT, "int")                                                                                  \
    X(LONG, "long")                                                                                \
    X(FLOAT, "float")                                                                              \
    X(DOUBLE, "double") X(BYTES, "bytes") X(STRING, "string") X(RECORD, "record") X(ENUM, "enum")  \
        X(FIXED, "fixed") X(ARRAY, "array") X(MAP, "map") X(UNION, "union")

#define SCHEMA_KIND_ENUM(symbol, name) SCHEMA_KIND_##symbol,
enum schema_kind { SCHEMA_KINDS(SCHEMA_KIND_ENUM) SCHEMA_KIND_COUNT };
#define SCHEMA_PRIMITIVES SCHEMA_KIND_RECORD /* kinds below this are primitive */

struct schema_node;

struct schema_field {
    struct slice name;
    struct slice *aliases;
    size_t alias_count;
    const struct schema_node *type;
};

struct schema_node {
    enum schema_kind kind;
    uint32_t index;              /* place in the tree: for marks beside it */
    struct slice name;           /* record, enum, fixed: the full name */
    struct schema_field *fields; /* record */
    size_t field_count;
    struct slice *symbols; /* enum */
    size_t symbol_count;
    const struct schema_node **parts; /* union: branches; array, map: one */
    size_t part_count;
    int64_t size; /* fixed */
};

struct schema_tree; /* opaque; owns all nodes and texts */

/* NULL with a reason when the text is not a schema. Unknown attributes are passed over. */
struct schema_tree *schema_tree_new(struct slice json, struct err *err);
void schema_tree_free(struct schema_tree *t);

const struct schema_node *schema_tree_root(const struct schema_tree *t);
size_t schema_tree_size(const struct schema_tree *t); /* nodes: index is below this */

const char *schema_kind_name(enum schema_kind kind);
