/* Do days, weeks, months and quarters begin at the tenant's midnight, whatever the clocks do? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/rng.h"
#include "core/period.h"

static int64_t at_of(const char *text) {
    int64_t at;
    assert_true(instant_parse(slice_of(text), &at, NULL));
    return at;
}

static void assert_period(enum period p, const struct zone *z, unsigned week_starts, const char *at,
                          const char *start, const char *end) {
    char found[2][32];
    char wanted[2][32];
    instant_format(period_start(p, z, week_starts, at_of(at)), found[0]);
    instant_format(period_end(p, z, week_starts, at_of(at)), found[1]);
    instant_format(at_of(start), wanted[0]);
    instant_format(at_of(end), wanted[1]);
    assert_string_equal(found[0], wanted[0]);
    assert_string_equal(found[1], wanted[1]);
}

/* 2026: -5 h, from 8 March 07:00Z -4 h, from 1 November 06:00Z -5 h. */
static struct zone_change new_york_changes[3];
static const struct zone new_york = {.changes = new_york_changes, .count = 3};

static int setup(void **state) {
    (void)state;
    new_york_changes[0] = (struct zone_change){INSTANT_NONE, -5 * 3600000};
    new_york_changes[1] = (struct zone_change){at_of("2026-03-08T07:00:00Z"), -4 * 3600000};
    new_york_changes[2] = (struct zone_change){at_of("2026-11-01T06:00:00Z"), -5 * 3600000};
    return 0;
}

static void test_utc(void **state) {
    (void)state;
    const struct zone utc = {0};
    const char *at = "2026-11-22T23:59:59.999Z"; /* a Sunday */
    assert_period(PERIOD_DAY, &utc, 0, at, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
    assert_period(PERIOD_WEEK, &utc, 0, at, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
    assert_period(PERIOD_WEEK, &utc, 6, at, "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z");
    assert_period(PERIOD_WEEK, &utc, 2, at, "2026-11-18T00:00:00Z", "2026-11-25T00:00:00Z");
    assert_period(PERIOD_MONTH, &utc, 0, at, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert_period(PERIOD_QUARTER, &utc, 0, at, "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z");
    assert_period(PERIOD_MONTH, &utc, 0, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z",
                  "2024-03-01T00:00:00Z");
    assert_period(PERIOD_QUARTER, &utc, 0, "1969-12-31T12:00:00Z", "1969-10-01T00:00:00Z",
                  "1970-01-01T00:00:00Z");
}

static void test_across_changes_of_the_clocks(void **state) {
    (void)state;
    assert_period(PERIOD_DAY, &new_york, 0, "2026-03-08T20:00:00Z", "2026-03-08T05:00:00Z",
                  "2026-03-09T04:00:00Z");
    assert_period(PERIOD_DAY, &new_york, 0, "2026-11-01T04:00:00Z", "2026-11-01T04:00:00Z",
                  "2026-11-02T05:00:00Z");
    assert_period(PERIOD_WEEK, &new_york, 6, "2026-11-05T04:00:00Z", "2026-11-01T04:00:00Z",
                  "2026-11-08T05:00:00Z");
    assert_period(PERIOD_MONTH, &new_york, 0, "2026-04-01T03:59:59Z", "2026-03-01T05:00:00Z",
                  "2026-04-01T04:00:00Z");
    assert_period(PERIOD_QUARTER, &new_york, 0, "2026-10-02T00:00:00Z", "2026-10-01T04:00:00Z",
                  "2027-01-01T05:00:00Z");
}

/* Of São Paulo's 4 November 2018 midnight was jumped over: the day begins at the jump. */
static void test_a_day_without_midnight(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, -3 * 3600000},
                                    {at_of("2018-11-04T03:00:00Z"), -2 * 3600000}};
    const struct zone z = {.changes = changes, .count = 2};
    assert_period(PERIOD_DAY, &z, 0, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z",
                  "2018-11-05T02:00:00Z");
    assert_period(PERIOD_DAY, &z, 0, "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z",
                  "2018-11-04T03:00:00Z");
}

/* Apia had no 30 December 2011 at all. */
static void test_a_day_that_is_left_out(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, -10 * 3600000},
                                    {at_of("2011-12-30T10:00:00Z"), 14 * 3600000}};
    const struct zone z = {.changes = changes, .count = 2};
    assert_period(PERIOD_DAY, &z, 0, "2011-12-30T09:00:00Z", "2011-12-29T10:00:00Z",
                  "2011-12-30T10:00:00Z");
    assert_period(PERIOD_DAY, &z, 0, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z",
                  "2011-12-31T10:00:00Z");
    assert_period(PERIOD_MONTH, &z, 0, "2011-12-30T12:00:00Z", "2011-12-01T10:00:00Z",
                  "2011-12-31T10:00:00Z");
}

/* Every instant is in exactly the period that it says. */
static void test_periods_follow_each_other(void **state) {
    (void)state;
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 3000; round++) {
        struct zone_change changes[4] = {{INSTANT_NONE, 0}};
        int64_t change_at = 1700000000000;
        for (int i = 0; i < 4; i++) {
            changes[i].offset_ms = (int32_t)((int64_t)rng_below(&rng, 105) - 52) * 900000;
            changes[i].from_at = i == 0 ? INSTANT_NONE : change_at;
            change_at += instant_floor((int64_t)rng_below(&rng, 90 * DAY_MS) + DAY_MS, 900000);
        }
        const struct zone z = {.changes = changes, .count = 4};
        enum period p = (enum period)rng_below(&rng, PERIOD_COUNT);
        unsigned week_starts = (unsigned)rng_below(&rng, 7);
        int64_t at = 1690000000000 + (int64_t)rng_below(&rng, 400 * DAY_MS);
        int64_t start = period_start(p, &z, week_starts, at);
        int64_t end = period_end(p, &z, week_starts, at);
        assert_true(start <= at && at < end);
        assert_int_equal(period_start(p, &z, week_starts, start), start);
        assert_int_equal(period_start(p, &z, week_starts, end - 1), start);
        assert_int_equal(period_start(p, &z, week_starts, end), end);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc),
        cmocka_unit_test(test_across_changes_of_the_clocks),
        cmocka_unit_test(test_a_day_without_midnight),
        cmocka_unit_test(test_a_day_that_is_left_out),
        cmocka_unit_test(test_periods_follow_each_other),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
