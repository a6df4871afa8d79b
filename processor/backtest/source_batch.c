#include "backtest/source_batch.h"

#include <stdlib.h>

#include "base/check.h"

void source_batch_init(struct source_batch *b) {
    *b = (struct source_batch){.report.instance = SLICE("backtest")};
    buf_init(&b->names);
}

void source_batch_deinit(struct source_batch *b) {
    free(b->report.leaves);
    free(b->report.rows);
    free(b->report.counts);
    free(b->report.levels);
    free(b->report.samples);
    free(b->report.feeds);
    free(b->numbers);
    free(b->ids);
    free(b->places);
    free(b->first_samples);
    free(b->clocks);
    buf_deinit(&b->names);
    *b = (struct source_batch){0};
}

void source_batch_reset(struct source_batch *b) {
    for (size_t i = 0; i < b->report.leaf_count; i++)
        b->numbers[b->ids[i]] = 0;
    b->report.leaf_count = b->report.row_count = b->report.feed_count = 0;
    b->report.count_count = b->report.level_count = b->report.sample_count = 0;
    b->clock_count = 0;
    buf_reset(&b->names);
}

static void *with_room(void *at, size_t *room, size_t count, size_t size) {
    if (count <= *room)
        return at;
    *room = count * 2;
    at = realloc(at, *room * size);
    CHECK(at);
    return at;
}

/* The array has room for `count`. */
#define ROOM(array, room, count) ((array) = with_room((array), &(room), (count), sizeof(*(array))))

static void number_room(struct source_batch *b, size_t count) {
    size_t known = b->number_room;
    ROOM(b->numbers, b->number_room, count);
    if (b->number_room > known)
        memset(b->numbers + known, 0, (b->number_room - known) * sizeof(*b->numbers));
}

static uint32_t leaf_number(struct source_batch *b, const struct leaf_dict *leaves, uint32_t id) {
    if (id < b->number_room && b->numbers[id] > 0)
        return b->numbers[id] - 1;
    number_room(b, leaf_dict_count(leaves));
    const struct leaf *l = leaf_dict_at(leaves, id);
    size_t place = b->report.leaf_count++;
    ROOM(b->report.leaves, b->leaf_room, place + 1);
    ROOM(b->ids, b->id_room, place + 1);
    b->report.leaves[place] = (struct report_leaf){.tenant = l->tenant,
                                                   .vendor = l->vendor,
                                                   .site = l->site,
                                                   .queue = l->queue,
                                                   .channel = l->channel,
                                                   .priority = l->priority,
                                                   .direction = l->direction,
                                                   .reason = l->reason};
    b->ids[place] = id;
    b->numbers[id] = (uint32_t)place + 1;
    return (uint32_t)place;
}

static bool any_level(const int64_t *levels) {
#define OR_LEVEL(symbol, ...) | levels[LEVEL_##symbol]
    return (0 LEVEL_COUNTERS(OR_LEVEL)) != 0;
#undef OR_LEVEL
}

bool source_wants(const struct delta_kept *w, const struct delta_row *row,
                  const struct leaf *leaf) {
    int64_t any = 0;
    for (uint64_t left = w->counters; left != 0; left &= left - 1)
        any |= row->counters[__builtin_ctzll(left)];
    for (int a = 0; a < ATTRIBUTION_COUNT; a++)
        for (int t = 0; w->levels[a] && t < leaf->threshold_count; t++)
            any |= any_level(row->levels[a][t]);
    return any != 0;
}

static void put_counts(struct report *r, const struct delta_kept *w, const struct delta_row *from) {
    for (uint64_t left = w->counters; left != 0; left &= left - 1) {
        int c = __builtin_ctzll(left);
        if (from->counters[c] != 0)
            r->counts[r->count_count++] = (struct report_count){(uint8_t)c, from->counters[c]};
    }
}

#define LEVELS_FLAT (ATTRIBUTION_COUNT * LEAF_THRESHOLDS_MAX * LEVEL_COUNT)

/* Those of one attribution and T. */
static void put_levels_of(struct report *r, int attribution, int64_t threshold_ms,
                          const int64_t *levels) {
    for (int l = 0; l < LEVEL_COUNT; l++)
        if (levels[l] != 0)
            r->levels[r->level_count++] = (struct report_level){(uint8_t)attribution, (uint8_t)l,
                                                                threshold_ms, levels[l]};
}

static void put_levels(struct report *r, const struct delta_kept *w, const struct delta_row *from,
                       const struct leaf *leaf) {
    for (int a = 0; a < ATTRIBUTION_COUNT; a++) {
        int count = w->levels[a] ? leaf->threshold_count : 0;
        for (int t = 0; t < count; t++)
            if (any_level(from->levels[a][t]))
                put_levels_of(r, a, leaf->thresholds_ms[t], from->levels[a][t]);
    }
}

/* Where the samples of each row begin, in the order of the rows; where there are none, of none. */
static void place_samples(struct source_batch *b, const struct delta_table *deltas) {
    size_t count, rows = delta_table_rows(deltas);
    const struct delta_sample *samples = delta_table_samples(deltas, &count);
    uint32_t first = (uint32_t)b->report.sample_count;
    b->sampled = count > 0;
    if (!b->sampled)
        return;
    ROOM(b->first_samples, b->first_room, rows + 1);
    ROOM(b->report.samples, b->sample_room, first + count);
    memset(b->first_samples, 0, (rows + 1) * sizeof(*b->first_samples));
    for (size_t i = 0; i < count; i++)
        b->first_samples[samples[i].row + 1]++;
    b->first_samples[0] = first;
    for (size_t i = 0; i < rows; i++)
        b->first_samples[i + 1] += b->first_samples[i];
    for (size_t i = 0; i < count; i++)
        b->report.samples[b->first_samples[samples[i].row]++] = (struct report_sample){
            samples[i].histogram, samples[i].bucket, samples[i].count};
    b->report.sample_count += count;
}

static bool counts_something(const struct report_row *row) {
    return (row->count_count | row->level_count | row->sample_count) != 0;
}

void source_batch_sums(struct source_batch *b, const struct delta_kept *wanted,
                       const struct delta_table *deltas, const struct leaf_dict *leaves) {
    struct report *r = &b->report;
    size_t rows = delta_table_rows(deltas);
    uint32_t first_sample = (uint32_t)r->sample_count;
    place_samples(b, deltas);
    ROOM(r->rows, b->row_room, r->row_count + rows);
    ROOM(r->counts, b->count_room, r->count_count + rows * COUNTER_SOURCE_COUNT);
    ROOM(r->levels, b->level_room, r->level_count + rows * LEVELS_FLAT);
    for (size_t i = 0; i < rows; i++) {
        const struct delta_row *from = delta_table_at(deltas, i);
        uint32_t end_sample = b->sampled ? b->first_samples[i] : first_sample;
        struct report_row row = {.pane_at = from->pane_at,
                                 .first_count = (uint32_t)r->count_count,
                                 .first_level = (uint32_t)r->level_count,
                                 .first_sample = first_sample,
                                 .sample_count = end_sample - first_sample};
        first_sample = end_sample;
        put_counts(r, wanted, from);
        put_levels(r, wanted, from, leaf_dict_at(leaves, from->leaf));
        row.count_count = (uint32_t)r->count_count - row.first_count;
        row.level_count = (uint32_t)r->level_count - row.first_level;
        if (!counts_something(&row))
            continue;
        row.leaf = leaf_number(b, leaves, from->leaf);
        r->rows[r->row_count++] = row;
    }
}

static struct slice name_at(const struct source_batch *b, size_t at, size_t size) {
    return (struct slice){b->names.at + at, size};
}

static struct slice tenant_at(const struct source_batch *b, const struct news_place *p) {
    return name_at(b, p->tenant_at, p->tenant_size);
}

static struct slice site_at(const struct source_batch *b, const struct news_place *p) {
    return name_at(b, p->site_at, p->site_size);
}

static struct news_place keep_names(struct source_batch *b, const struct report_feed *feed) {
    struct news_place p = {b->names.size, feed->tenant.size, b->names.size + feed->tenant.size,
                           feed->site.size};
    buf_put(&b->names, feed->tenant.at, feed->tenant.size);
    buf_put(&b->names, feed->site.at, feed->site.size);
    return p;
}

/* Mostly one site is heard again and again: its names are kept once. */
void source_batch_feed(struct source_batch *b, const struct report_feed *feed) {
    size_t place = b->report.feed_count++;
    ROOM(b->report.feeds, b->feed_room, place + 1);
    ROOM(b->places, b->place_room, place + 1);
    b->report.feeds[place] = *feed;
    const struct news_place *last = place > 0 ? &b->places[place - 1] : NULL;
    bool same = last && slice_equal(tenant_at(b, last), feed->tenant) &&
                slice_equal(site_at(b, last), feed->site);
    b->places[place] = same ? *last : keep_names(b, feed);
}

void source_batch_clock(struct source_batch *b, const struct report_clock *clock) {
    ROOM(b->clocks, b->clock_room, b->clock_count + 1);
    b->clocks[b->clock_count++] = *clock;
}

struct source_news source_batch_news(struct source_batch *b) {
    for (size_t i = 0; i < b->report.feed_count; i++) {
        b->report.feeds[i].tenant = tenant_at(b, &b->places[i]);
        b->report.feeds[i].site = site_at(b, &b->places[i]);
    }
    return (struct source_news){&b->report, b->clocks, b->clock_count};
}
