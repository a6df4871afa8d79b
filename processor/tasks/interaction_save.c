#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_pack.h"
#include "tasks/interaction_parts.h"

struct sorted {
    uint32_t *at;
    size_t count;
};

static int compare_names(const void *left, const void *right, void *context) {
    const struct record_store *s = context;
    return record_compare(s, record_at(s, *(const uint32_t *)left),
                          record_at(s, *(const uint32_t *)right));
}

static struct sorted records_by_name(const struct interaction_task *t) {
    struct sorted sorted = {calloc((size_t)t->store.records.used + 1, sizeof(uint32_t)), 0};
    CHECK(sorted.at);
    size_t place = 0;
    for (uint32_t h; (h = table_next(&t->store.index, &place)) != TABLE_NONE;)
        sorted.at[sorted.count++] = h;
    qsort_r(sorted.at, sorted.count, sizeof(*sorted.at), compare_names,
            (void *)(uintptr_t)&t->store);
    return sorted;
}

static void mark_leaf(uint32_t *places, uint32_t leaf) {
    if (leaf != LEAF_NONE)
        places[leaf] = 1;
}

static void mark_leaves(const struct interaction_task *t, const struct record *r,
                        uint32_t *places) {
    mark_leaf(places, r->tenant_leaf);
    mark_leaf(places, r->base.leaf);
    if (r->base.visit.number > 0)
        mark_leaf(places, r->base.visit.leaf);
    const struct recent *n = record_recent(&t->store, r);
    for (uint32_t k = 0; n && k < n->count; k++)
        mark_leaf(places, n->tail[k].leaf);
}

static int compare_leaves(const void *left, const void *right, void *context) {
    return leaf_compare(leaf_dict_at(context, *(const uint32_t *)left),
                        leaf_dict_at(context, *(const uint32_t *)right));
}

static void put_leaf(struct buf *b, const struct leaf *leaf) {
    buf_put_slice(b, leaf->tenant);
    buf_put_slice(b, leaf->vendor);
    buf_put_slice(b, leaf->site);
    buf_put_slice(b, leaf->queue);
    buf_put_u8(b, leaf->channel);
    buf_put_u8(b, leaf->priority);
    buf_put_u8(b, leaf->direction);
}

/* The table of the names that the records use, and each one's place in it. */
static void put_leaves(struct pack *p, const struct interaction_task *t,
                       const struct sorted *records) {
    uint32_t count = leaf_dict_count(p->leaves);
    p->places = calloc((size_t)count + 1, sizeof(*p->places));
    uint32_t *used = calloc((size_t)count + 1, sizeof(*used));
    CHECK(p->places && used);
    for (size_t k = 0; k < records->count; k++)
        mark_leaves(t, record_at(&t->store, records->at[k]), p->places);
    for (uint32_t leaf = 0; leaf < count; leaf++) {
        if (p->places[leaf] != 0)
            used[p->leaf_count++] = leaf;
    }
    qsort_r(used, p->leaf_count, sizeof(*used), compare_leaves, p->leaves);
    buf_put_varint(p->out, p->leaf_count);
    for (size_t k = 0; k < p->leaf_count; k++) {
        p->places[used[k]] = (uint32_t)k + 1;
        put_leaf(p->out, leaf_dict_at(p->leaves, used[k]));
    }
    free(used);
}

static void put_recent(struct pack *p, const struct recent *n) {
    buf_put_varint(p->out, n->count);
    for (uint32_t k = 0; k < n->count; k++) {
        struct moment m = n->tail[k];
        pack_moment(p, &m);
    }
    uint64_t kept_count = 0;
    for (const struct kept *kept = n->kept; kept; kept = kept->next)
        kept_count++;
    buf_put_varint(p->out, kept_count);
    for (const struct kept *kept = n->kept; kept; kept = kept->next) {
        struct record_place place = kept->place;
        buf_put_u64(p->out, kept->identity);
        buf_put_varint(p->out, (uint32_t)kept->revision);
        pack_place(p, &place);
    }
}

static void put_record(struct pack *p, const struct interaction_task *t, const struct record *r) {
    uint32_t tenant_leaf = r->tenant_leaf;
    struct interaction base = r->base;
    pack_leaf(p, &tenant_leaf);
    buf_put_slice(p->out, record_id(r));
    pack_interaction(p, &base);
    const struct recent *n = record_recent(&t->store, r);
    buf_put_u8(p->out, n != NULL);
    if (n)
        put_recent(p, n);
}

void interaction_task_save(const struct interaction_task *t, struct buf *b) {
    struct pack p = {.out = b, .leaves = t->store.leaves};
    int64_t clock = t->clock, newest_log_at = t->newest_log_at;
    buf_put_u8(b, SAVED_VERSION);
    pack_instant(&p, &clock);
    pack_instant(&p, &newest_log_at);
    buf_put_u8(b, t->ended);
    buf_put_slice(b, slice_of(t->topic));
    struct sorted records = records_by_name(t);
    put_leaves(&p, t, &records);
    buf_put_varint(b, records.count);
    for (size_t k = 0; k < records.count; k++)
        put_record(&p, t, record_at(&t->store, records.at[k]));
    graves_save(&t->graves, b);
    free(p.places);
    free(records.at);
}
