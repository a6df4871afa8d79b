/* Are the running sums of every window those of a naive recount, whatever came when? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/cell.h"
#include "core/delta.h"
#include "core/sums_put.h"

#define ROWS 4000
#define START INT64_C(1790380800000) /* 2026-09-26: a quarter ends within the history */

/* In the course of the history the clocks are put back. */
static struct zone_change changes[] = {{INSTANT_NONE, -4 * 3600000},
                                       {START + 3 * DAY_MS + 6 * HOUR_MS, -5 * 3600000}};
static const struct zone zone = {.changes = changes, .count = 2};

struct oracle_row {
    int64_t pane_at;
    uint32_t key;
    int64_t value;
};

struct oracle {
    struct oracle_row rows[ROWS];
    size_t count;
};

static struct cell_shape shape_of_all(void) {
    struct cell_shape s = {.window_count = WINDOW_COUNT,
                           .fine_ms = 30 * MINUTE_MS,
                           .minute_ms = 4 * HOUR_MS,
                           .keep_ms = 25 * HOUR_MS,
                           .zone = &zone,
                           .week_starts = 2,
                           .lateness_ms = 7 * HOUR_MS,
                           .counters = CELL_ALL_COUNTERS,
                           .histograms = CELL_ALL_HISTOGRAMS,
                           .threshold_count = 2,
                           .thresholds_ms = {20000, 60000}};
    for (unsigned w = 0; w < WINDOW_COUNT; w++) {
        const struct window_spec *spec = window_spec((enum window_id)w);
        s.windows[w] = (struct cell_span){spec->length_ms, spec->step_ms};
    }
    return s;
}

/* One window of counters, as a rule has it. */
static struct cell_shape shape_of_rule(int64_t length_ms, int64_t step_ms) {
    return (struct cell_shape){.windows = {{length_ms, step_ms}},
                               .window_count = 1,
                               .fine_ms = step_ms < MINUTE_MS ? 25 * HOUR_MS + CELL_COARSE_MS : 0,
                               .minute_ms = 25 * HOUR_MS + CELL_COARSE_MS,
                               .keep_ms = 25 * HOUR_MS,
                               .counters = UINT64_C(1) << COUNTER_OFFERED,
                               .threshold_count = 2,
                               .thresholds_ms = {20000, 60000}};
}

static void recount(const struct oracle *o, int64_t from_at, int64_t to_at,
                    struct cell_sums *sums) {
    cell_sums_reset(sums);
    for (size_t i = 0; i < o->count; i++) {
        const struct oracle_row *r = &o->rows[i];
        if (r->pane_at >= from_at && r->pane_at < to_at)
            sums_put(sums, r->key, r->value);
        if (r->pane_at < to_at && r->key < CELL_GAUGES)
            sums->gauges[r->key] += r->value;
    }
}

static void save_sums(const struct cell_sums *s, struct buf *b) {
    buf_reset(b);
    for (size_t i = 0; i < s->dense_count; i++)
        buf_put_zigzag(b, s->dense[i]);
    for (size_t i = 0; i < CELL_GAUGES; i++)
        buf_put_zigzag(b, s->gauges[i]);
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++)
        histogram_save(&s->histograms[h], b);
}

static void assert_equal_sums(const struct cell_sums *a, const struct cell_sums *b,
                              const char *what, uint64_t seed) {
    struct buf bytes_a, bytes_b;
    buf_init(&bytes_a);
    buf_init(&bytes_b);
    save_sums(a, &bytes_a);
    save_sums(b, &bytes_b);
    if (!slice_equal(buf_slice(&bytes_a), buf_slice(&bytes_b)))
        fail_msg("%s differs from the recount, seed %llu", what, (unsigned long long)seed);
    buf_deinit(&bytes_a);
    buf_deinit(&bytes_b);
}

static uint32_t random_key(const struct cell_shape *shape, struct rng *rng) {
    if (shape->histograms == 0)
        return CELL_GAUGES + (uint32_t)rng_below(rng, CELL_LEVELS_AT + 24 - CELL_GAUGES);
    switch (rng_below(rng, 4)) {
    case 0: return (uint32_t)rng_below(rng, CELL_GAUGES);
    case 1:
        return cell_key_bin((enum histogram_id)rng_below(rng, HISTOGRAM_COUNT),
                            (uint16_t)rng_below(rng, 40));
    default: return (uint32_t)rng_below(rng, CELL_LEVELS_AT + 24);
    }
}

/* One entry as a cell takes it. */
static bool add_entry(struct cell *c, int64_t at, int64_t pane_at, uint32_t key, int64_t value) {
    struct pane_entry e = {key, value};
    struct buf packed;
    buf_init(&packed);
    pane_pack(&e, 1, &packed);
    bool kept = cell_add(c, at, pane_at, buf_slice(&packed));
    buf_deinit(&packed);
    return kept;
}

static void add_row(struct cell *c, struct oracle *o, struct rng *rng, int64_t now) {
    int64_t back = rng_below(rng, 4) == 0 ? (int64_t)rng_below(rng, 24 * HOUR_MS)
                                          : (int64_t)rng_below(rng, 20 * MINUTE_MS);
    int64_t at = instant_floor(now + 2 * MINUTE_MS - back, DELTA_PANE_MS);
    struct oracle_row row = {at, random_key(&c->shape, rng), (int64_t)rng_below(rng, 7) - 3};
    /* Often exactly what takes an earlier row back: sums of 0 must leave no trace. */
    if (o->count > 0 && rng_below(rng, 3) == 0) {
        const struct oracle_row *other = &o->rows[rng_below(rng, o->count)];
        if (other->pane_at > now - 24 * HOUR_MS)
            row = (struct oracle_row){other->pane_at, other->key, -other->value};
    }
    o->rows[o->count++] = row;
    assert_true(add_entry(c, c->at, row.pane_at, row.key, row.value));
    if (rng_below(rng, 2) == 0)
        cell_advance(c, c->at);
}

static void check_windows(const struct cell *c, const struct oracle *o, struct cell_sums *expected,
                          uint64_t seed) {
    for (size_t w = 0; w < c->shape.window_count; w++) {
        int64_t edge = instant_floor(c->at, c->shape.windows[w].step_ms);
        assert_int_equal(edge, c->windows[w].edge_at);
        recount(o, edge - c->shape.windows[w].length_ms, edge, expected);
        assert_equal_sums(&c->windows[w].sums, expected, window_spec((enum window_id)w)->name,
                          seed);
    }
    int64_t gauges[CELL_GAUGES];
    cell_now(c, c->at + MINUTE_MS, gauges);
    recount(o, c->at, c->at + MINUTE_MS + 1, expected);
    assert_memory_equal(gauges, expected->gauges, sizeof(gauges));
}

static void check_period(const struct cell *c, const struct oracle *o, enum period p,
                         int64_t start_at, int64_t end_at, struct cell_sums *expected,
                         uint64_t seed) {
    struct cell_sums got;
    cell_sums_init(&got, &c->shape);
    cell_period(c, p, start_at, end_at, &got);
    recount(o, start_at, end_at, expected);
    assert_equal_sums(&got, expected, period_name(p), seed);
    cell_sums_deinit(&got);
}

/* What is said to be the same is. */
static void check_alike(const struct cell *c, const struct oracle *o, enum period p,
                        int64_t start_at, int64_t edge_at, struct cell_sums *expected,
                        uint64_t seed) {
    const struct cell_shape *s = &c->shape;
    struct cell_sums got;
    int64_t shorter_at = period_start(p - 1, s->zone, s->week_starts, edge_at);
    if (!cell_periods_alike(&c->periods, p, start_at, p - 1, shorter_at))
        return;
    cell_sums_init(&got, s);
    cell_period(c, p - 1, shorter_at, edge_at, &got);
    recount(o, start_at, edge_at, expected);
    assert_equal_sums(&got, expected, "a period like the one before", seed);
    cell_sums_deinit(&got);
}

/* The one under way, and the one before it while it may still be corrected. */
static void check_periods(const struct cell *c, const struct oracle *o, struct cell_sums *expected,
                          uint64_t seed) {
    const struct cell_shape *s = &c->shape;
    int64_t edge_at = instant_floor(c->at, CELL_PERIODS_STEP_MS);
    for (enum period p = PERIOD_DAY; p < PERIOD_COUNT; p++) {
        int64_t start_at = period_start(p, s->zone, s->week_starts, edge_at);
        int64_t before_at = period_start(p, s->zone, s->week_starts, start_at - 1);
        check_period(c, o, p, start_at, edge_at, expected, seed);
        if (p > PERIOD_DAY)
            check_alike(c, o, p, start_at, edge_at, expected, seed);
        if (start_at + s->lateness_ms >= edge_at)
            check_period(c, o, p, before_at, start_at, expected, seed);
    }
}

static void sums_are_alike_when_all_is(void **state) {
    (void)state;
    struct cell_shape shape = {.counters = CELL_ALL_COUNTERS, .histograms = CELL_ALL_HISTOGRAMS};
    struct cell_sums a, b;
    cell_sums_init(&a, &shape);
    cell_sums_init(&b, &shape);
    a.dense[3] = 1;
    histogram_add(&a.histograms[1], 70, 2);
    assert_false(cell_sums_alike(&a, &b));
    b.dense[3] = 1;
    assert_false(cell_sums_alike(&a, &b));
    histogram_add(&b.histograms[1], 71, 2);
    assert_false(cell_sums_alike(&a, &b));
    histogram_add(&b.histograms[1], 71, -2);
    histogram_add(&b.histograms[1], 70, 2);
    assert_true(cell_sums_alike(&a, &b));
    a.gauges[1] = 5;
    assert_false(cell_sums_alike(&a, &b));
    cell_sums_deinit(&a);
    cell_sums_deinit(&b);
}

static void check_range(const struct cell *c, const struct oracle *o, struct rng *rng,
                        struct cell_sums *expected, uint64_t seed) {
    struct cell_sums got;
    cell_sums_init(&got, &c->shape);
    int64_t to = instant_floor(c->at, 5 * MINUTE_MS) - (int64_t)rng_below(rng, 280) * 5 * MINUTE_MS;
    cell_range(c, to - 15 * MINUTE_MS, to, &got);
    recount(o, to - 15 * MINUTE_MS, to, expected);
    assert_equal_sums(&got, expected, "a closed window", seed);
    cell_sums_deinit(&got);
}

static struct cell *load(const struct cell_shape *shape, const struct cell *c, struct buf *bytes) {
    cell_save(c, bytes);
    struct cell *copy = cell_new(shape, c->scratch);
    struct cursor in = cursor_of(buf_slice(bytes));
    cell_load(copy, &in);
    assert_false(in.failed);
    assert_int_equal(cursor_left(&in), 0);
    return copy;
}

/* A cell that was saved, loaded and advanced in other strides has the same bytes. */
static struct cell *reload(struct cell *c, uint64_t seed) {
    struct buf a, b;
    buf_init(&a);
    buf_init(&b);
    struct cell *copy = load(&c->shape, c, &a);
    cell_save(copy, &b);
    if (!slice_equal(buf_slice(&a), buf_slice(&b)))
        fail_msg("loaded bytes differ, seed %llu", (unsigned long long)seed);
    cell_free(c);
    buf_deinit(&a);
    buf_deinit(&b);
    return copy;
}

static void run(struct cell_shape shape, uint64_t seed) {
    struct rng rng;
    rng_init(&rng, seed);
    struct oracle *o = calloc(1, sizeof(*o));
    struct cell_scratch scratch;
    cell_scratch_init(&scratch);
    struct cell *c = cell_new(&shape, &scratch);
    struct cell *lazy = cell_new(&shape, &scratch); /* is advanced when too much waits */
    struct cell_sums expected;
    cell_sums_init(&expected, &shape);
    int64_t now = START;
    while (o->count < ROWS - 8) {
        int64_t stride = rng_below(&rng, 8) == 0 ? (int64_t)rng_below(&rng, 2 * HOUR_MS)
                                                 : (int64_t)rng_below(&rng, 5 * MINUTE_MS);
        for (size_t n = rng_below(&rng, 8), i = 0; i < n; i++) {
            size_t first = o->count;
            add_row(c, o, &rng, now);
            const struct oracle_row *row = &o->rows[first];
            assert_true(add_entry(lazy, c->at, row->pane_at, row->key, row->value));
        }
        now += stride;
        cell_advance(c, instant_floor(now, DELTA_PANE_MS));
        if (rng_below(&rng, 10) == 0)
            c = reload(c, seed);
        if (rng_below(&rng, 5) == 0) {
            check_windows(c, o, &expected, seed);
            if (shape.zone)
                check_periods(c, o, &expected, seed);
            check_range(c, o, &rng, &expected, seed);
        }
    }
    cell_advance(lazy, c->at);
    struct buf a, b;
    buf_init(&a);
    buf_init(&b);
    cell_save(c, &a);
    cell_save(lazy, &b);
    assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
    buf_deinit(&a);
    buf_deinit(&b);
    cell_sums_deinit(&expected);
    cell_free(c);
    cell_free(lazy);
    cell_scratch_deinit(&scratch);
    free(o);
}

static void windows_are_those_of_a_recount(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        run(shape_of_all(), seed);
}

static void a_rules_window_is_that_of_a_recount(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct cell_shape shape = shape_of_rule(30 * MINUTE_MS, 10 * SECOND_MS);
        run(shape, seed);
        shape.fine_ms = shape.minute_ms = 30 * MINUTE_MS;
        run(shape, seed); /* as a forecast has it: panes behind the window grow wider */
        run(shape_of_rule(4 * HOUR_MS, MINUTE_MS), seed);
        run(shape_of_rule(24 * HOUR_MS, 5 * MINUTE_MS), seed);
    }
}

static void add_rows(struct cell *c, struct oracle *o, struct rng *rng, int64_t *now) {
    for (int i = 0; i < 300; i++) {
        add_row(c, o, rng, *now);
        *now += (int64_t)rng_below(rng, 5 * MINUTE_MS);
        cell_advance(c, instant_floor(*now, DELTA_PANE_MS));
    }
}

/* A state may have 10 s panes where none are made any more. */
static void a_state_of_narrower_panes_goes_on(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct cell_shape shape = shape_of_rule(4 * HOUR_MS, MINUTE_MS), narrow = shape;
        narrow.fine_ms = HOUR_MS;
        struct rng rng;
        rng_init(&rng, seed);
        struct oracle *o = calloc(1, sizeof(*o));
        struct cell_scratch scratch;
        cell_scratch_init(&scratch);
        struct cell *was = cell_new(&narrow, &scratch);
        int64_t now = START;
        add_rows(was, o, &rng, &now);
        struct buf bytes;
        buf_init(&bytes);
        struct cell *c = load(&shape, was, &bytes);
        assert_true(was->tiers[0].count > 0 && !was->by_minute && c->by_minute);
        struct cell_sums expected;
        cell_sums_init(&expected, &shape);
        check_windows(c, o, &expected, seed);
        add_rows(c, o, &rng, &now);
        check_windows(c, o, &expected, seed);
        assert_int_equal(c->tiers[0].count, 0);
        cell_sums_deinit(&expected);
        buf_deinit(&bytes);
        cell_free(was);
        cell_free(c);
        cell_scratch_deinit(&scratch);
        free(o);
    }
}

static void rows_older_than_the_panes_correct_the_gauges_alone(void **state) {
    (void)state;
    struct cell_shape shape = shape_of_all();
    struct cell_scratch scratch;
    cell_scratch_init(&scratch);
    struct cell *c = cell_new(&shape, &scratch);
    cell_advance(c, START);
    assert_false(add_entry(c, START, START - 26 * HOUR_MS, 0, 1));
    assert_false(add_entry(c, START, START - 26 * HOUR_MS, cell_key_counter(COUNTER_OFFERED), 1));
    int64_t gauges[CELL_GAUGES];
    cell_now(c, START, gauges);
    assert_int_equal(gauges[0], 1);
    assert_int_equal(cell_sums_counter(&c->windows[WINDOW_24H].sums, COUNTER_OFFERED), 0);
    assert_int_equal(cell_oldest(c), INSTANT_MAX);
    cell_free(c);
    cell_scratch_deinit(&scratch);
}

static bool loads(const struct cell_shape *shape, struct cell_scratch *scratch,
                  struct slice bytes) {
    struct cell *c = cell_new(shape, scratch);
    struct cursor in = cursor_of(bytes);
    cell_load(c, &in);
    bool whole = !in.failed && cursor_left(&in) == 0;
    cell_free(c);
    return whole;
}

/* A state that ends early or holds what no cell writes. */
static void a_broken_state_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t size;
        unsigned char packed[4];
    } broken[] = {
        {1, {0x80}},             /* half a number */
        {3, {0x80, 0x80, 0x08}}, /* 4 * 32768: no such key */
        {2, {0x04, 0x00}},       /* the same key twice */
        {2, {0x07, 0x00}},       /* a value of 0 */
        {2, {0x07, 0x04}},       /* 2, which has a code */
        {1, {0x07}},             /* a value that is missing */
    };
    struct cell_shape shape = shape_of_all();
    shape.zone = NULL; /* no periods behind the panes */
    struct cell_scratch scratch;
    cell_scratch_init(&scratch);
    struct cell *c = cell_new(&shape, &scratch);
    add_entry(c, START, START - 10 * SECOND_MS, 1, 1);
    cell_advance(c, START);
    struct buf whole, bad;
    buf_init(&whole);
    buf_init(&bad);
    cell_save(c, &whole);
    assert_true(loads(&shape, &scratch, buf_slice(&whole)));
    for (size_t size = 0; size < whole.size; size++)
        assert_false(loads(&shape, &scratch, (struct slice){whole.at, size}));
    /* It ends with the size of the pane's bytes, one of them, and no panes in the wider tiers. */
    assert_memory_equal(whole.at + whole.size - 4, "\x01\x04\x00\x00", 4);
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        buf_reset(&bad);
        buf_put(&bad, whole.at, whole.size - 4);
        buf_put_slice(&bad, (struct slice){(const char *)broken[i].packed, broken[i].size});
        buf_put(&bad, "\0\0", 2);
        assert_false(loads(&shape, &scratch, buf_slice(&bad)));
    }
    buf_deinit(&whole);
    buf_deinit(&bad);
    cell_free(c);
    cell_scratch_deinit(&scratch);
}

static void a_row_keeps_what_the_shape_asks_for(void **state) {
    (void)state;
    struct report_count counts[] = {
        {COUNTER_WAITING_CHANGE, 1}, {COUNTER_OFFERED, 2}, {COUNTER_ANSWERED, 3}};
    struct report_level levels[] = {{BY_EVENT, LEVEL_LATE, 30000, 6},
                                    {BY_ARRIVAL, LEVEL_CALLBACK_IN, 30000, 7},
                                    {BY_ARRIVAL, LEVEL_LATE, 30000, 4},
                                    {BY_ARRIVAL, LEVEL_LATE, 20000, 5}};
    struct report_sample samples[] = {{HISTOGRAM_WAIT, 7, 1}, {HISTOGRAM_HANDLE, 7, 1}};
    struct report report = {.counts = counts, .levels = levels, .samples = samples};
    struct report_row row = {.count_count = 3, .level_count = 4, .sample_count = 2};
    struct cell_shape shape = {.counters = UINT64_C(1) << COUNTER_WAITING_CHANGE |
                                           UINT64_C(1) << COUNTER_ANSWERED,
                               .histograms = 1u << HISTOGRAM_HANDLE,
                               .levels = cell_level_bit(BY_ARRIVAL, LEVEL_LATE),
                               .threshold_count = 1,
                               .thresholds_ms = {30000}};
    struct pane_scratch scratch;
    pane_scratch_init(&scratch);
    assert_int_equal(cell_row_entries(&shape, &report, &row, &scratch), 4);
    assert_int_equal(scratch.entries[0].key, 0);
    assert_int_equal(scratch.entries[1].key, cell_key_counter(COUNTER_ANSWERED));
    assert_int_equal(scratch.entries[2].key, cell_key_level(0, BY_ARRIVAL, LEVEL_LATE));
    assert_int_equal(scratch.entries[3].key, cell_key_bin(HISTOGRAM_HANDLE, 7));
    pane_scratch_deinit(&scratch);
}

/* Buckets come in any order, and more than once: again at once, and after others. */
static void a_row_has_each_key_once_and_ascending(void **state) {
    (void)state;
    struct report_sample samples[] = {{HISTOGRAM_WAIT, 7, 1}, {HISTOGRAM_WAIT, 7, 2},
                                      {HISTOGRAM_WAIT, 9, 3}, {HISTOGRAM_WAIT, 8, 4},
                                      {HISTOGRAM_WAIT, 7, 5}, {HISTOGRAM_WAIT, 9, -1}};
    static const int64_t sums[] = {8, 4, 2};
    struct report report = {.samples = samples};
    struct report_row row = {.sample_count = 6};
    struct cell_shape shape = {.histograms = 1u << HISTOGRAM_WAIT};
    struct pane_scratch scratch;
    pane_scratch_init(&scratch);
    assert_int_equal(cell_row_entries(&shape, &report, &row, &scratch), 3);
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(scratch.entries[i].key, cell_key_bin(HISTOGRAM_WAIT, (uint16_t)(7 + i)));
        assert_int_equal(scratch.entries[i].value, sums[i]);
    }
    pane_scratch_deinit(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_alike_when_all_is),
        cmocka_unit_test(windows_are_those_of_a_recount),
        cmocka_unit_test(a_rules_window_is_that_of_a_recount),
        cmocka_unit_test(a_state_of_narrower_panes_goes_on),
        cmocka_unit_test(rows_older_than_the_panes_correct_the_gauges_alone),
        cmocka_unit_test(a_broken_state_is_refused),
        cmocka_unit_test(a_row_keeps_what_the_shape_asks_for),
        cmocka_unit_test(a_row_has_each_key_once_and_ascending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
