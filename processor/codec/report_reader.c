/* The reading half of report_codec.h. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/cursor.h"
#include "codec/report_codec.h"

#define CHECKSUM_BYTES 8

struct report_reader {
    struct report report;
    size_t clock_room, leaf_room, row_room, count_room, level_room, sample_room, gauge_room;
    size_t gauge_partition_room, fact_room, feed_room, journey_room, effort_room, miss_room;
    size_t command_room, forecast_room;
    struct buf clock_bytes; /* that report.clocks were read from */
};

struct report_reader *report_reader_new(void) {
    struct report_reader *r = calloc(1, sizeof(*r));
    CHECK(r);
    return r;
}

void report_reader_free(struct report_reader *r) {
    if (!r)
        return;
    buf_deinit(&r->clock_bytes);
    free(r->report.clocks);
    free(r->report.leaves);
    free(r->report.rows);
    free(r->report.counts);
    free(r->report.levels);
    free(r->report.samples);
    free(r->report.gauges);
    free(r->report.gauge_partitions);
    free(r->report.facts);
    free(r->report.feeds);
    free(r->report.journeys);
    free(r->report.efforts);
    free(r->report.misses);
    free(r->report.commands);
    free(r->report.forecasts);
    free(r);
}

static void *with_room(void *at, size_t *room, size_t count, size_t size) {
    if (count <= *room)
        return at;
    *room = count < 16 ? 16 : count * 2;
    at = realloc(at, *room * size);
    CHECK(at);
    return at;
}

/* ROOM(r, counts, count_room, 3): the array has room for three more than `used`. */
#define ROOM(r, array, room, count)                                                                \
    ((r)->report.array = with_room((r)->report.array, &(r)->room, (count),                         \
                                   sizeof(*(r)->report.array)))

/* A number of things that take at least `least` bytes each; 0 when so many cannot follow. */
static size_t take_count(struct cursor *c, size_t least) {
    uint64_t count = cursor_varint(c);
    if (count <= cursor_left(c) / least)
        return (size_t)count;
    cursor_fail(c);
    return 0;
}

static int64_t take_instant(struct cursor *c) {
    uint64_t bits = cursor_varint(c) - 1;
    return (int64_t)(bits >> 1 ^ (bits & 1 ? UINT64_MAX : 0));
}

/* A number of 32 bits, signed. */
static int32_t take_i32(struct cursor *c) {
    int64_t value = cursor_zigzag(c);
    if (value < INT32_MIN || value > INT32_MAX)
        cursor_fail(c);
    return (int32_t)value;
}

/* A number below `limit`. */
static uint32_t take_below(struct cursor *c, uint64_t limit) {
    uint64_t value = cursor_varint(c);
    if (value < limit)
        return (uint32_t)value;
    cursor_fail(c);
    return 0;
}

static uint8_t take_code(struct cursor *c, uint8_t limit) {
    uint8_t value = cursor_u8(c);
    if (value < limit)
        return value;
    cursor_fail(c);
    return 0;
}

static void read_clocks(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 5);
    ROOM(r, clocks, clock_room, count);
    r->report.clock_count = count;
    for (size_t i = 0; i < count; i++) {
        struct report_clock *clock = &r->report.clocks[i];
        clock->topic = cursor_slice(c);
        clock->partition = take_i32(c);
        clock->partitions = take_i32(c);
        clock->clock = take_instant(c);
        uint8_t flags = take_code(c, 4);
        clock->ended = flags & 1;
        clock->lost = flags >> 1;
        if (clock->partition < 0 || clock->partition >= clock->partitions)
            cursor_fail(c);
    }
}

/* The names lie in the copy, too, and one name for all that follow each other. */
static void keep_clocks(struct report_reader *r, const char *from, size_t size) {
    buf_reset(&r->clock_bytes);
    buf_put(&r->clock_bytes, from, size);
    struct slice *before = NULL;
    for (size_t i = 0; i < r->report.clock_count; i++) {
        struct slice *topic = &r->report.clocks[i].topic;
        topic->at = r->clock_bytes.at + (topic->at - from);
        if (before && slice_equal(*before, *topic))
            *topic = *before;
        before = topic;
    }
}

/* An epoch's records to many partitions all have the same clocks. */
static void take_clocks(struct report_reader *r, struct cursor *c) {
    struct slice last = buf_slice(&r->clock_bytes);
    const char *from = (const char *)c->at;
    if (last.size > 0 && cursor_left(c) >= last.size && memcmp(from, last.at, last.size) == 0) {
        c->at += last.size;
        return;
    }
    read_clocks(r, c);
    buf_reset(&r->clock_bytes);
    if (!c->failed)
        keep_clocks(r, from, (size_t)((const char *)c->at - from));
}

static void take_leaves(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 8);
    ROOM(r, leaves, leaf_room, count);
    r->report.leaf_count = count;
    for (size_t i = 0; i < count; i++) {
        struct report_leaf *leaf = &r->report.leaves[i];
        leaf->tenant = cursor_slice(c);
        leaf->vendor = cursor_slice(c);
        leaf->site = cursor_slice(c);
        leaf->queue = cursor_slice(c);
        leaf->channel = take_code(c, CHANNEL_COUNT);
        leaf->priority = take_code(c, PRIORITY_COUNT);
        leaf->direction = take_code(c, DIRECTION_COUNT);
        leaf->reason = cursor_slice(c);
    }
}

static void take_counts(struct report_reader *r, struct cursor *c, struct report_row *row) {
    size_t count = take_count(c, 2), first = r->report.count_count;
    ROOM(r, counts, count_room, first + count);
    for (size_t i = 0; i < count; i++) {
        r->report.counts[first + i].counter = take_code(c, COUNTER_SOURCE_COUNT);
        r->report.counts[first + i].value = cursor_zigzag(c);
    }
    row->first_count = (uint32_t)first;
    row->count_count = (uint32_t)count;
    r->report.count_count += count;
}

static void take_levels(struct report_reader *r, struct cursor *c, struct report_row *row) {
    size_t count = take_count(c, 4), first = r->report.level_count;
    ROOM(r, levels, level_room, first + count);
    for (size_t i = 0; i < count; i++) {
        struct report_level *level = &r->report.levels[first + i];
        level->attribution = take_code(c, ATTRIBUTION_COUNT);
        level->counter = take_code(c, LEVEL_COUNT);
        level->threshold_ms = cursor_zigzag(c);
        level->value = cursor_zigzag(c);
    }
    row->first_level = (uint32_t)first;
    row->level_count = (uint32_t)count;
    r->report.level_count += count;
}

static void take_samples(struct report_reader *r, struct cursor *c, struct report_row *row) {
    size_t count = take_count(c, 3), first = r->report.sample_count;
    ROOM(r, samples, sample_room, first + count);
    for (size_t i = 0; i < count; i++) {
        struct report_sample *sample = &r->report.samples[first + i];
        sample->histogram = take_code(c, HISTOGRAM_COUNT);
        sample->bucket = (uint16_t)take_below(c, UINT16_MAX + 1);
        sample->count = cursor_zigzag(c);
    }
    row->first_sample = (uint32_t)first;
    row->sample_count = (uint32_t)count;
    r->report.sample_count += count;
}

static void take_rows(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 5);
    ROOM(r, rows, row_room, count);
    r->report.row_count = count;
    r->report.count_count = r->report.level_count = r->report.sample_count = 0;
    for (size_t i = 0; i < count && !c->failed; i++) {
        struct report_row *row = &r->report.rows[i];
        row->leaf = take_below(c, r->report.leaf_count);
        row->pane_at = cursor_zigzag(c);
        if (row->pane_at % DELTA_PANE_MS || row->pane_at < 0 || row->pane_at > EVENT_CLOCK_MAX)
            cursor_fail(c);
        take_counts(r, c, row);
        take_levels(r, c, row);
        take_samples(r, c, row);
    }
}

static void take_gauges(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 4);
    ROOM(r, gauges, gauge_room, count);
    ROOM(r, gauge_partitions, gauge_partition_room, count);
    r->report.gauge_count = count;
    for (size_t i = 0; i < count; i++) {
        struct gauge *gauge = &r->report.gauges[i];
        gauge->leaf = take_below(c, r->report.leaf_count);
        r->report.gauge_partitions[i] = take_i32(c);
        gauge->oldest_waiting_at = take_instant(c);
        gauge->oldest_open_at = take_instant(c);
    }
}

static void take_facts(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 14);
    ROOM(r, facts, fact_room, count);
    r->report.fact_count = count;
    for (size_t i = 0; i < count; i++) {
        struct fact *fact = &r->report.facts[i];
        fact->leaf = take_below(c, r->report.leaf_count);
        fact->interaction_id = cursor_slice(c);
        fact->rule = cursor_slice(c);
        fact->contract = cursor_slice(c);
        fact->contract_version = take_i32(c);
        fact->clock = take_code(c, CLOCK_KIND_COUNT);
        fact->instance = take_below(c, (uint64_t)UINT32_MAX + 1);
        fact->kind = take_code(c, FACT_KIND_COUNT);
        fact->voided_kind = take_code(c, FACT_KIND_COUNT);
        fact->at = take_instant(c);
        fact->opened_at = take_instant(c);
        fact->deadline_at = take_instant(c);
        fact->target_ms = cursor_zigzag(c);
        fact->elapsed_ms = cursor_zigzag(c);
    }
}

#define RECORDS_MOST ((uint64_t)1 << 40) /* of one feed: sums of them cannot overflow */

static int64_t take_records(struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count < RECORDS_MOST)
        return (int64_t)count;
    cursor_fail(c);
    return 0;
}

static void take_refused(struct cursor *c, int64_t *refused) {
    memset(refused, 0, DEAD_REASON_COUNT * sizeof(*refused));
    uint8_t reasons = take_code(c, DEAD_REASON_COUNT + 1);
    for (uint8_t i = 0; i < reasons; i++) {
        uint8_t reason = take_code(c, DEAD_REASON_COUNT);
        refused[reason] = take_records(c);
    }
}

static void take_feeds(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 6);
    ROOM(r, feeds, feed_room, count);
    r->report.feed_count = count;
    for (size_t i = 0; i < count; i++) {
        struct report_feed *feed = &r->report.feeds[i];
        feed->tenant = cursor_slice(c);
        feed->site = cursor_slice(c);
        feed->heard_at = take_instant(c);
        feed->lead_ms = cursor_zigzag(c);
        int64_t records = take_records(c);
        feed->mute = records & 1;
        feed->records = records >> 1;
        take_refused(c, feed->refused);
    }
}

static void take_journey(struct report_reader *r, struct cursor *c, struct journey_row *row) {
    struct journey_member *m = &row->member;
    row->leaf = take_below(c, r->report.leaf_count);
    m->part.journey = cursor_u64(c);
    m->interaction = cursor_u64(c);
    row->gone = take_code(c, 2);
    m->part.began_at = take_instant(c);
    m->part.ended_at = take_instant(c);
    m->resolved_at = take_instant(c);
    m->part.wait_ms = (int64_t)cursor_varint(c);
    m->part.handle_ms = (int64_t)cursor_varint(c);
    m->part.visits = take_below(c, (uint64_t)UINT32_MAX + 1);
    m->part.legs = take_below(c, (uint64_t)UINT32_MAX + 1);
    m->part.transfers = take_below(c, (uint64_t)UINT32_MAX + 1);
    if (journey_fault(m))
        cursor_fail(c);
}

static void take_journeys(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 26);
    ROOM(r, journeys, journey_room, count);
    r->report.journey_count = count;
    for (size_t i = 0; i < count && !c->failed; i++)
        take_journey(r, c, &r->report.journeys[i]);
}

static void take_efforts(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 20);
    ROOM(r, efforts, effort_room, count);
    r->report.effort_count = count;
    for (size_t i = 0; i < count; i++) {
        struct effort_row *row = &r->report.efforts[i];
        row->leaf = take_below(c, r->report.leaf_count);
        row->leg.agent = cursor_u64(c);
        row->leg.interaction = cursor_u64(c);
        row->gone = take_code(c, 2);
        row->leg.started_at = take_instant(c);
        row->leg.ended_at = take_instant(c);
        if (effort_fault(&row->leg))
            cursor_fail(c);
    }
}

static void take_misses(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 7);
    ROOM(r, misses, miss_room, count);
    r->report.miss_count = count;
    for (size_t i = 0; i < count; i++) {
        struct miss *m = &r->report.misses[i];
        m->leaf = take_below(c, r->report.leaf_count);
        m->interaction_id = cursor_slice(c);
        m->kind = (enum miss_kind)take_code(c, MISS_KIND_COUNT);
        m->gone = take_code(c, 2);
        m->at = take_instant(c);
        m->queued_at = take_instant(c);
        m->wait_ms = cursor_zigzag(c);
    }
}

static void take_commands(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, 13);
    ROOM(r, commands, command_room, count);
    r->report.command_count = count;
    for (size_t i = 0; i < count; i++) {
        struct command *command = &r->report.commands[i];
        command->op = take_code(c, COMMAND_OP_COUNT);
        command->tenant = cursor_slice(c);
        command->command_id = cursor_slice(c);
        command->alert_id = cursor_slice(c);
        command->alert_key = cursor_slice(c);
        command->actor_role = cursor_slice(c);
        command->actor_key = cursor_slice(c);
        command->assignee = cursor_slice(c);
        command->note_code = cursor_slice(c);
        command->until_at = take_instant(c);
        command->issued_at = take_instant(c);
        command->log_at = take_instant(c);
        command->seq = cursor_zigzag(c);
    }
}

#define FORECAST_BYTES_LEAST 53

static void take_forecasts(struct report_reader *r, struct cursor *c) {
    size_t count = take_count(c, FORECAST_BYTES_LEAST);
    ROOM(r, forecasts, forecast_room, count);
    r->report.forecast_count = count;
    for (size_t i = 0; i < count; i++) {
        struct forecast *f = &r->report.forecasts[i];
        f->tenant = cursor_slice(c);
        f->vendor = cursor_slice(c);
        f->site = cursor_slice(c);
        f->queue = cursor_slice(c);
        f->forecast_id = cursor_slice(c);
        f->channel = take_code(c, CHANNEL_COUNT);
        f->superseded = cursor_u8(c) != 0;
        f->version = (int32_t)cursor_zigzag(c);
        f->published_at = take_instant(c);
        f->start_at = take_instant(c);
        f->interval_ms = cursor_zigzag(c);
        f->volume = cursor_double(c);
        f->aht_ms = cursor_zigzag(c);
        f->required_fte = cursor_double(c);
        f->shrinkage = cursor_double(c);
        f->p10 = cursor_double(c);
        f->p90 = cursor_double(c);
        f->log_at = take_instant(c);
        if (!c->failed && !forecast_is_valid(f, NULL))
            cursor_fail(c);
    }
}

static bool checksum_is_right(struct slice record) {
    struct slice covered = {record.at, record.size - CHECKSUM_BYTES};
    struct cursor c = cursor_of((struct slice){record.at + covered.size, CHECKSUM_BYTES});
    return cursor_u64(&c) == slice_hash(covered, REPORT_VERSION);
}

bool report_reader_read(struct report_reader *r, struct slice record, struct report *report,
                        struct err *err) {
    if (record.size < 1 + CHECKSUM_BYTES)
        return err_set(err, "a report of %zu bytes is none", record.size);
    struct cursor c = cursor_of((struct slice){record.at, record.size - CHECKSUM_BYTES});
    uint8_t version = cursor_u8(&c);
    if (version != REPORT_VERSION)
        return err_set(err, "a report of version %u; this program reads version %d", version,
                       REPORT_VERSION);
    if (!checksum_is_right(record))
        return err_set(err, "a report of %zu bytes whose checksum is wrong", record.size);
    r->report.instance = cursor_slice(&c);
    take_clocks(r, &c);
    take_leaves(r, &c);
    take_rows(r, &c);
    take_gauges(r, &c);
    take_facts(r, &c);
    take_feeds(r, &c);
    take_journeys(r, &c);
    take_efforts(r, &c);
    take_misses(r, &c);
    take_commands(r, &c);
    take_forecasts(r, &c);
    if (c.failed || cursor_left(&c) > 0)
        return err_set(err, "a report of %zu bytes that no writer of this version made",
                       record.size);
    *report = r->report;
    return true;
}
