#include "codec/canonical.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/crc64.h"

struct writer {
    struct buf *out;
    bool *seen; /* per node: a named type is written out once */
};

static void put_text(struct buf *out, const char *text) {
    buf_put(out, text, strlen(text));
}

/* Names and symbols are letters, digits and _ by the specification; others stand as they are. */
static void put_quoted(struct buf *out, struct slice text) {
    buf_put_u8(out, '"');
    buf_put(out, text.at, text.size);
    buf_put_u8(out, '"');
}

static void put_node(struct writer *w, const struct schema_node *n);

static void put_record(struct writer *w, const struct schema_node *n) {
    put_text(w->out, ",\"type\":\"record\",\"fields\":[");
    for (size_t i = 0; i < n->field_count; i++) {
        put_text(w->out, i ? ",{\"name\":" : "{\"name\":");
        put_quoted(w->out, n->fields[i].name);
        put_text(w->out, ",\"type\":");
        put_node(w, n->fields[i].type);
        put_text(w->out, "}");
    }
    put_text(w->out, "]}");
}

static void put_enum(struct writer *w, const struct schema_node *n) {
    put_text(w->out, ",\"type\":\"enum\",\"symbols\":[");
    for (size_t i = 0; i < n->symbol_count; i++) {
        if (i)
            put_text(w->out, ",");
        put_quoted(w->out, n->symbols[i]);
    }
    put_text(w->out, "]}");
}

static void put_named(struct writer *w, const struct schema_node *n) {
    if (w->seen[n->index]) {
        put_quoted(w->out, n->name);
        return;
    }
    w->seen[n->index] = true;
    put_text(w->out, "{\"name\":");
    put_quoted(w->out, n->name);
    if (n->kind == SCHEMA_KIND_RECORD)
        put_record(w, n);
    else if (n->kind == SCHEMA_KIND_ENUM)
        put_enum(w, n);
    else
        buf_put_format(w->out, ",\"type\":\"fixed\",\"size\":%lld}", (long long)n->size);
}

static void put_union(struct writer *w, const struct schema_node *n) {
    for (size_t i = 0; i < n->part_count; i++) {
        put_text(w->out, i ? "," : "[");
        put_node(w, n->parts[i]);
    }
    put_text(w->out, n->part_count ? "]" : "[]");
}

static void put_node(struct writer *w, const struct schema_node *n) {
    switch (n->kind) {
    case SCHEMA_KIND_RECORD:
    case SCHEMA_KIND_ENUM:
    case SCHEMA_KIND_FIXED: put_named(w, n); break;
    case SCHEMA_KIND_UNION: put_union(w, n); break;
    case SCHEMA_KIND_ARRAY:
    case SCHEMA_KIND_MAP:
        put_text(w->out, n->kind == SCHEMA_KIND_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                      : "{\"type\":\"map\",\"values\":");
        put_node(w, n->parts[0]);
        put_text(w->out, "}");
        break;
    default: put_quoted(w->out, slice_of(schema_kind_name(n->kind))); break;
    }
}

void canonical_put(const struct schema_tree *tree, struct buf *out) {
    struct writer w = {out, calloc(schema_tree_size(tree), sizeof(bool))};
    CHECK(w.seen);
    put_node(&w, schema_tree_root(tree));
    free(w.seen);
}

bool canonical_fingerprint(struct slice json, uint64_t *fingerprint, struct err *err) {
    struct schema_tree *tree = schema_tree_new(json, err);
    if (!tree)
        return false;
    struct buf form;
    buf_init(&form);
    canonical_put(tree, &form);
    *fingerprint = crc64_avro(buf_slice(&form));
    buf_deinit(&form);
    schema_tree_free(tree);
    return true;
}
