/* Does the tenant log's record say what was put in, however it is split, and are broken ones
 * refused? */
#include <stdio.h>

#include "base/property.h"

#include "base/murmur2.h"
#include "codec/report_codec.h"
#include "core/contract.h"
#include "core/histogram.h"

#define PARTITIONS 3
#define ROUNDS 60

static const char *const tenants[] = {"acme", "globex", "initech", "umbrella"};
static const char *const sites[] = {"north", "south", "\xC3\xA9st"};

struct world {
    struct rng rng;
    struct contract_set contracts;
    struct leaf_dict *leaves;
    struct delta_table *deltas;
    struct fact *facts; /* all that were told, in order */
    size_t fact_count;
    char (*ids)[32];
    struct report_writer *writer;
    struct report_reader *reader;

    /* what came back */
    uint64_t seed;
    struct delta_table *sums;
    size_t facts_seen[PARTITIONS];
    size_t gauges_seen, feeds_seen, journeys_seen, efforts_seen, misses_seen, records[PARTITIONS],
        with_clocks[PARTITIONS];
    bool after_clocks[PARTITIONS]; /* a record came after the clocks: wrong */
};

static uint32_t some_leaf(struct world *w, unsigned queues) {
    char queue[32];
    snprintf(queue, sizeof(queue), "queue-%u", (unsigned)rng_below(&w->rng, queues));
    struct leaf key = {
        .tenant = slice_of(tenants[rng_below(&w->rng, 4)]),
        .vendor = rng_below(&w->rng, 2) ? SLICE("vendor") : SLICE(""),
        .site = slice_of(sites[rng_below(&w->rng, 3)]),
        .queue = slice_of(queue),
        .reason = rng_below(&w->rng, 2) ? SLICE("refund") : SLICE(""),
        .channel = (uint8_t)rng_below(&w->rng, CHANNEL_COUNT),
        .priority = (uint8_t)rng_below(&w->rng, PRIORITY_COUNT),
        .direction = DIRECTION_INBOUND,
    };
    return leaf_dict_intern(w->leaves, &key);
}

static void count_something(struct world *w, unsigned queues) {
    uint32_t leaf = some_leaf(w, queues);
    int64_t at = (int64_t)rng_below(&w->rng, 100) * 3333 + INT64_C(1700000000000);
    int64_t value = (int64_t)rng_below(&w->rng, 5) - 1;
    struct delta_row *row = delta_table_row(w->deltas, leaf, at, DELTA_ANY);
    row->counters[rng_below(&w->rng, COUNTER_SOURCE_COUNT)] += value;
    row->counters[rng_below(&w->rng, COUNTER_SOURCE_COUNT)] += value * (INT64_C(1)
                                                                        << rng_below(&w->rng, 40));
    unsigned thresholds = leaf_dict_at(w->leaves, leaf)->threshold_count;
    if (thresholds)
        row->levels[rng_below(&w->rng, 2)][rng_below(&w->rng, thresholds)]
                   [rng_below(&w->rng, LEVEL_COUNT)] += value;
    delta_table_sample(w->deltas, leaf, at, (enum histogram_id)rng_below(&w->rng, HISTOGRAM_COUNT),
                       (int64_t)rng_below(&w->rng, 100000), rng_below(&w->rng, 3) ? 1 : -1);
}

/* All of it follows from its number. */
static struct journey_row some_journey(uint64_t number) {
    struct journey_row row = {.gone = number % 5 == 0};
    row.member = (struct journey_member){.part = {.journey = ~number,
                                                  .began_at = (int64_t)number * 1000,
                                                  .ended_at = number % 3 ? INSTANT_NONE : 7000000,
                                                  .wait_ms = (int64_t)number << 40,
                                                  .handle_ms = 17,
                                                  .visits = UINT32_MAX,
                                                  .legs = 2,
                                                  .transfers = 1},
                                         .interaction = number,
                                         .resolved_at = number % 2 ? INSTANT_NONE : 6000000};
    return row;
}

static void tell_journey(struct world *w, uint64_t number) {
    struct journey_row row = some_journey(number);
    row.leaf = some_leaf(w, 5);
    assert_true(report_writer_journey(w->writer, &row));
    row.member.part.wait_ms = -1;
    assert_false(report_writer_journey(w->writer, &row)); /* no reader would take it */
}

static struct miss some_miss(uint64_t number) {
    return (struct miss){.interaction_id = number % 2 ? SLICE("call") : SLICE(""),
                         .kind = (enum miss_kind)(number % MISS_KIND_COUNT),
                         .gone = number % 5 == 0,
                         .at = (int64_t)number,
                         .queued_at = number % 3 ? INSTANT_NONE : -7,
                         .wait_ms = 20000};
}

static void tell_miss(struct world *w, uint64_t number) {
    struct miss m = some_miss(number);
    m.leaf = some_leaf(w, 5);
    report_writer_miss(w->writer, &m);
}

static struct effort_row some_effort(uint64_t number) {
    return (struct effort_row){.leg = {.agent = ~number,
                                       .interaction = number,
                                       .started_at = 5000,
                                       .ended_at = number % 3 ? INSTANT_NONE : 5000},
                               .gone = number % 5 == 0};
}

static void tell_effort(struct world *w, uint64_t number) {
    struct effort_row row = some_effort(number);
    row.leaf = some_leaf(w, 5);
    assert_true(report_writer_effort(w->writer, &row));
    row.leg.ended_at = row.leg.started_at - 1;
    assert_false(report_writer_effort(w->writer, &row));
}

static void tell_fact(struct world *w, size_t number) {
    snprintf(w->ids[number], sizeof(w->ids[number]), "call-%zu", number);
    w->facts[number] = (struct fact){
        .leaf = some_leaf(w, 5),
        .interaction_id = slice_of(w->ids[number]),
        .rule = SLICE("first-reply"),
        .contract = SLICE("acme-support"),
        .contract_version = (int32_t)rng_below(&w->rng, 100),
        .clock = (enum clock_kind)rng_below(&w->rng, CLOCK_KIND_COUNT),
        .instance = (uint32_t)rng_next(&w->rng),
        .kind = (enum fact_kind)rng_below(&w->rng, FACT_KIND_COUNT),
        .voided_kind = (enum fact_kind)rng_below(&w->rng, FACT_KIND_COUNT),
        .at = (int64_t)(rng_next(&w->rng) >> 1),
        .opened_at = -(int64_t)rng_below(&w->rng, 1000),
        .deadline_at = rng_below(&w->rng, 2) ? INSTANT_NONE : INSTANT_MAX,
        .target_ms = (int64_t)rng_below(&w->rng, 100000),
        .elapsed_ms = -1,
    };
    report_writer_fact(w->writer, &w->facts[number]);
}

static int32_t home_of(const struct world *w, uint32_t leaf) {
    return murmur2_partition(leaf_dict_at(w->leaves, leaf)->tenant, PARTITIONS);
}

static bool same_leaf(const struct report_leaf *a, const struct leaf *b) {
    return slice_equal(a->tenant, b->tenant) && slice_equal(a->vendor, b->vendor) &&
           slice_equal(a->site, b->site) && slice_equal(a->queue, b->queue) &&
           slice_equal(a->reason, b->reason) && a->channel == b->channel &&
           a->priority == b->priority && a->direction == b->direction;
}

static uint32_t leaf_of(struct world *w, const struct report_leaf *leaf) {
    return leaf_dict_intern(w->leaves, &(struct leaf){.tenant = leaf->tenant,
                                                      .vendor = leaf->vendor,
                                                      .site = leaf->site,
                                                      .queue = leaf->queue,
                                                      .channel = leaf->channel,
                                                      .priority = leaf->priority,
                                                      .direction = leaf->direction,
                                                      .reason = leaf->reason});
}

static void sum_row(struct world *w, const struct report *r, const struct report_row *row) {
    uint32_t leaf = leaf_of(w, &r->leaves[row->leaf]);
    const struct leaf *known = leaf_dict_at(w->leaves, leaf);
    struct delta_row *sum = delta_table_row(w->sums, leaf, row->pane_at, DELTA_ANY);
    for (uint32_t i = 0; i < row->count_count; i++)
        sum->counters[r->counts[row->first_count + i].counter] +=
            r->counts[row->first_count + i].value;
    for (uint32_t i = 0; i < row->level_count; i++) {
        const struct report_level *level = &r->levels[row->first_level + i];
        size_t t = 0;
        while (known->thresholds_ms[t] != level->threshold_ms)
            REQUIRE(w->seed, ++t < known->threshold_count);
        sum->levels[level->attribution][t][level->counter] += level->value;
    }
    for (uint32_t i = 0; i < row->sample_count; i++) {
        const struct report_sample *s = &r->samples[row->first_sample + i];
        delta_table_sample(w->sums, leaf, row->pane_at, (enum histogram_id)s->histogram,
                           histogram_bucket_middle(s->bucket), (int32_t)s->count);
    }
}

static void check_facts(struct world *w, const struct report *r, int32_t partition) {
    for (size_t i = 0; i < r->fact_count; i++) {
        size_t *at = &w->facts_seen[partition];
        while (home_of(w, w->facts[*at].leaf) != partition)
            REQUIRE(w->seed, ++*at < w->fact_count);
        struct fact expected = w->facts[(*at)++], got = r->facts[i];
        REQUIRE(w->seed, same_leaf(&r->leaves[got.leaf], leaf_dict_at(w->leaves, expected.leaf)));
        REQUIRE(w->seed, slice_equal(got.interaction_id, expected.interaction_id));
        REQUIRE(w->seed, slice_equal(got.rule, expected.rule));
        REQUIRE(w->seed, slice_equal(got.contract, expected.contract));
        REQUIRE(w->seed, got.contract_version == expected.contract_version);
        REQUIRE(w->seed, got.clock == expected.clock && got.instance == expected.instance);
        REQUIRE(w->seed, got.kind == expected.kind && got.voided_kind == expected.voided_kind);
        REQUIRE(w->seed, got.at == expected.at && got.opened_at == expected.opened_at);
        REQUIRE(w->seed, got.deadline_at == expected.deadline_at);
        REQUIRE(w->seed, got.target_ms == expected.target_ms);
        REQUIRE(w->seed, got.elapsed_ms == expected.elapsed_ms);
    }
}

/* Any one byte changed, or any bytes missing: refused, with a reason. */
static void check_broken(struct world *w, struct slice record) {
    struct report report;
    struct err err = {""};
    char *copy = malloc(record.size);
    memcpy(copy, record.at, record.size);
    copy[rng_below(&w->rng, record.size)] ^= (char)(1 + rng_below(&w->rng, 255));
    REQUIRE(w->seed,
            !report_reader_read(w->reader, (struct slice){copy, record.size}, &report, &err));
    REQUIRE(w->seed, err.text[0] != '\0');
    memcpy(copy, record.at, record.size);
    struct slice cut = {copy, (size_t)rng_below(&w->rng, record.size)};
    REQUIRE(w->seed, !report_reader_read(w->reader, cut, &report, &err));
    free(copy);
}

/* Told apart by how many records came. */
static struct report_feed some_feed(int64_t records) {
    struct report_feed feed = {.tenant = slice_of(tenants[records]),
                               .site = SLICE("north"),
                               .heard_at = 42,
                               .lead_ms = -41,
                               .mute = records == 0,
                               .records = records};
    if (records % 2 == 1) {
        feed.refused[DEAD_INVALID] = records;
        feed.refused[DEAD_TOO_LARGE] = (int64_t)1 << 35;
    }
    return feed;
}

static void take_record(void *context, int32_t partition, struct slice record) {
    struct world *w = context;
    struct report r;
    struct err err;
    check_broken(w, record);
    REQUIRE(w->seed, record.size <= REPORT_BYTES_MAX);
    REQUIRE(w->seed, report_reader_read(w->reader, record, &r, &err));
    REQUIRE(w->seed, slice_equal(r.instance, SLICE("host-1")));
    w->after_clocks[partition] = w->with_clocks[partition] > 0;
    w->records[partition]++;
    if (r.clock_count) {
        REQUIRE(w->seed, r.clock_count == 2 && r.clocks[0].clock == INSTANT_NONE);
        REQUIRE(w->seed, r.clocks[1].clock == 1234567 && r.clocks[1].ended);
        REQUIRE(w->seed, r.clocks[1].partition == 1 && r.clocks[1].partitions == 2);
        REQUIRE(w->seed, slice_equal(r.clocks[1].topic, SLICE("interactions")));
        w->with_clocks[partition]++;
    }
    for (size_t i = 0; i < r.leaf_count; i++)
        REQUIRE(w->seed, murmur2_partition(r.leaves[i].tenant, PARTITIONS) == partition);
    for (size_t i = 0; i < r.row_count; i++)
        sum_row(w, &r, &r.rows[i]);
    check_facts(w, &r, partition);
    w->gauges_seen += r.gauge_count;
    w->feeds_seen += r.feed_count;
    for (size_t i = 0; i < r.gauge_count; i++) {
        REQUIRE(w->seed, r.gauge_partitions[i] == 7 && r.gauges[i].oldest_waiting_at == 5);
        REQUIRE(w->seed, r.gauges[i].oldest_open_at == INSTANT_NONE);
    }
    for (size_t i = 0; i < r.feed_count; i++) {
        const struct report_feed *is = &r.feeds[i];
        struct report_feed should = some_feed(is->records);
        REQUIRE(w->seed, is->heard_at == 42 && is->lead_ms == -41 && is->mute == should.mute);
        REQUIRE(w->seed, memcmp(is->refused, should.refused, sizeof(is->refused)) == 0);
    }
    w->journeys_seen += r.journey_count;
    w->efforts_seen += r.effort_count;
    w->misses_seen += r.miss_count;
    for (size_t i = 0; i < r.miss_count; i++) {
        const struct miss *is = &r.misses[i];
        struct miss should = some_miss((uint64_t)is->at);
        REQUIRE(w->seed, is->leaf < r.leaf_count && is->gone == should.gone);
        REQUIRE(w->seed, slice_equal(is->interaction_id, should.interaction_id));
        REQUIRE(w->seed, is->kind == should.kind && is->queued_at == should.queued_at);
        REQUIRE(w->seed, is->wait_ms == should.wait_ms);
    }
    for (size_t i = 0; i < r.effort_count; i++) {
        const struct effort_row *is = &r.efforts[i];
        struct effort_row should = some_effort(is->leg.interaction);
        REQUIRE(w->seed, is->leaf < r.leaf_count && is->gone == should.gone);
        REQUIRE(w->seed, memcmp(&is->leg, &should.leg, sizeof(should.leg)) == 0);
    }
    for (size_t i = 0; i < r.journey_count; i++) {
        const struct journey_row *is = &r.journeys[i];
        struct journey_row should = some_journey(is->member.interaction);
        should.leaf = is->leaf;
        REQUIRE(w->seed, is->leaf < r.leaf_count && is->gone == should.gone);
        REQUIRE(w->seed, journey_part_same(&is->member.part, &should.member.part));
        REQUIRE(w->seed, is->member.interaction == should.member.interaction);
        REQUIRE(w->seed, is->member.resolved_at == should.member.resolved_at);
    }
}

/* Every row of one table is in the other; rows of nothing but zeros need not be. */
static void check_within(struct world *w, struct delta_table *a, struct delta_table *b) {
    for (size_t i = 0; i < delta_table_rows(a); i++) {
        struct delta_row mine = *delta_table_at(a, i);
        const struct delta_row *other = delta_table_row(b, mine.leaf, mine.pane_at, DELTA_ANY);
        REQUIRE(w->seed, memcmp(mine.counters, other->counters, sizeof(mine.counters)) == 0);
        REQUIRE(w->seed, memcmp(mine.levels, other->levels, sizeof(mine.levels)) == 0);
    }
}

static int64_t signed_samples(const struct delta_table *t, uint64_t salt) {
    size_t count;
    const struct delta_sample *samples = delta_table_samples(t, &count);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct delta_row *row = delta_table_at(t, samples[i].row);
        uint64_t words[] = {row->leaf, (uint64_t)row->pane_at, samples[i].bucket,
                            samples[i].histogram};
        sum += slice_hash((struct slice){(const char *)words, sizeof(words)}, salt) *
               (uint64_t)(int64_t)samples[i].count;
    }
    return (int64_t)sum;
}

static void collect(struct world *w, size_t counts, size_t facts) {
    for (size_t i = 0; i < counts; i++)
        count_something(w, counts > 1000 ? 400 : 5);
    for (size_t i = 0; i < facts; i++)
        tell_fact(w, i);
    for (int i = 0; i < 9; i++)
        report_writer_gauge(w->writer, 7,
                            &(struct gauge){.leaf = some_leaf(w, 5),
                                            .oldest_waiting_at = 5,
                                            .oldest_open_at = INSTANT_NONE});
    for (int i = 0; i < 4; i++) {
        struct report_feed feed = some_feed(i);
        report_writer_feed(w->writer, &feed);
    }
    for (uint64_t i = 0; i < 13; i++)
        tell_journey(w, i);
    for (uint64_t i = 0; i < 11; i++)
        tell_effort(w, i);
    for (uint64_t i = 0; i < 8; i++)
        tell_miss(w, i);
    report_writer_clock(w->writer, &(struct report_clock){.topic = SLICE("interactions"),
                                                          .partitions = 2,
                                                          .clock = INSTANT_NONE});
    report_writer_clock(w->writer, &(struct report_clock){.topic = SLICE("interactions"),
                                                          .partition = 1,
                                                          .partitions = 2,
                                                          .clock = 1234567,
                                                          .ended = true});
}

static void check_all(struct world *w) {
    check_within(w, w->deltas, w->sums);
    check_within(w, w->sums, w->deltas);
    REQUIRE(w->seed, signed_samples(w->deltas, 1) == signed_samples(w->sums, 1));
    REQUIRE(w->seed, w->gauges_seen == 9 && w->feeds_seen == 4 && w->journeys_seen == 13 &&
                         w->efforts_seen == 11 && w->misses_seen == 8);
    size_t facts[PARTITIONS] = {0};
    for (size_t i = 0; i < w->fact_count; i++)
        facts[home_of(w, w->facts[i].leaf)] = i + 1;
    for (int p = 0; p < PARTITIONS; p++) {
        REQUIRE(w->seed, w->records[p] >= 1 && w->with_clocks[p] == 1 && !w->after_clocks[p]);
        REQUIRE(w->seed, w->facts_seen[p] == facts[p]);
    }
}

static size_t run(uint64_t seed, size_t counts, size_t facts) {
    struct world w = {.seed = seed, .fact_count = facts};
    rng_init(&w.rng, seed);
    contract_init_default(&w.contracts.fallback);
    w.leaves = leaf_dict_new(&w.contracts, 100000);
    w.deltas = delta_table_new();
    w.sums = delta_table_new();
    w.facts = calloc(facts + 1, sizeof(*w.facts));
    w.ids = calloc(facts + 1, sizeof(*w.ids));
    w.writer = report_writer_new("host-1", PARTITIONS, w.leaves);
    w.reader = report_reader_new();
    collect(&w, counts, facts);
    report_writer_finish(w.writer, w.deltas, take_record, &w);
    check_all(&w);
    size_t records = 0;
    for (int p = 0; p < PARTITIONS; p++)
        records += w.records[p];
    report_reader_free(w.reader);
    report_writer_free(w.writer);
    free(w.facts);
    free(w.ids);
    delta_table_free(w.sums);
    delta_table_free(w.deltas);
    leaf_dict_free(w.leaves);
    return records;
}

static void what_was_put_in_comes_out(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + ROUNDS; seed++)
        run(seed, (size_t)(seed % 7) * 40, (size_t)(seed % 5) * 10);
}

static void long_reports_come_in_pieces(void **state) {
    (void)state;
    assert_true(run(7, 60000, 1000) > PARTITIONS + 2);
    assert_true(run(8, 10, 20000) > PARTITIONS + 1);
}

/* The records of one partition, each read as it comes. */
struct told {
    struct report_reader *reader;
    size_t count;
};

static void read_command(void *context, int32_t partition, struct slice record) {
    struct told *told = context;
    struct report report;
    struct err err;
    assert_true(report_reader_read(told->reader, record, &report, &err));
    if (report.command_count == 0)
        return;
    const struct command *c = &report.commands[0];
    assert_int_equal(partition, murmur2_partition(SLICE("acme"), PARTITIONS));
    assert_true(slice_equal(c->tenant, SLICE("acme")) && slice_equal(c->command_id, SLICE("c1")));
    assert_true(slice_equal(c->alert_id, SLICE("a1")) && slice_equal(c->alert_key, SLICE("k1")));
    assert_true(slice_equal(c->actor_role, SLICE("r1")) && slice_equal(c->actor_key, SLICE("p1")));
    assert_true(slice_equal(c->assignee, SLICE("r2")) && slice_equal(c->note_code, SLICE("n1")));
    assert_int_equal(c->op, COMMAND_SILENCE);
    assert_int_equal(c->until_at, 5);
    assert_int_equal(c->issued_at, INSTANT_NONE);
    assert_int_equal(c->log_at, 7);
    assert_int_equal(c->seq, -8);
    told->count += report.command_count;
}

static void commands_come_out_as_they_were(void **state) {
    (void)state;
    struct contract_set contracts = {0};
    contract_init_default(&contracts.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&contracts, 10);
    struct delta_table *deltas = delta_table_new();
    struct report_writer *writer = report_writer_new("host", PARTITIONS, leaves);
    struct told told = {.reader = report_reader_new()};
    report_writer_command(writer, &(struct command){.tenant = SLICE("acme"),
                                                    .command_id = SLICE("c1"),
                                                    .alert_id = SLICE("a1"),
                                                    .alert_key = SLICE("k1"),
                                                    .actor_role = SLICE("r1"),
                                                    .actor_key = SLICE("p1"),
                                                    .assignee = SLICE("r2"),
                                                    .note_code = SLICE("n1"),
                                                    .op = COMMAND_SILENCE,
                                                    .until_at = 5,
                                                    .issued_at = INSTANT_NONE,
                                                    .log_at = 7,
                                                    .seq = -8});
    report_writer_finish(writer, deltas, read_command, &told);
    assert_int_equal(told.count, 1);
    report_reader_free(told.reader);
    report_writer_free(writer);
    delta_table_free(deltas);
    leaf_dict_free(leaves);
}

static void read_forecast(void *context, int32_t partition, struct slice record) {
    struct told *told = context;
    struct report report;
    struct err err;
    assert_true(report_reader_read(told->reader, record, &report, &err));
    if (report.forecast_count == 0)
        return;
    const struct forecast *f = &report.forecasts[0];
    assert_int_equal(partition, murmur2_partition(SLICE("acme"), PARTITIONS));
    assert_true(slice_equal(f->tenant, SLICE("acme")) && slice_equal(f->vendor, SLICE("v1")));
    assert_true(slice_equal(f->site, SLICE("s1")) && slice_equal(f->queue, SLICE("q1")));
    assert_true(slice_equal(f->forecast_id, SLICE("f1")) && f->superseded);
    assert_int_equal(f->channel, CHANNEL_CHAT);
    assert_int_equal(f->version, -3);
    assert_int_equal(f->published_at, 4);
    assert_int_equal(f->start_at, DAY_MS);
    assert_int_equal(f->interval_ms, HOUR_MS);
    assert_int_equal(f->volume * 4, 5);
    assert_int_equal(f->aht_ms, 6);
    assert_int_equal(f->required_fte, 7);
    assert_int_equal(f->shrinkage * 4, 1);
    assert_int_equal(f->p10, 1);
    assert_int_equal(f->p90, 2);
    assert_int_equal(f->log_at, 8);
    told->count += report.forecast_count;
}

static void forecasts_come_out_as_they_were(void **state) {
    (void)state;
    struct contract_set contracts = {0};
    contract_init_default(&contracts.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&contracts, 10);
    struct delta_table *deltas = delta_table_new();
    struct report_writer *writer = report_writer_new("host", PARTITIONS, leaves);
    struct told told = {.reader = report_reader_new()};
    report_writer_forecast(writer, &(struct forecast){.tenant = SLICE("acme"),
                                                      .vendor = SLICE("v1"),
                                                      .site = SLICE("s1"),
                                                      .queue = SLICE("q1"),
                                                      .forecast_id = SLICE("f1"),
                                                      .channel = CHANNEL_CHAT,
                                                      .superseded = true,
                                                      .version = -3,
                                                      .published_at = 4,
                                                      .start_at = DAY_MS,
                                                      .interval_ms = HOUR_MS,
                                                      .volume = 1.25,
                                                      .aht_ms = 6,
                                                      .required_fte = 7,
                                                      .shrinkage = 0.25,
                                                      .p10 = 1,
                                                      .p90 = 2,
                                                      .log_at = 8});
    report_writer_finish(writer, deltas, read_forecast, &told);
    assert_int_equal(told.count, 1);
    report_reader_free(told.reader);
    report_writer_free(writer);
    delta_table_free(deltas);
    leaf_dict_free(leaves);
}

static void says_why_it_refuses(void **state) {
    (void)state;
    struct report_reader *reader = report_reader_new();
    struct report report;
    struct err err;
    assert_false(report_reader_read(reader, SLICE("abc"), &report, &err));
    assert_string_equal(err.text, "a report of 3 bytes is none");
    assert_false(report_reader_read(reader, SLICE("\x0a from the future"), &report, &err));
    assert_string_equal(err.text, "a report of version 10; this program reads version 9");
    assert_false(report_reader_read(reader, SLICE("\x09 not from here"), &report, &err));
    assert_string_equal(err.text, "a report of 15 bytes whose checksum is wrong");

    struct buf b = {0};
    buf_put_u8(&b, REPORT_VERSION);
    buf_put_slice(&b, SLICE("host"));
    buf_put_varint(&b, UINT64_C(1) << 60); /* clocks */
    buf_put_u64(&b, slice_hash(buf_slice(&b), REPORT_VERSION));
    assert_false(report_reader_read(reader, buf_slice(&b), &report, &err));
    assert_string_equal(err.text, "a report of 23 bytes that no writer of this version made");
    buf_deinit(&b);
    report_reader_free(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_in_comes_out),
        cmocka_unit_test(long_reports_come_in_pieces),
        cmocka_unit_test(commands_come_out_as_they_were),
        cmocka_unit_test(forecasts_come_out_as_they_were),
        cmocka_unit_test(says_why_it_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
