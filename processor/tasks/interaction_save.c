/* Saving copies: what lies in memory is packed already, but where there is little of it. All that
 * is done at the cut of an epoch is to walk the records in an order that depends on their names
 * alone. */
#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_parts.h"

#define AHEAD 8u /* records whose memory is on its way while others are copied */

static void put_leaf(struct buf *b, const struct leaf *leaf) {
    buf_put_slice(b, leaf->tenant);
    buf_put_slice(b, leaf->vendor);
    buf_put_slice(b, leaf->site);
    buf_put_slice(b, leaf->queue);
    buf_put_u8(b, leaf->channel);
    buf_put_u8(b, leaf->priority);
    buf_put_u8(b, leaf->direction);
    buf_put_slice(b, leaf->reason);
}

/* In the order of their places. */
static void put_leaves(const struct record_store *s, struct buf *b) {
    buf_put_varint(b, s->names.count);
    for (uint32_t place = 0; place < s->names.count; place++)
        put_leaf(b, leaf_dict_at(s->leaves, names_leaf(&s->names, place)));
}

/* The rules by which clocks run: packed bytes hold their places in the contract, which may be other
 * ones when they are read. */
static void put_rules(const struct record_store *s, struct buf *b) {
    for (uint32_t place = 0; place < s->names.count; place++) {
        bool first = names_is_first(&s->names, place);
        buf_put_u8(b, first);
        if (!first)
            continue;
        const struct contract *c = leaf_dict_at(s->leaves, names_leaf(&s->names, place))->contract;
        buf_put_varint(b, c->clock_count);
        for (size_t k = 0; k < c->clock_count; k++) {
            buf_put_u8(b, (uint8_t)c->clocks[k].kind);
            buf_put_slice(b, c->clocks[k].name);
        }
    }
}

static void put_place(struct buf *b, const struct record_place *place) {
    buf_put_slice(b, place->topic);
    buf_put_zigzag(b, place->partition);
    buf_put_zigzag(b, place->offset);
    buf_put_zigzag(b, place->log_at);
    buf_put_slice(b, place->key);
    buf_put_slice(b, place->value);
    buf_put_zigzag(b, place->schema_id);
}

static void put_recent(const struct record_store *s, const struct recent *n, struct buf *b) {
    buf_put_u32(b, n->words);
    if (n->words > 0)
        buf_put(b, slab_at(&s->bytes, n->tail), n->words * sizeof(uint64_t));
    uint64_t kept_count = 0;
    for (const struct kept *kept = n->kept; kept; kept = kept->next)
        kept_count++;
    buf_put_varint(b, kept_count);
    for (const struct kept *kept = n->kept; kept; kept = kept->next) {
        buf_put_u64(b, kept->identity);
        buf_put_varint(b, (uint32_t)kept->revision);
        put_place(b, &kept->place);
    }
}

static void put_record(const struct record_store *s, const struct record *r, struct buf *b) {
    bool warm = record_is_warm(r);
    char scratch[RECORD_PACKED_MAX];
    struct slice body = record_packed(s, r, scratch);
    buf_put_u32(b, (uint32_t)body.size << 1 | warm);
    buf_put(b, body.at, body.size);
    if (warm)
        put_recent(s, record_recent(s, r), b);
}

/* By tag; the few of one tag by name. */
struct table_slot *record_order(const struct record_store *s) {
    struct table_slot *sorted = table_sorted(&s->index);
    for (size_t k = 1; k < s->index.used; k++) {
        struct table_slot slot = sorted[k];
        size_t at = k;
        for (;
             at > 0 && sorted[at - 1].tag == slot.tag &&
             record_compare(s, record_at(s, sorted[at - 1].handle), record_at(s, slot.handle)) > 0;
             at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = slot;
    }
    return sorted;
}

/* In three steps, because each piece says where the next one lies. */
static void prefetch(const struct record_store *s, const struct table_slot *sorted, size_t count,
                     size_t k) {
    if (k + 3 * AHEAD < count)
        __builtin_prefetch(record_at(s, sorted[k + (size_t)3 * AHEAD].handle));
    if (k + 2 * AHEAD < count) {
        const struct record *r = record_at(s, sorted[k + (size_t)2 * AHEAD].handle);
        __builtin_prefetch(slab_at(&s->bytes, r->body));
        if (record_is_warm(r))
            __builtin_prefetch(&record_recent(s, r)->kept);
    }
    if (k + AHEAD < count) {
        const struct record *r = record_at(s, sorted[k + (size_t)AHEAD].handle);
        if (record_is_warm(r) && record_recent(s, r)->tail != SLAB_NONE)
            __builtin_prefetch(slab_at(&s->bytes, record_recent(s, r)->tail));
    }
}

static void put_records(const struct record_store *s, struct buf *b) {
    struct table_slot *sorted = record_order(s);
    size_t count = s->index.used;
    buf_put_varint(b, count);
    for (size_t k = 0; k < count; k++) {
        prefetch(s, sorted, count, k);
        put_record(s, record_at(s, sorted[k].handle), b);
    }
    free(sorted);
}

void interaction_task_save(const struct interaction_task *t, struct buf *b) {
    buf_put_u8(b, SAVED_VERSION);
    buf_put_zigzag(b, t->clock);
    buf_put_zigzag(b, t->newest_log_at);
    buf_put_u8(b, t->ended);
    buf_put_slice(b, slice_of(t->topic));
    put_leaves(&t->store, b);
    put_rules(&t->store, b);
    put_records(&t->store, b);
    graves_save(&t->graves, b);
}
