#include "tasks/tenant_ahead.h"

#include <stdlib.h>

#include "base/check.h"

/* A held row, unpacked. */
struct held {
    struct report_leaf leaf;
    struct report_row row;
    struct report_count *counts;
    struct report_level *levels;
    struct report_sample *samples;
    size_t count_room, level_room, sample_room;
};

static void put_leaf(struct buf *b, const struct leaf *leaf) {
    buf_put_slice(b, leaf->vendor);
    buf_put_slice(b, leaf->site);
    buf_put_slice(b, leaf->queue);
    buf_put_u8(b, leaf->channel);
    buf_put_u8(b, leaf->priority);
    buf_put_u8(b, leaf->direction);
    buf_put_slice(b, leaf->reason);
}

static void put_row(struct buf *b, const struct report *report, const struct report_row *row) {
    buf_put_zigzag(b, row->pane_at);
    buf_put_varint(b, row->count_count);
    for (uint32_t i = 0; i < row->count_count; i++) {
        const struct report_count *c = &report->counts[row->first_count + i];
        buf_put_u8(b, c->counter);
        buf_put_zigzag(b, c->value);
    }
    buf_put_varint(b, row->level_count);
    for (uint32_t i = 0; i < row->level_count; i++) {
        const struct report_level *l = &report->levels[row->first_level + i];
        buf_put_u8(b, l->attribution);
        buf_put_u8(b, l->counter);
        buf_put_zigzag(b, l->threshold_ms);
        buf_put_zigzag(b, l->value);
    }
    buf_put_varint(b, row->sample_count);
    for (uint32_t i = 0; i < row->sample_count; i++) {
        const struct report_sample *s = &report->samples[row->first_sample + i];
        buf_put_u8(b, s->histogram);
        buf_put_varint(b, s->bucket);
        buf_put_zigzag(b, s->count);
    }
}

bool tenant_ahead_hold(const struct tenant_leaf *leaf, const struct report *report,
                       const struct report_row *row) {
    struct tenant *tenant = leaf->tenant;
    if (row->pane_at < tenant->until_at)
        return false;
    put_leaf(&tenant->ahead, &leaf->leaf);
    put_row(&tenant->ahead, report, row);
    return true;
}

/* Room for what the count says: never more than the bytes that are left. */
static uint32_t get_count(struct cursor *c, void **items, size_t *room, size_t size) {
    uint64_t count = cursor_varint(c);
    if (count > cursor_left(c)) {
        cursor_fail(c);
        return 0;
    }
    if (count > *room) {
        *room = (size_t)count * 2;
        *items = realloc(*items, *room * size);
        CHECK(*items);
    }
    return (uint32_t)count;
}

static uint8_t get_code(struct cursor *c, unsigned limit) {
    uint8_t code = cursor_u8(c);
    if (code >= limit)
        cursor_fail(c);
    return code;
}

static void get_leaf(struct cursor *c, struct report_leaf *leaf) {
    leaf->vendor = cursor_slice(c);
    leaf->site = cursor_slice(c);
    leaf->queue = cursor_slice(c);
    leaf->channel = get_code(c, CHANNEL_COUNT);
    leaf->priority = get_code(c, PRIORITY_COUNT);
    leaf->direction = get_code(c, DIRECTION_COUNT);
    leaf->reason = cursor_slice(c);
}

static bool get_held(struct cursor *c, struct held *h) {
    get_leaf(c, &h->leaf);
    h->row = (struct report_row){.pane_at = cursor_zigzag(c)};
    h->row.count_count = get_count(c, (void **)&h->counts, &h->count_room, sizeof(*h->counts));
    for (uint32_t i = 0; i < h->row.count_count; i++) {
        h->counts[i].counter = get_code(c, COUNTER_COUNT);
        h->counts[i].value = cursor_zigzag(c);
    }
    h->row.level_count = get_count(c, (void **)&h->levels, &h->level_room, sizeof(*h->levels));
    for (uint32_t i = 0; i < h->row.level_count; i++) {
        h->levels[i].attribution = get_code(c, ATTRIBUTION_COUNT);
        h->levels[i].counter = get_code(c, LEVEL_COUNT);
        h->levels[i].threshold_ms = cursor_zigzag(c);
        h->levels[i].value = cursor_zigzag(c);
    }
    h->row.sample_count = get_count(c, (void **)&h->samples, &h->sample_room, sizeof(*h->samples));
    for (uint32_t i = 0; i < h->row.sample_count; i++) {
        h->samples[i].histogram = get_code(c, HISTOGRAM_COUNT);
        uint64_t bucket = cursor_varint(c);
        if (bucket >= HISTOGRAM_BUCKETS)
            cursor_fail(c);
        h->samples[i].bucket = (uint16_t)bucket;
        h->samples[i].count = cursor_zigzag(c);
    }
    return !c->failed;
}

static void held_deinit(struct held *h) {
    free(h->counts);
    free(h->levels);
    free(h->samples);
}

void tenant_ahead_release(struct tenant_task *t, struct tenant *tenant, tenant_ahead_fn *take) {
    struct held h = {0};
    struct buf bytes = tenant->ahead;
    struct cursor c = cursor_of(buf_slice(&bytes));
    buf_init(&tenant->ahead);
    while (cursor_left(&c) > 0) {
        CHECK(get_held(&c, &h));
        h.leaf.tenant = tenant->name;
        struct report report = {.leaves = &h.leaf,
                                .leaf_count = 1,
                                .rows = &h.row,
                                .row_count = 1,
                                .counts = h.counts,
                                .count_count = h.row.count_count,
                                .levels = h.levels,
                                .level_count = h.row.level_count,
                                .samples = h.samples,
                                .sample_count = h.row.sample_count};
        take(t, tenant_state_leaf(t, &h.leaf), &report, &h.row);
    }
    held_deinit(&h);
    buf_deinit(&bytes);
}

bool tenant_ahead_is_whole(struct slice bytes) {
    struct held h = {0};
    struct cursor c = cursor_of(bytes);
    bool whole = true;
    while (whole && cursor_left(&c) > 0)
        whole = get_held(&c, &h);
    held_deinit(&h);
    return whole;
}
