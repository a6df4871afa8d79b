/* Are local multiples found across changes of the clock, in either direction? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/zone.h"

static int64_t at_of(const char *text) {
    int64_t at;
    struct err err;
    if (!instant_parse(slice_of(text), &at, &err))
        fail_msg("%s", err.text);
    return at;
}

static struct zone zone_of(struct zone_change *changes, size_t count) {
    return (struct zone){.name = SLICE("test"), .changes = changes, .count = count};
}

static void assert_floor(const struct zone *z, const char *at, int64_t step_ms,
                         const char *expected) {
    char found[32];
    char wanted[32];
    instant_format(zone_floor(z, at_of(at), step_ms), found);
    instant_format(at_of(expected), wanted);
    assert_string_equal(found, wanted);
}

static void test_no_changes_is_utc(void **state) {
    (void)state;
    struct zone utc = {0};
    assert_int_equal(zone_offset_ms(&utc, 0), 0);
    assert_floor(&utc, "2026-03-01T15:44:59Z", DAY_MS, "2026-03-01T00:00:00Z");
    assert_int_equal(zone_floor(&utc, -1, DAY_MS), -DAY_MS);
}

/* New York 2026: -5 h, from 8 March 07:00Z -4 h, from 1 November 06:00Z -5 h. */
static void test_new_york(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, -5 * 3600000},
                                    {at_of("2026-03-08T07:00:00Z"), -4 * 3600000},
                                    {at_of("2026-11-01T06:00:00Z"), -5 * 3600000}};
    struct zone z = zone_of(changes, 3);
    assert_int_equal(zone_offset_ms(&z, at_of("2026-03-08T06:59:59Z")), -5 * 3600000);
    assert_int_equal(zone_offset_ms(&z, at_of("2026-03-08T07:00:00Z")), -4 * 3600000);
    assert_floor(&z, "2026-03-08T16:00:00Z", DAY_MS, "2026-03-08T05:00:00Z");
    assert_floor(&z, "2026-03-08T07:10:00Z", HOUR_MS, "2026-03-08T07:00:00Z");
    assert_floor(&z, "2026-11-01T20:00:00Z", DAY_MS, "2026-11-01T04:00:00Z");
    /* 01:30 comes twice. */
    assert_floor(&z, "2026-11-01T05:40:00Z", 30 * MINUTE_MS, "2026-11-01T05:30:00Z");
    assert_floor(&z, "2026-11-01T06:40:00Z", 30 * MINUTE_MS, "2026-11-01T06:30:00Z");
    assert_floor(&z, "2026-11-01T06:10:00Z", HOUR_MS, "2026-11-01T06:00:00Z");
}

/* São Paulo 2018: 4 November 00:00 became 01:00, so that day has no midnight. */
static void test_a_day_without_midnight_begins_at_the_jump(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, -3 * 3600000},
                                    {at_of("2018-11-04T03:00:00Z"), -2 * 3600000}};
    struct zone z = zone_of(changes, 2);
    assert_floor(&z, "2018-11-04T15:00:00Z", DAY_MS, "2018-11-04T03:00:00Z");
    assert_floor(&z, "2018-11-04T02:59:59Z", DAY_MS, "2018-11-03T03:00:00Z");
    assert_floor(&z, "2018-11-05T01:59:59Z", DAY_MS, "2018-11-04T03:00:00Z");
}

/* St John's until 2011: 00:01 became 23:01 of the day before; the day does not begin twice. */
static void test_a_jump_back_over_midnight(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, -9000000},
                                    {at_of("2010-11-07T02:31:00Z"), -12600000}};
    struct zone z = zone_of(changes, 2);
    assert_floor(&z, "2010-11-07T02:30:30Z", DAY_MS, "2010-11-07T02:30:00Z");
    assert_floor(&z, "2010-11-07T02:45:00Z", DAY_MS, "2010-11-07T02:30:00Z");
    assert_floor(&z, "2010-11-07T03:40:00Z", DAY_MS, "2010-11-07T03:30:00Z");
}

/* Lord Howe: 02:00 became 01:30; at the second 01:45 the last full hour is 01:00 before it. */
static void test_a_jump_back_by_half_an_hour(void **state) {
    (void)state;
    struct zone_change changes[] = {{INSTANT_NONE, 11 * 3600000},
                                    {at_of("2026-04-04T15:00:00Z"), 10 * 3600000 + 1800000}};
    struct zone z = zone_of(changes, 2);
    assert_floor(&z, "2026-04-04T15:15:00Z", HOUR_MS, "2026-04-04T14:00:00Z");
    assert_floor(&z, "2026-04-04T15:15:00Z", 30 * MINUTE_MS, "2026-04-04T15:00:00Z");
    assert_floor(&z, "2026-04-04T15:40:00Z", HOUR_MS, "2026-04-04T15:30:00Z");
}

/* Oracle: walk back minute by minute to the last place where the local multiple changes. */
static int64_t naive_floor(const struct zone *z, int64_t at, int64_t step_ms) {
    for (int64_t m = instant_floor(at, MINUTE_MS);; m -= MINUTE_MS) {
        int64_t local = m + zone_offset_ms(z, m);
        int64_t before = m - 1 + zone_offset_ms(z, m - 1);
        if (local % step_ms == 0 || instant_floor(before, step_ms) < instant_floor(local, step_ms))
            return m;
    }
}

static void test_against_a_walk(void **state) {
    (void)state;
    struct rng rng;
    rng_init(&rng, 20261122);
    const int64_t steps[] = {15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, DAY_MS};
    for (int round = 0; round < 2000; round++) {
        struct zone_change changes[4] = {{INSTANT_NONE, 0}};
        int64_t at = instant_floor(1700000000000, DAY_MS);
        for (int i = 0; i < 4; i++) {
            changes[i].offset_ms = (int32_t)((int64_t)rng_below(&rng, 105) - 52) * 900000;
            changes[i].from_at = i == 0 ? INSTANT_NONE : at;
            /* Every other zone changes at quarters of an hour, as real ones do. */
            at += ((int64_t)rng_below(&rng, 4000) + 1) * (round % 2 ? MINUTE_MS : 15 * MINUTE_MS);
        }
        struct zone z = zone_of(changes, 4);
        int64_t from = changes[1].from_at - DAY_MS;
        int64_t probe = from + (int64_t)rng_below(&rng, (round % 2 ? 8 : 120) * DAY_MS);
        int64_t step_ms = steps[rng_below(&rng, 4)];
        if (zone_floor(&z, probe, step_ms) != naive_floor(&z, probe, step_ms))
            fail_msg("round %d: at %lld, step %lld: %lld, not %lld", round, (long long)probe,
                     (long long)step_ms, (long long)zone_floor(&z, probe, step_ms),
                     (long long)naive_floor(&z, probe, step_ms));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_changes_is_utc),
        cmocka_unit_test(test_new_york),
        cmocka_unit_test(test_a_day_without_midnight_begins_at_the_jump),
        cmocka_unit_test(test_a_jump_back_over_midnight),
        cmocka_unit_test(test_a_jump_back_by_half_an_hour),
        cmocka_unit_test(test_against_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
