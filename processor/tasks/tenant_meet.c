#include "tasks/tenant_meet.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_state.h"

#define COUNTS_MAX 16

static struct report_leaf names_of(const struct leaf *leaf) {
    return (struct report_leaf){.tenant = leaf->tenant,
                                .vendor = leaf->vendor,
                                .site = leaf->site,
                                .queue = leaf->queue,
                                .channel = leaf->channel,
                                .priority = leaf->priority,
                                .direction = leaf->direction};
}

void tenant_meet_count(struct tenant_task *t, uint32_t leaf, int64_t at,
                       const struct report_count *counts, size_t count) {
    struct report_count some[COUNTS_MAX];
    struct report_row row = {.pane_at = instant_floor(at, DELTA_PANE_MS)};
    CHECK(count <= COUNTS_MAX && leaf < t->leaves.count);
    for (size_t k = 0; k < count; k++)
        if (counts[k].value != 0)
            some[row.count_count++] = counts[k];
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

static int by_end(const void *a, const void *b) {
    const struct tenant_past *x = a, *y = b;
    if (x->ended_at != y->ended_at)
        return x->ended_at < y->ended_at ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

void tenant_meet_sort(struct tenant_past *past, size_t count) {
    qsort(past, count, sizeof(*past), by_end);
}

uint32_t tenant_meet_goal(uint32_t limit) {
    return limit - (limit + 7) / 8;
}

bool tenant_meet_expect(struct bands *b, struct cursor *c, struct tenant_saved *saved) {
    saved->lists = cursor_varint(c);
    saved->items = cursor_varint(c);
    if (saved->items > cursor_left(c) || saved->lists > saved->items)
        cursor_fail(c);
    if (c->failed || saved->items == 0)
        return false;
    bands_expect(b, (size_t)saved->lists);
    return true;
}

uint32_t tenant_meet_leaf(struct tenant_leaf *const *leaves, size_t leaf_count, struct cursor *c) {
    uint64_t rank = cursor_varint(c);
    if (rank < leaf_count)
        return leaves[rank]->number;
    cursor_fail(c);
    return 0;
}
