/* The writing half of report_codec.h. */
#include <stdlib.h>

#include "base/check.h"
#include "base/murmur2.h"
#include "codec/report_codec.h"
#include "codec/report_shares.h"

/* No row, age, fact, feed or journey is larger than this, with the names of its leaf. */
#define ITEM_BYTES_MAX ((size_t)160 * 1024)

/* The parts of a record, in their order. */
enum section {
    SECTION_CLOCKS,
    SECTION_LEAVES,
    SECTION_ROWS,
    SECTION_GAUGES,
    SECTION_FACTS,
    SECTION_FEEDS,
    SECTION_JOURNEYS,
    SECTION_EFFORTS,
    SECTION_MISSES,
    SECTION_COMMANDS,
    SECTION_FORECASTS,
    SECTION_COUNT
};

/* What was collected: bytes without the leaf's number, which is known when the record is made. */
struct item {
    uint32_t leaf; /* LEAF_NONE: it has none */
    enum section section;
    size_t at, size; /* in payload */
};

/* A sample of a row. */
struct row_sample {
    uint32_t place; /* histogram, then 16 bits of bucket: their order */
    int32_t count;
};

struct part {
    struct buf bytes;
    uint64_t count;
};

/* How many of one measure and minute were told in this epoch. Two that meet in one place forget
 * each other: then more are told. */
#define MISS_PLACES 256
struct miss_place {
    uint64_t key;
    uint32_t count;
};

struct report_writer {
    struct slice instance; /* owned */
    int32_t partitions;
    struct leaf_dict *leaves;
    struct item *items;
    int32_t *item_partitions;
    size_t item_count, item_capacity;
    struct buf payload;
    struct part clocks;
    struct miss_place miss_places[MISS_PLACES];
    uint64_t epoch;

    /* of the record that is being made */
    struct part parts[SECTION_COUNT];
    struct buf record;
    uint32_t *numbers; /* by leaf: its number in the record, if the stamp is the record's */
    uint64_t *stamps;
    size_t stamp_capacity;
    uint64_t stamp;
    struct report_shares row_shares, item_shares;

    /* of the deltas, in canonical order */
    uint32_t *order;
    int32_t *row_partitions;
    uint32_t *first_sample; /* by rank, one more than rows */
    uint32_t *last_sample;  /* by rank: one after those that came to something */
    uint32_t *ranks;        /* by row */
    size_t row_capacity;
    struct row_sample *samples; /* by rank; each row's by histogram and bucket */
    size_t sample_capacity;
};

static void *resized(void *at, size_t count, size_t size) {
    at = realloc(at, (count ? count : 1) * size);
    CHECK(at);
    return at;
}

struct report_writer *report_writer_new(const char *instance, int32_t partitions,
                                        struct leaf_dict *leaves) {
    CHECK(partitions > 0);
    struct report_writer *w = calloc(1, sizeof(*w));
    CHECK(w);
    w->instance = slice_copy(slice_of(instance));
    w->partitions = partitions;
    w->leaves = leaves;
    report_shares_init(&w->row_shares, partitions);
    report_shares_init(&w->item_shares, partitions);
    return w;
}

void report_writer_free(struct report_writer *w) {
    if (!w)
        return;
    for (int i = 0; i < SECTION_COUNT; i++)
        buf_deinit(&w->parts[i].bytes);
    buf_deinit(&w->payload);
    buf_deinit(&w->clocks.bytes);
    buf_deinit(&w->record);
    free((char *)(uintptr_t)w->instance.at);
    report_shares_deinit(&w->row_shares);
    report_shares_deinit(&w->item_shares);
    free(w->items);
    free(w->item_partitions);
    free(w->numbers);
    free(w->stamps);
    free(w->order);
    free(w->row_partitions);
    free(w->first_sample);
    free(w->last_sample);
    free(w->ranks);
    free(w->samples);
    free(w);
}

size_t report_writer_size(const struct report_writer *w) {
    size_t item = sizeof(*w->items) + sizeof(*w->item_partitions) + sizeof(*w->item_shares.numbers);
    return w->payload.size + w->clocks.bytes.size + w->item_count * item;
}

void report_writer_reset(struct report_writer *w) {
    w->item_count = 0;
    w->epoch++;
    w->clocks.count = 0;
    buf_reset(&w->payload);
    buf_reset(&w->clocks.bytes);
}

/* INSTANT_NONE, the least number there is, becomes 0: one byte. */
static void put_instant(struct buf *b, int64_t at) {
    uint64_t bits = (uint64_t)at << 1 ^ (at < 0 ? UINT64_MAX : 0);
    buf_put_varint(b, bits + 1);
}

static void begin_item(struct report_writer *w, enum section section, uint32_t leaf,
                       struct slice tenant) {
    if (w->item_count == w->item_capacity) {
        w->item_capacity = w->item_capacity ? w->item_capacity * 2 : 64;
        w->items = resized(w->items, w->item_capacity, sizeof(*w->items));
        w->item_partitions = resized(w->item_partitions, w->item_capacity,
                                     sizeof(*w->item_partitions));
    }
    w->item_partitions[w->item_count] = murmur2_partition(tenant, w->partitions);
    w->items[w->item_count++] = (struct item){
        .leaf = leaf, .section = section, .at = w->payload.size};
}

static void end_item(struct report_writer *w) {
    struct item *item = &w->items[w->item_count - 1];
    item->size = w->payload.size - item->at;
}

void report_writer_fact(struct report_writer *w, const struct fact *fact) {
    struct buf *b = &w->payload;
    begin_item(w, SECTION_FACTS, fact->leaf, leaf_dict_at(w->leaves, fact->leaf)->tenant);
    buf_put_slice(b, fact->interaction_id);
    buf_put_slice(b, fact->rule);
    buf_put_slice(b, fact->contract);
    buf_put_zigzag(b, fact->contract_version);
    buf_put_u8(b, (uint8_t)fact->clock);
    buf_put_varint(b, fact->instance);
    buf_put_u8(b, (uint8_t)fact->kind);
    buf_put_u8(b, (uint8_t)fact->voided_kind);
    put_instant(b, fact->at);
    put_instant(b, fact->opened_at);
    put_instant(b, fact->deadline_at);
    buf_put_zigzag(b, fact->target_ms);
    buf_put_zigzag(b, fact->elapsed_ms);
    end_item(w);
}

void report_writer_gauge(struct report_writer *w, int32_t source, const struct gauge *gauge) {
    struct buf *b = &w->payload;
    begin_item(w, SECTION_GAUGES, gauge->leaf, leaf_dict_at(w->leaves, gauge->leaf)->tenant);
    buf_put_zigzag(b, source);
    put_instant(b, gauge->oldest_waiting_at);
    put_instant(b, gauge->oldest_open_at);
    end_item(w);
}

static void put_refused(struct buf *b, const int64_t *refused) {
    uint8_t reasons = 0;
    for (int i = 0; i < DEAD_REASON_COUNT; i++)
        reasons = (uint8_t)(reasons + (refused[i] > 0));
    buf_put_u8(b, reasons);
    for (int i = 0; i < DEAD_REASON_COUNT; i++) {
        if (refused[i] == 0)
            continue;
        buf_put_u8(b, (uint8_t)i);
        buf_put_varint(b, (uint64_t)refused[i]);
    }
}

void report_writer_feed(struct report_writer *w, const struct report_feed *feed) {
    struct buf *b = &w->payload;
    begin_item(w, SECTION_FEEDS, LEAF_NONE, feed->tenant);
    buf_put_slice(b, feed->tenant);
    buf_put_slice(b, feed->site);
    put_instant(b, feed->heard_at);
    buf_put_zigzag(b, feed->lead_ms);
    buf_put_varint(b, (uint64_t)feed->records << 1 | feed->mute);
    put_refused(b, feed->refused);
    end_item(w);
}

bool report_writer_journey(struct report_writer *w, const struct journey_row *row) {
    const struct journey_member *m = &row->member;
    const struct journey_part *p = &m->part;
    struct buf *b = &w->payload;
    if (journey_fault(m))
        return false;
    begin_item(w, SECTION_JOURNEYS, row->leaf, leaf_dict_at(w->leaves, row->leaf)->tenant);
    buf_put_u64(b, p->journey);
    buf_put_u64(b, m->interaction);
    buf_put_u8(b, row->gone);
    put_instant(b, p->began_at);
    put_instant(b, p->ended_at);
    put_instant(b, m->resolved_at);
    buf_put_varint(b, (uint64_t)p->wait_ms);
    buf_put_varint(b, (uint64_t)p->handle_ms);
    buf_put_varint(b, p->visits);
    buf_put_varint(b, p->legs);
    buf_put_varint(b, p->transfers);
    end_item(w);
    return true;
}

bool report_writer_effort(struct report_writer *w, const struct effort_row *row) {
    struct buf *b = &w->payload;
    if (effort_fault(&row->leg))
        return false;
    begin_item(w, SECTION_EFFORTS, row->leaf, leaf_dict_at(w->leaves, row->leaf)->tenant);
    buf_put_u64(b, row->leg.agent);
    buf_put_u64(b, row->leg.interaction);
    buf_put_u8(b, row->gone);
    put_instant(b, row->leg.started_at);
    put_instant(b, row->leg.ended_at);
    end_item(w);
    return true;
}

static bool are_enough(struct report_writer *w, const struct miss *m) {
    const int64_t measure[] = {m->leaf, m->kind, m->kind == MISS_LATE ? m->wait_ms : 0,
                               instant_floor(m->at, MINUTE_MS)};
    uint64_t key = slice_hash((struct slice){(const char *)measure, sizeof(measure)}, w->epoch);
    struct miss_place *p = &w->miss_places[key % MISS_PLACES];
    if (p->key != key)
        *p = (struct miss_place){.key = key};
    return p->count++ >= REPORT_MISSES_MAX;
}

void report_writer_miss(struct report_writer *w, const struct miss *m) {
    struct buf *b = &w->payload;
    if (!m->gone && are_enough(w, m))
        return;
    begin_item(w, SECTION_MISSES, m->leaf, leaf_dict_at(w->leaves, m->leaf)->tenant);
    buf_put_slice(b, m->interaction_id);
    buf_put_u8(b, (uint8_t)m->kind);
    buf_put_u8(b, m->gone);
    put_instant(b, m->at);
    put_instant(b, m->queued_at);
    buf_put_zigzag(b, m->wait_ms);
    end_item(w);
}

void report_writer_command(struct report_writer *w, const struct command *command) {
    struct buf *b = &w->payload;
    begin_item(w, SECTION_COMMANDS, LEAF_NONE, command->tenant);
    buf_put_u8(b, command->op);
    buf_put_slice(b, command->tenant);
    buf_put_slice(b, command->command_id);
    buf_put_slice(b, command->alert_id);
    buf_put_slice(b, command->alert_key);
    buf_put_slice(b, command->actor_role);
    buf_put_slice(b, command->actor_key);
    buf_put_slice(b, command->assignee);
    buf_put_slice(b, command->note_code);
    put_instant(b, command->until_at);
    put_instant(b, command->issued_at);
    put_instant(b, command->log_at);
    buf_put_zigzag(b, command->seq);
    end_item(w);
}

void report_writer_forecast(struct report_writer *w, const struct forecast *f) {
    struct buf *b = &w->payload;
    begin_item(w, SECTION_FORECASTS, LEAF_NONE, f->tenant);
    buf_put_slice(b, f->tenant);
    buf_put_slice(b, f->vendor);
    buf_put_slice(b, f->site);
    buf_put_slice(b, f->queue);
    buf_put_slice(b, f->forecast_id);
    buf_put_u8(b, f->channel);
    buf_put_u8(b, f->superseded);
    buf_put_zigzag(b, f->version);
    put_instant(b, f->published_at);
    put_instant(b, f->start_at);
    buf_put_zigzag(b, f->interval_ms);
    buf_put_double(b, f->volume);
    buf_put_zigzag(b, f->aht_ms);
    buf_put_double(b, f->required_fte);
    buf_put_double(b, f->shrinkage);
    buf_put_double(b, f->p10);
    buf_put_double(b, f->p90);
    put_instant(b, f->log_at);
    end_item(w);
}

void report_writer_clock(struct report_writer *w, const struct report_clock *clock) {
    struct buf *b = &w->clocks.bytes;
    w->clocks.count++;
    buf_put_slice(b, clock->topic);
    buf_put_zigzag(b, clock->partition);
    buf_put_zigzag(b, clock->partitions);
    put_instant(b, clock->clock);
    buf_put_u8(b, (uint8_t)(clock->ended | clock->lost << 1));
}

static void begin_record(struct report_writer *w) {
    w->stamp++;
    for (int i = 0; i < SECTION_COUNT; i++) {
        w->parts[i].count = 0;
        buf_reset(&w->parts[i].bytes);
    }
}

static size_t record_size(const struct report_writer *w) {
    size_t size = w->clocks.bytes.size + w->instance.size;
    for (int i = 0; i < SECTION_COUNT; i++)
        size += w->parts[i].bytes.size;
    return size;
}

/* Puts the parts together and begins the next record. */
static void emit_record(struct report_writer *w, int32_t partition, report_emit_fn *emit,
                        void *context) {
    struct buf *b = &w->record;
    buf_reset(b);
    buf_put_u8(b, REPORT_VERSION);
    buf_put_slice(b, w->instance);
    for (int i = 0; i < SECTION_COUNT; i++) {
        buf_put_varint(b, w->parts[i].count);
        buf_put(b, w->parts[i].bytes.at, w->parts[i].bytes.size);
    }
    buf_put_u64(b, slice_hash(buf_slice(b), REPORT_VERSION));
    emit(context, partition, buf_slice(b));
    begin_record(w);
}

static void need_stamps(struct report_writer *w) {
    size_t count = leaf_dict_count(w->leaves);
    if (count <= w->stamp_capacity)
        return;
    size_t capacity = count * 2;
    w->numbers = resized(w->numbers, capacity, sizeof(*w->numbers));
    w->stamps = resized(w->stamps, capacity, sizeof(*w->stamps));
    memset(w->stamps + w->stamp_capacity, 0, (capacity - w->stamp_capacity) * sizeof(*w->stamps));
    w->stamp_capacity = capacity;
}

/* The leaf's number in this record; its names are written when it is new there. */
static uint32_t leaf_number(struct report_writer *w, uint32_t leaf) {
    CHECK(leaf < w->stamp_capacity);
    if (w->stamps[leaf] == w->stamp)
        return w->numbers[leaf];
    const struct leaf *l = leaf_dict_at(w->leaves, leaf);
    struct part *part = &w->parts[SECTION_LEAVES];
    buf_put_slice(&part->bytes, l->tenant);
    buf_put_slice(&part->bytes, l->vendor);
    buf_put_slice(&part->bytes, l->site);
    buf_put_slice(&part->bytes, l->queue);
    buf_put_u8(&part->bytes, l->channel);
    buf_put_u8(&part->bytes, l->priority);
    buf_put_u8(&part->bytes, l->direction);
    buf_put_slice(&part->bytes, l->reason);
    w->stamps[leaf] = w->stamp;
    w->numbers[leaf] = (uint32_t)part->count++;
    return w->numbers[leaf];
}

static void put_item(struct report_writer *w, const struct item *item) {
    struct part *part = &w->parts[item->section];
    if (item->leaf != LEAF_NONE)
        buf_put_varint(&part->bytes, leaf_number(w, item->leaf));
    buf_put(&part->bytes, w->payload.at + item->at, item->size);
    part->count++;
}

/* Their number stands in a byte before them, and is known after them. */
#define LEVELS_MOST (ATTRIBUTION_COUNT * LEAF_THRESHOLDS_MAX * LEVEL_COUNT)
_Static_assert(COUNTER_SOURCE_COUNT < 128 && LEVELS_MOST < 128, "a varint of one byte");

static uint8_t put_counts(struct buf *b, const struct delta_row *row) {
    size_t place = b->size;
    uint8_t count = 0;
    buf_put_u8(b, 0);
    for (int c = 0; c < COUNTER_SOURCE_COUNT; c++) {
        if (row->counters[c] == 0)
            continue;
        buf_put_u8(b, (uint8_t)c);
        buf_put_zigzag(b, row->counters[c]);
        count++;
    }
    b->at[place] = (char)count;
    return count;
}

static uint8_t put_levels_of(struct buf *b, int attribution, int64_t threshold_ms,
                             const int64_t *levels) {
    uint8_t count = 0;
    for (int l = 0; l < LEVEL_COUNT; l++) {
        if (levels[l] == 0)
            continue;
        buf_put_u8(b, (uint8_t)attribution);
        buf_put_u8(b, (uint8_t)l);
        buf_put_zigzag(b, threshold_ms);
        buf_put_zigzag(b, levels[l]);
        count++;
    }
    return count;
}

static uint8_t put_levels(struct buf *b, const struct delta_row *row, const struct leaf *leaf) {
    size_t place = b->size;
    uint8_t count = 0;
    buf_put_u8(b, 0);
    for (int a = 0; a < ATTRIBUTION_COUNT; a++)
        for (size_t t = 0; t < leaf->threshold_count; t++)
            count = (uint8_t)(count +
                              put_levels_of(b, a, leaf->thresholds_ms[t], row->levels[a][t]));
    b->at[place] = (char)count;
    return count;
}

static uint64_t put_samples(struct buf *b, const struct row_sample *samples, size_t count) {
    buf_put_varint(b, count);
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(b, (uint8_t)(samples[i].place >> 16));
        buf_put_varint(b, samples[i].place & UINT16_MAX);
        buf_put_zigzag(b, samples[i].count);
    }
    return count;
}

/* A row in which everything came to nothing is not written. */
static void put_row(struct report_writer *w, const struct delta_row *row, uint32_t rank) {
    struct part *part = &w->parts[SECTION_ROWS];
    struct buf *b = &part->bytes;
    size_t before = b->size;
    uint32_t first = w->first_sample[rank];
    buf_put_varint(b, leaf_number(w, row->leaf));
    buf_put_zigzag(b, row->pane_at);
    uint64_t entries = put_counts(b, row);
    entries += put_levels(b, row, leaf_dict_at(w->leaves, row->leaf));
    entries += put_samples(b, w->samples + first, w->last_sample[rank] - first);
    if (entries)
        part->count++;
    else
        b->size = before;
}

static void sort_by_gap(struct row_sample *samples, size_t count, size_t gap) {
    for (size_t i = gap; i < count; i++) {
        struct row_sample one = samples[i];
        size_t place = i;
        for (; place >= gap && samples[place - gap].place > one.place; place -= gap)
            samples[place] = samples[place - gap];
        samples[place] = one;
    }
}

/* Shellsort with Knuth's gaps: most rows have a handful, some have hundreds. */
static void sort_samples(struct row_sample *samples, size_t count) {
    size_t gap = 1;
    while (gap < count / 9)
        gap = gap * 3 + 1;
    for (; gap > 0; gap /= 3)
        sort_by_gap(samples, count, gap);
}

/* Sums what is in the same bucket, leaves out what came to nothing; returns how many are left. */
static size_t sum_samples(struct row_sample *samples, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        struct row_sample sum = samples[i];
        while (++i < count && samples[i].place == sum.place)
            sum.count += samples[i].count;
        if (sum.count != 0)
            samples[kept++] = sum;
    }
    return kept;
}

/* Samples by the rank of their row, histogram and bucket. */
static void rank_samples(struct report_writer *w, const struct delta_table *deltas, size_t rows) {
    size_t count = 0;
    const struct delta_sample *samples = delta_table_samples(deltas, &count);
    if (count > w->sample_capacity) {
        w->sample_capacity = count * 2;
        w->samples = resized(w->samples, w->sample_capacity, sizeof(*w->samples));
    }
    memset(w->first_sample, 0, (rows + 1) * sizeof(*w->first_sample));
    for (size_t i = 0; i < count; i++)
        w->first_sample[w->ranks[samples[i].row] + 1]++;
    for (size_t rank = 0; rank < rows; rank++) {
        w->first_sample[rank + 1] += w->first_sample[rank];
        w->last_sample[rank] = w->first_sample[rank];
    }
    for (size_t i = 0; i < count; i++) {
        const struct delta_sample *s = &samples[i];
        w->samples[w->last_sample[w->ranks[s->row]]++] = (struct row_sample){
            .place = (uint32_t)s->histogram << 16 | s->bucket, .count = s->count};
    }
    for (size_t rank = 0; rank < rows; rank++) {
        struct row_sample *first = w->samples + w->first_sample[rank];
        size_t came = w->last_sample[rank] - w->first_sample[rank];
        if (came == 0)
            continue;
        sort_samples(first, came);
        w->last_sample[rank] = w->first_sample[rank] + (uint32_t)sum_samples(first, came);
    }
}

static void rank_rows(struct report_writer *w, const struct delta_table *deltas) {
    size_t rows = delta_table_rows(deltas);
    if (rows + 1 > w->row_capacity) {
        w->row_capacity = (rows + 1) * 2;
        w->order = resized(w->order, w->row_capacity, sizeof(*w->order));
        w->ranks = resized(w->ranks, w->row_capacity, sizeof(*w->ranks));
        w->first_sample = resized(w->first_sample, w->row_capacity, sizeof(*w->first_sample));
        w->last_sample = resized(w->last_sample, w->row_capacity, sizeof(*w->last_sample));
        w->row_partitions = resized(w->row_partitions, w->row_capacity, sizeof(*w->row_partitions));
    }
    delta_table_order(deltas, w->leaves, w->order);
    for (size_t rank = 0; rank < rows; rank++) {
        uint32_t leaf = delta_table_at(deltas, w->order[rank])->leaf;
        w->ranks[w->order[rank]] = (uint32_t)rank;
        w->row_partitions[rank] = murmur2_partition(leaf_dict_at(w->leaves, leaf)->tenant,
                                                    w->partitions);
    }
    rank_samples(w, deltas, rows);
}

/* One partition's records; the parts are full before they could be too long. */
static void finish_partition(struct report_writer *w, const struct delta_table *deltas,
                             int32_t partition, report_emit_fn *emit, void *context) {
    const struct report_shares *rows = &w->row_shares, *items = &w->item_shares;
    begin_record(w);
    for (uint32_t i = rows->first[partition]; i < rows->first[partition + 1]; i++) {
        uint32_t rank = rows->numbers[i];
        put_row(w, delta_table_at(deltas, w->order[rank]), rank);
        if (record_size(w) > REPORT_BYTES_MAX - ITEM_BYTES_MAX)
            emit_record(w, partition, emit, context);
    }
    for (uint32_t i = items->first[partition]; i < items->first[partition + 1]; i++) {
        put_item(w, &w->items[items->numbers[i]]);
        if (record_size(w) > REPORT_BYTES_MAX - ITEM_BYTES_MAX)
            emit_record(w, partition, emit, context);
    }
    struct part *clocks = &w->parts[SECTION_CLOCKS];
    buf_put(&clocks->bytes, w->clocks.bytes.at, w->clocks.bytes.size);
    clocks->count = w->clocks.count;
    emit_record(w, partition, emit, context);
}

void report_writer_finish(struct report_writer *w, const struct delta_table *deltas,
                          report_emit_fn *emit, void *context) {
    need_stamps(w);
    rank_rows(w, deltas);
    report_shares_make(&w->row_shares, w->row_partitions, delta_table_rows(deltas));
    report_shares_make(&w->item_shares, w->item_partitions, w->item_count);
    for (int32_t partition = 0; partition < w->partitions; partition++)
        finish_partition(w, deltas, partition, emit, context);
    report_writer_reset(w);
}
