#include "tasks/tenant_meet.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_state.h"

#define MET_BYTES_MAX ((size_t)4 * 1024 * 1024) /* of what one report may make wait */

/* They wait in rows that have places for what sources count: there from the first on. */
#define MET_COUNTERS ((size_t)COUNTER_COUNT - COUNTER_JOURNEYS)
_Static_assert(MET_COUNTERS <= COUNTER_SOURCE_COUNT, "a place for each");

static struct report_leaf names_of(const struct leaf *leaf) {
    return (struct report_leaf){.tenant = leaf->tenant,
                                .vendor = leaf->vendor,
                                .site = leaf->site,
                                .queue = leaf->queue,
                                .channel = leaf->channel,
                                .priority = leaf->priority,
                                .direction = leaf->direction,
                                .reason = leaf->reason};
}

static void add(struct tenant_task *t, uint32_t leaf, int64_t pane_at,
                const struct report_count *counts, size_t count) {
    struct report_count some[MET_COUNTERS];
    struct report_row row = {.pane_at = pane_at};
    for (size_t k = 0; k < count; k++)
        if (counts[k].value != 0)
            some[row.count_count++] = counts[k];
    if (row.count_count == 0)
        return;
    struct tenant_leaf *target = t->leaves.items[leaf];
    struct report_leaf names = names_of(&target->leaf);
    struct report report = {.leaves = &names,
                            .leaf_count = 1,
                            .rows = &row,
                            .row_count = 1,
                            .counts = some,
                            .count_count = row.count_count};
    tenant_rows_add(t, target, &report, &row);
    if (t->out->counted)
        t->out->counted(t->out->context, &report);
}

/* What is late is told by each row of its own. */
void tenant_meet_count(struct tenant_task *t, uint32_t leaf, int64_t at,
                       const struct report_count *counts, size_t count) {
    int64_t pane_at = instant_floor(at, DELTA_PANE_MS);
    CHECK(count <= MET_COUNTERS && leaf < t->leaves.count);
    if (t->step_at != INSTANT_NONE && pane_at < t->step_at) {
        add(t, leaf, pane_at, counts, count);
        return;
    }
    struct delta_row *row = delta_table_row(t->met, leaf, pane_at, DELTA_ANY);
    for (size_t k = 0; k < count; k++)
        row->counters[counts[k].counter - COUNTER_JOURNEYS] += counts[k].value;
    if (delta_table_size(t->met) > MET_BYTES_MAX)
        tenant_meet_settle(t);
}

void tenant_meet_settle(struct tenant_task *t) {
    if (delta_table_rows(t->met) == 0)
        return;
    for (size_t i = 0; i < delta_table_rows(t->met); i++) {
        const struct delta_row *row = delta_table_at(t->met, i);
        struct report_count counts[MET_COUNTERS];
        for (size_t c = 0; c < MET_COUNTERS; c++)
            counts[c] = (struct report_count){(uint8_t)(COUNTER_JOURNEYS + c), row->counters[c]};
        add(t, row->leaf, row->pane_at, counts, MET_COUNTERS);
    }
    delta_table_reset(t->met);
}

/* A list that is over. */
struct past {
    int64_t ended_at;
    uint64_t key;
};

static int by_end(const void *a, const void *b) {
    const struct past *x = a, *y = b;
    if (x->ended_at != y->ended_at)
        return x->ended_at < y->ended_at ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

void tenant_meet_written(struct tenant_over *o, const struct bands *b, uint64_t key,
                         tenant_over_fn *over) {
    if (!o->known || over(b, key) == INSTANT_MAX)
        return;
    if (o->count < TENANT_OVER_MAX)
        o->keys[o->count++] = key;
    else
        o->known = false;
}

/* Keys of all lists that may be over; the caller frees them. */
static uint64_t *may_be_over(const struct tenant_over *o, const struct bands *b, size_t *count) {
    *count = o->count;
    uint32_t *order = o->known ? NULL : bands_order(b, count);
    uint64_t *keys = malloc((*count + 1) * sizeof(*keys));
    CHECK(keys);
    for (size_t k = 0; k < *count; k++)
        keys[k] = order ? bands_key_at(b, order[k]) : o->keys[k];
    free(order);
    return keys;
}

/* In the order in which they go, each once; the caller frees them. */
static struct past *find_over(const struct tenant_over *o, const struct bands *b,
                              tenant_over_fn *over, size_t *past_count) {
    size_t count, kept = 0;
    uint64_t *keys = may_be_over(o, b, &count);
    struct past *past = malloc((count + 1) * sizeof(*past));
    CHECK(past);
    *past_count = 0;
    for (size_t k = 0; k < count; k++) {
        past[*past_count] = (struct past){over(b, keys[k]), keys[k]};
        *past_count += past[*past_count].ended_at != INSTANT_MAX;
    }
    free(keys);
    qsort(past, *past_count, sizeof(*past), by_end);
    for (size_t k = 0; k < *past_count; k++)
        if (kept == 0 || past[kept - 1].key != past[k].key)
            past[kept++] = past[k];
    *past_count = kept;
    return past;
}

size_t tenant_meet_make_room(struct tenant_over *o, struct bands *b, uint32_t limit,
                             tenant_over_fn *over) {
    size_t past_count, dropped = 0, goal = limit - (limit + 7) / 8;
    struct past *past = find_over(o, b, over, &past_count);
    while (dropped < past_count && bands_items(b) > goal)
        bands_write(b, past[dropped++].key, NULL, 0);
    o->known = past_count - dropped <= TENANT_OVER_MAX;
    o->count = 0;
    for (size_t k = dropped; o->known && k < past_count; k++)
        o->keys[o->count++] = past[k].key;
    free(past);
    return dropped;
}

uint64_t tenant_meet_expect(struct bands *b, struct cursor *c) {
    uint64_t lists = cursor_varint(c), items = cursor_varint(c);
    if (items > cursor_left(c) || lists > items)
        cursor_fail(c);
    if (c->failed || items == 0)
        return 0;
    bands_expect(b, (size_t)lists);
    return items;
}

uint32_t tenant_meet_leaf(struct tenant_leaf *const *leaves, size_t leaf_count, struct cursor *c) {
    uint64_t rank = cursor_varint(c);
    if (rank < leaf_count)
        return leaves[rank]->number;
    cursor_fail(c);
    return 0;
}
