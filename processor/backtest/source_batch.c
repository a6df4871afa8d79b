#include "backtest/source_batch.h"

#include <stdlib.h>

#include "base/check.h"

#define FEW_SITES 16 /* beyond which one may be there twice, and none stays */

void source_batch_init(struct source_batch *b) {
    *b = (struct source_batch){.report.instance = SLICE("backtest")};
}

static void forget_sites(struct source_batch *b) {
    for (size_t i = 0; i < b->site_count; i++) {
        free((char *)(uintptr_t)b->sites[i].tenant.at);
        free((char *)(uintptr_t)b->sites[i].site.at);
    }
    b->site_count = 0;
}

void source_batch_deinit(struct source_batch *b) {
    forget_sites(b);
    free(b->sites);
    free(b->report.leaves);
    free(b->report.rows);
    free(b->report.counts);
    free(b->report.levels);
    free(b->report.samples);
    free(b->report.feeds);
    free(b->numbers);
    free(b->ids);
    free(b->first_samples);
    free(b->clocks);
    *b = (struct source_batch){0};
}

void source_batch_reset(struct source_batch *b) {
    for (size_t i = 0; i < b->report.leaf_count; i++)
        b->numbers[b->ids[i]] = 0;
    b->report.leaf_count = b->report.row_count = b->report.feed_count = 0;
    b->report.count_count = b->report.level_count = b->report.sample_count = 0;
    b->clock_count = 0;
    if (b->site_count > FEW_SITES)
        forget_sites(b);
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

static bool is_site(const struct batch_site *s, const struct report_feed *feed) {
    return slice_equal(s->site, feed->site) && slice_equal(s->tenant, feed->tenant);
}

static const struct batch_site *find_site(struct source_batch *b, const struct report_feed *feed) {
    size_t count = b->site_count, first = count > FEW_SITES ? count - FEW_SITES : 0;
    for (b->last_site = count; b->last_site-- > first;)
        if (is_site(&b->sites[b->last_site], feed))
            return &b->sites[b->last_site];
    ROOM(b->sites, b->site_room, count + 1);
    b->sites[count] = (struct batch_site){slice_copy(feed->tenant), slice_copy(feed->site)};
    b->last_site = b->site_count++;
    return &b->sites[count];
}

/* Mostly one site is heard again and again: its names are kept once. */
static const struct batch_site *site_of(struct source_batch *b, const struct report_feed *feed) {
    if (b->last_site < b->site_count && is_site(&b->sites[b->last_site], feed))
        return &b->sites[b->last_site];
    return find_site(b, feed);
}

void source_batch_feed(struct source_batch *b, const struct report_feed *feed) {
    const struct batch_site *site = site_of(b, feed);
    ROOM(b->report.feeds, b->feed_room, b->report.feed_count + 1);
    struct report_feed *kept = &b->report.feeds[b->report.feed_count++];
    *kept = *feed;
    kept->tenant = site->tenant;
    kept->site = site->site;
}

void source_batch_clock(struct source_batch *b, const struct report_clock *clock) {
    ROOM(b->clocks, b->clock_room, b->clock_count + 1);
    b->clocks[b->clock_count++] = *clock;
}

struct source_news source_batch_news(const struct source_batch *b) {
    return (struct source_news){&b->report, b->clocks, b->clock_count};
}
