/* Do the formulas say what the contract says? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/cell_figure.h"
#include "core/sums_put.h"

static struct cell_shape shape = {.counters = CELL_ALL_COUNTERS,
                                  .histograms = CELL_ALL_HISTOGRAMS,
                                  .threshold_count = 2,
                                  .thresholds_ms = {20000, 60000}};

static void count(struct cell_sums *s, enum counter c, int64_t value) {
    sums_put(s, cell_key_counter(c), value);
}

static void expect(const struct cell_sums *s, enum metric m, enum attribution a, int64_t n,
                   int64_t d) {
    struct figure f;
    cell_figure(s, m, a, VARIANT_ANSWERED_OF_OFFERED, 0, &f);
    assert_int_equal(f.numerator, n);
    assert_int_equal(f.denominator, d);
    assert_int_equal(f.sample, d);
    assert_int_equal(f.present, d > 0);
    if (f.present)
        assert_true(f.value == (double)n / (double)d);
}

static void service_level_variants(void **state) {
    (void)state;
    struct cell_sums s;
    cell_sums_init(&s, &shape);
    const int64_t golden[LEVEL_COUNT] = {
        [LEVEL_ANSWERED_IN] = 60, [LEVEL_ABANDONED_SHORT] = 5, [LEVEL_ABANDONED_IN] = 10,
        [LEVEL_CALLBACK_IN] = 4,  [LEVEL_FLOWED_OUT_IN] = 3,   [LEVEL_LATE] = 25};
    for (unsigned l = 0; l < LEVEL_COUNT; l++)
        sums_put(&s, cell_key_level(1, BY_ARRIVAL, (enum level_counter)l), golden[l]);
    count(&s, COUNTER_ARR_ANSWERED, 80);
    static const int64_t parts[VARIANT_COUNT][2] = {
        [VARIANT_ANSWERED_OF_OFFERED] = {60, 100}, [VARIANT_ABANDON_IGNORED] = {60, 85},
        [VARIANT_ABANDON_POSITIVE] = {75, 100},    [VARIANT_REMOVED_WITHIN] = {79, 107},
        [VARIANT_SHORT_EXCLUDED] = {60, 95},       [VARIANT_ANSWERED_ONLY] = {60, 80}};
    for (unsigned v = 0; v < VARIANT_COUNT; v++) {
        struct figure f;
        cell_figure(&s, METRIC_SERVICE_LEVEL, BY_ARRIVAL, (enum level_variant)v, 1, &f);
        assert_int_equal(f.numerator, parts[v][0]);
        assert_int_equal(f.denominator, parts[v][1]);
        assert_true(f.value == (double)parts[v][0] / (double)parts[v][1]);
        cell_figure(&s, METRIC_SERVICE_LEVEL, BY_EVENT, (enum level_variant)v, 1, &f);
        assert_false(f.present);
    }
    cell_sums_deinit(&s);
}

static void means_ratios_and_quantiles(void **state) {
    (void)state;
    struct cell_sums s;
    cell_sums_init(&s, &shape);
    count(&s, COUNTER_ANSWERED, 4);
    count(&s, COUNTER_WAIT_MS, 100);
    count(&s, COUNTER_HANDLED, 8);
    count(&s, COUNTER_TALK_MS, 800);
    count(&s, COUNTER_HOLD_MS, 80);
    count(&s, COUNTER_WRAP_MS, 8);
    count(&s, COUNTER_TRANSFERRED, 2);
    count(&s, COUNTER_ARR_ENDED, 20);
    count(&s, COUNTER_ARR_ABANDONED, 7);
    count(&s, COUNTER_ARR_ABANDONED_SHORT, 2);
    count(&s, COUNTER_REOPENED, 1);
    count(&s, COUNTER_RESOLVED, 5);
    count(&s, COUNTER_CLOCKS_MET, 3);
    count(&s, COUNTER_CLOCKS_MISSED, 1);
    expect(&s, METRIC_ASA_MS, BY_EVENT, 100, 4);
    expect(&s, METRIC_ASA_MS, BY_ARRIVAL, 0, 0);
    expect(&s, METRIC_AHT_MS, BY_EVENT, 888, 8);
    expect(&s, METRIC_HOLD_MS, BY_EVENT, 80, 8);
    expect(&s, METRIC_TRANSFER_RATE, BY_EVENT, 2, 8);
    expect(&s, METRIC_ABANDON_RATE, BY_EVENT, 5, 18);
    expect(&s, METRIC_ABANDON_RATE, BY_ARRIVAL, 5, 18);
    expect(&s, METRIC_REOPEN_RATE, BY_EVENT, 1, 5);
    expect(&s, METRIC_ATTAINMENT, BY_EVENT, 3, 4);
    for (int64_t ms = 1; ms <= 100; ms++)
        sums_put(&s, cell_key_bin(HISTOGRAM_WAIT, histogram_bucket(ms)), 1);
    struct figure f;
    cell_figure(&s, METRIC_WAIT_P95_MS, BY_EVENT, VARIANT_COUNT, 0, &f);
    assert_true(f.present && f.value == 95);
    assert_int_equal(f.sample, 100);
    assert_int_equal(f.numerator, ALERT_LONG_NONE);
    cell_sums_deinit(&s);
}

static void gauges_and_counts_have_no_parts(void **state) {
    (void)state;
    struct cell_sums s;
    cell_sums_init(&s, &shape);
    s.gauges[1] = 3;
    count(&s, COUNTER_OFFERED, 9);
    struct figure f;
    cell_figure(&s, METRIC_IN_SERVICE, BY_EVENT, VARIANT_COUNT, 0, &f);
    assert_true(f.present && f.value == 3 && f.denominator == ALERT_LONG_NONE);
    cell_figure(&s, METRIC_OFFERED, BY_ARRIVAL, VARIANT_COUNT, 0, &f);
    assert_true(f.present && f.value == 9 && f.sample == ALERT_LONG_NONE);
    cell_sums_deinit(&s);
}

static void names_are_those_of_the_contract(void **state) {
    (void)state;
    static const char *const some[] = {"offered",
                                       "arrival.asa_ms",
                                       "service_level",
                                       "arrival.service_level",
                                       "service_level.removed_within",
                                       "arrival.service_level.answered_only",
                                       "backlog"};
    for (size_t n = 0; n < sizeof(some) / sizeof(some[0]); n++) {
        size_t found = 0;
        for (size_t i = 0; i < cell_field_count(); i++)
            found += slice_equal(cell_field_at(i)->name, slice_of(some[n]));
        assert_int_equal(found, 1);
    }
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        enum metric parsed;
        assert_true(metric_parse(slice_of(metric_name((enum metric)m)), &parsed));
        assert_int_equal(parsed, m);
        assert_non_null(metric_parts((enum metric)m, BY_EVENT));
    }
    struct buf b;
    buf_init(&b);
    cell_level_name(&b, BY_ARRIVAL, VARIANT_ANSWERED_ONLY, 30000);
    assert_true(
        slice_equal(buf_slice(&b), SLICE("arrival.service_level.answered_only.within_30000")));
    buf_deinit(&b);
}

static void a_shape_gets_what_the_metric_needs(void **state) {
    (void)state;
    struct cell_shape s = {0};
    cell_figure_needs(&s, METRIC_SERVICE_LEVEL, BY_ARRIVAL, VARIANT_ABANDON_IGNORED, 30000);
    assert_true(s.counters == 0);
    assert_int_equal(s.levels, cell_level_bit(BY_ARRIVAL, LEVEL_ANSWERED_IN) |
                                   cell_level_bit(BY_ARRIVAL, LEVEL_LATE));
    cell_figure_needs(&s, METRIC_SERVICE_LEVEL, BY_EVENT, VARIANT_ANSWERED_ONLY, 30000);
    assert_int_equal(s.threshold_count, 1);
    assert_true(s.counters == UINT64_C(1) << COUNTER_ANSWERED);
    assert_int_equal(s.levels, cell_level_bit(BY_EVENT, LEVEL_ANSWERED_IN) |
                                   cell_level_bit(BY_ARRIVAL, LEVEL_ANSWERED_IN) |
                                   cell_level_bit(BY_ARRIVAL, LEVEL_LATE));
    cell_figure_needs(&s, METRIC_SERVICE_LEVEL, BY_EVENT, VARIANT_COUNT, 30000);
    assert_int_equal(s.levels, CELL_ALL_LEVELS);
    cell_figure_needs(&s, METRIC_WAIT_P90_MS, BY_EVENT, VARIANT_COUNT, 0);
    assert_int_equal(s.histograms, 1u << HISTOGRAM_WAIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_level_variants),
        cmocka_unit_test(means_ratios_and_quantiles),
        cmocka_unit_test(gauges_and_counts_have_no_parts),
        cmocka_unit_test(names_are_those_of_the_contract),
        cmocka_unit_test(a_shape_gets_what_the_metric_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
