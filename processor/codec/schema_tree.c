#include "codec/schema_tree.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/check.h"

struct schema_tree {
    json_t *json; /* names and symbols are views into it */
    struct schema_node **nodes;
    size_t node_count;
    size_t node_capacity;
    char **names; /* full names that had to be put together */
    size_t name_count;
    size_t name_capacity;
    const struct schema_node *root;
};

/* Where in the text the parser stands. */
struct place {
    struct slice space; /* enclosing namespace, empty: none */
    unsigned depth;
};

#define KIND_NAME(symbol, name) name,

const char *schema_kind_name(enum schema_kind kind) {
    static const char *const names[] = {SCHEMA_KINDS(KIND_NAME)};
    CHECK(kind < SCHEMA_KIND_COUNT);
    return names[kind];
}

static const struct schema_node *parse(struct schema_tree *t, const json_t *json,
                                       struct place place, struct err *err);

static void *more_room(void *at, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return at;
    *capacity = *capacity ? *capacity * 2 : 16;
    at = realloc(at, *capacity * size);
    CHECK(at);
    return at;
}

static void *zeroed(size_t count, size_t size) {
    void *at = calloc(count ? count : 1, size);
    CHECK(at);
    return at;
}

static struct schema_node *new_node(struct schema_tree *t, enum schema_kind kind, struct err *err) {
    if (t->node_count >= SCHEMA_NODES_MAX) {
        err_set(err, "the schema has more than %d types", SCHEMA_NODES_MAX);
        return NULL;
    }
    t->nodes = more_room(t->nodes, t->node_count, &t->node_capacity, sizeof(*t->nodes));
    struct schema_node *n = zeroed(1, sizeof(*n));
    n->kind = kind;
    n->index = (uint32_t)t->node_count;
    t->nodes[t->node_count++] = n;
    return n;
}

static struct slice text_of(const json_t *json) {
    return json_is_string(json) ? (struct slice){json_string_value(json), json_string_length(json)}
                                : (struct slice){NULL, 0};
}

static struct slice space_of(struct slice full) {
    const char *dot = full.size ? memrchr(full.at, '.', full.size) : NULL;
    return (struct slice){full.at, dot ? (size_t)(dot - full.at) : 0};
}

static struct slice joined(struct schema_tree *t, struct slice space, struct slice name) {
    if (space.size == 0)
        return name;
    size_t size = space.size + 1 + name.size;
    char *at = zeroed(size + 1, 1);
    memcpy(at, space.at, space.size);
    at[space.size] = '.';
    memcpy(at + space.size + 1, name.at, name.size);
    t->names = more_room(t->names, t->name_count, &t->name_capacity, sizeof(*t->names));
    t->names[t->name_count++] = at;
    return (struct slice){at, size};
}

static const struct schema_node *find_named(const struct schema_tree *t, struct slice full) {
    for (size_t i = 0; i < t->node_count; i++) {
        if (t->nodes[i]->name.size > 0 && slice_equal(t->nodes[i]->name, full))
            return t->nodes[i];
    }
    return NULL;
}

/* A name as the specification resolves it: with dots as it is, else in the enclosing namespace. */
static const struct schema_node *resolve(struct schema_tree *t, struct slice name,
                                         struct slice space, struct err *err) {
    const struct schema_node *found = NULL;
    if (space.size > 0 && !memchr(name.at, '.', name.size)) {
        for (size_t i = 0; i < t->node_count && !found; i++) {
            struct slice full = t->nodes[i]->name;
            if (full.size == space.size + 1 + name.size && full.at[space.size] == '.' &&
                memcmp(full.at, space.at, space.size) == 0 &&
                memcmp(full.at + space.size + 1, name.at, name.size) == 0)
                found = t->nodes[i];
        }
    }
    if (!found)
        found = find_named(t, name);
    if (!found)
        err_set(err, "the schema names a type \"%.*s\" that it does not define",
                (int)(name.size < 100 ? name.size : 100), name.at);
    return found;
}

static bool primitive_kind(struct slice name, enum schema_kind *kind) {
    for (enum schema_kind k = 0; k < SCHEMA_PRIMITIVES; k++) {
        if (slice_equal(name, slice_of(schema_kind_name(k)))) {
            *kind = k;
            return true;
        }
    }
    return false;
}

static const struct schema_node *parse_name(struct schema_tree *t, struct slice name,
                                            struct place place, struct err *err) {
    enum schema_kind kind;
    if (primitive_kind(name, &kind))
        return new_node(t, kind, err);
    if (name.size == 0) {
        err_set(err, "the schema has a type with an empty name");
        return NULL;
    }
    return resolve(t, name, place.space, err);
}

static const struct schema_node *parse_union(struct schema_tree *t, const json_t *json,
                                             struct place place, struct err *err) {
    struct schema_node *n = new_node(t, SCHEMA_KIND_UNION, err);
    if (!n)
        return NULL;
    size_t count = json_array_size(json);
    n->parts = zeroed(count, sizeof(const struct schema_node *));
    for (size_t i = 0; i < count; i++) {
        const struct schema_node *part = parse(t, json_array_get(json, i), place, err);
        if (!part)
            return NULL;
        if (part->kind == SCHEMA_KIND_UNION) {
            err_set(err, "the schema has a union directly within a union");
            return NULL;
        }
        n->parts[n->part_count++] = part;
    }
    return n;
}

static const struct schema_node *parse_collection(struct schema_tree *t, const json_t *json,
                                                  enum schema_kind kind, struct place place,
                                                  struct err *err) {
    struct schema_node *n = new_node(t, kind, err);
    if (!n)
        return NULL;
    const json_t *of = json_object_get(json, kind == SCHEMA_KIND_ARRAY ? "items" : "values");
    const struct schema_node *part = of ? parse(t, of, place, err) : NULL;
    if (!of)
        err_set(err, "the schema has %s without its type", schema_kind_name(kind));
    if (!part)
        return NULL;
    n->parts = zeroed(1, sizeof(const struct schema_node *));
    n->parts[n->part_count++] = part;
    return n;
}

/* The specification wants letters, digits and _; what would break out of a JSON string is refused,
 * the rest is let through, as most writers do. */
static bool is_name(struct slice name, struct err *err) {
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == 0x7F)
            return err_set(err,
                           "the schema has a name with the byte 0x%02X; letters, digits and _ "
                           "are right",
                           c);
    }
    return true;
}

/* The name is known before what is inside is read, so that a type may contain itself. */
static struct schema_node *new_named(struct schema_tree *t, const json_t *json,
                                     enum schema_kind kind, struct place *place, struct err *err) {
    struct slice name = text_of(json_object_get(json, "name"));
    const json_t *space = json_object_get(json, "namespace");
    if (name.size == 0) {
        err_set(err, "the schema has a type %s without a name", schema_kind_name(kind));
        return NULL;
    }
    struct slice outer = json_is_string(space) ? text_of(space) : place->space;
    if (!is_name(name, err) || !is_name(outer, err))
        return NULL;
    struct slice full = name;
    if (!memchr(name.at, '.', name.size))
        full = joined(t, outer, name);
    if (find_named(t, full)) {
        err_set(err, "the schema defines \"%.*s\" twice", (int)(full.size < 100 ? full.size : 100),
                full.at);
        return NULL;
    }
    struct schema_node *n = new_node(t, kind, err);
    if (!n)
        return NULL;
    n->name = full;
    place->space = space_of(full);
    return n;
}

static bool parse_field(struct schema_tree *t, const json_t *json, struct schema_field *f,
                        struct place place, struct err *err) {
    f->name = text_of(json_object_get(json, "name"));
    const json_t *type = json_object_get(json, "type");
    if (f->name.size == 0 || !type)
        return err_set(err, "the schema has a field without a name or a type");
    if (!is_name(f->name, err))
        return false;
    f->type = parse(t, type, place, err);
    if (!f->type)
        return false;

    const json_t *aliases = json_object_get(json, "aliases");
    f->aliases = zeroed(json_array_size(aliases), sizeof(*f->aliases));
    for (size_t i = 0; i < json_array_size(aliases); i++)
        f->aliases[f->alias_count++] = text_of(json_array_get(aliases, i));
    return true;
}

static const struct schema_node *parse_record(struct schema_tree *t, const json_t *json,
                                              struct place place, struct err *err) {
    struct schema_node *n = new_named(t, json, SCHEMA_KIND_RECORD, &place, err);
    if (!n)
        return NULL;
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields)) {
        err_set(err, "the schema has a record without fields");
        return NULL;
    }
    n->fields = zeroed(json_array_size(fields), sizeof(*n->fields));
    for (size_t i = 0; i < json_array_size(fields); i++) {
        n->field_count++; /* counted first, so that it is freed if it fails */
        if (!parse_field(t, json_array_get(fields, i), &n->fields[i], place, err))
            return NULL;
    }
    return n;
}

static const struct schema_node *parse_enum(struct schema_tree *t, const json_t *json,
                                            struct place place, struct err *err) {
    struct schema_node *n = new_named(t, json, SCHEMA_KIND_ENUM, &place, err);
    if (!n)
        return NULL;
    const json_t *symbols = json_object_get(json, "symbols");
    if (!json_is_array(symbols)) {
        err_set(err, "the schema has an enum without symbols");
        return NULL;
    }
    n->symbols = zeroed(json_array_size(symbols), sizeof(*n->symbols));
    for (size_t i = 0; i < json_array_size(symbols); i++) {
        n->symbols[n->symbol_count++] = text_of(json_array_get(symbols, i));
        if (!is_name(n->symbols[i], err))
            return NULL;
    }
    return n;
}

static const struct schema_node *parse_fixed(struct schema_tree *t, const json_t *json,
                                             struct place place, struct err *err) {
    struct schema_node *n = new_named(t, json, SCHEMA_KIND_FIXED, &place, err);
    if (!n)
        return NULL;
    const json_t *size = json_object_get(json, "size");
    n->size = json_integer_value(size);
    if (!json_is_integer(size) || n->size < 0 || n->size > INT32_MAX) {
        err_set(err, "the schema has a fixed without a usable size");
        return NULL;
    }
    return n;
}

static const struct schema_node *parse_object(struct schema_tree *t, const json_t *json,
                                              struct place place, struct err *err) {
    const json_t *type = json_object_get(json, "type");
    struct slice name = text_of(type);
    if (slice_equal(name, SLICE("record")) || slice_equal(name, SLICE("error")))
        return parse_record(t, json, place, err);
    if (slice_equal(name, SLICE("enum")))
        return parse_enum(t, json, place, err);
    if (slice_equal(name, SLICE("fixed")))
        return parse_fixed(t, json, place, err);
    if (slice_equal(name, SLICE("array")))
        return parse_collection(t, json, SCHEMA_KIND_ARRAY, place, err);
    if (slice_equal(name, SLICE("map")))
        return parse_collection(t, json, SCHEMA_KIND_MAP, place, err);
    if (type)
        return parse(t, type, place, err); /* {"type": "long", "logicalType": ...} */
    err_set(err, "the schema has an object without a type");
    return NULL;
}

static const struct schema_node *parse(struct schema_tree *t, const json_t *json,
                                       struct place place, struct err *err) {
    if (++place.depth > SCHEMA_DEPTH_MAX) {
        err_set(err, "the schema is nested deeper than %d types", SCHEMA_DEPTH_MAX);
        return NULL;
    }
    if (json_is_string(json))
        return parse_name(t, text_of(json), place, err);
    if (json_is_array(json))
        return parse_union(t, json, place, err);
    if (json_is_object(json))
        return parse_object(t, json, place, err);
    err_set(err, "the schema has a number, true, false or null where a type belongs");
    return NULL;
}

struct schema_tree *schema_tree_new(struct slice json, struct err *err) {
    if (json.size > SCHEMA_TEXT_MAX) {
        err_set(err, "the schema has %zu bytes; at most %zu are read", json.size, SCHEMA_TEXT_MAX);
        return NULL;
    }
    struct schema_tree *t = zeroed(1, sizeof(*t));
    json_error_t error;
    t->json = json_loadb(json.at ? json.at : "", json.size, JSON_DECODE_ANY, &error);
    if (!t->json)
        err_set(err, "the schema is not JSON: line %d, %s", error.line, error.text);
    else
        t->root = parse(t, t->json, (struct place){0}, err);
    if (!t->root) {
        schema_tree_free(t);
        return NULL;
    }
    return t;
}

static void free_node(struct schema_node *n) {
    for (size_t i = 0; i < n->field_count; i++)
        free(n->fields[i].aliases);
    free(n->fields);
    free(n->symbols);
    free(n->parts);
    free(n);
}

void schema_tree_free(struct schema_tree *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->node_count; i++)
        free_node(t->nodes[i]);
    for (size_t i = 0; i < t->name_count; i++)
        free(t->names[i]);
    free(t->nodes);
    free(t->names);
    json_decref(t->json);
    free(t);
}

const struct schema_node *schema_tree_root(const struct schema_tree *t) {
    return t->root;
}

size_t schema_tree_size(const struct schema_tree *t) {
    return t->node_count;
}
