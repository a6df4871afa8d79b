/* What the rest of a period must bring, how fast misses come, and what is still to be expected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/property.h"
#include "core/outlook.h"
#include "core/volume.h"
#include "core/wilson.h"

#define TEST(name) cmocka_unit_test(name)

static bool near(double a, double b) {
    return fabs(a - b) < 1e-12;
}

/* domain.md 5.10 */
static void golden_10_needed_level(void **state) {
    (void)state;
    assert_true(near(outlook_needed(0.8, 200, 600, 450), 0.95));
    assert_true(near(outlook_needed(0.8, 150, 600, 450), 1.0));
    assert_false(outlook_needed(0.8, 150, 600, 450) > 1 + 1e-12);
    assert_true(fabs(outlook_needed(0.8, 140, 600, 450) - 1.0142857) < 1e-7);
    assert_true(near(outlook_needed(0.8, 200, 600, 480), 0.8));
    assert_true(outlook_needed(0.8, 200, 600, 640) <= 0); /* nothing of it need be good */
    assert_true(isinf(outlook_needed(0.8, 0, 600, 479)));
    assert_true(outlook_needed(0.8, 0, 600, 480) <= 0);
}

/* domain.md 5.10, and 3.3: never the fixed 14.4, which no target below 93 % can reach. */
static void golden_10_burn_ceiling(void **state) {
    (void)state;
    assert_true(near(outlook_burn_ceiling(0.8), 5));
    assert_true(near(outlook_burn_ceiling(0.9), 10));
    assert_true(near(outlook_burn_ceiling(0.95), 20));
    assert_true(near(outlook_burn(0.8, 0), 5) && near(outlook_burn(0.8, 0.8), 1));
    const double targets[] = {0.5, 0.8, 0.9, 0.95, 0.999};
    for (size_t i = 0; i < 5; i++) {
        for (unsigned p = 0; p < PERIOD_COUNT; p++) {
            const struct outlook_pace *paces;
            size_t count = outlook_paces((enum period)p, &paces);
            assert_true(count > 0);
            for (size_t k = 0; k < count; k++) {
                double burn = outlook_pace_burn(&paces[k], targets[i]);
                assert_true(burn > 1 && burn < outlook_burn_ceiling(targets[i]));
                double level = outlook_pace_level(&paces[k], targets[i]);
                assert_true(fabs(outlook_burn(targets[i], level) - burn) < 1e-9);
                assert_true(paces[k].short_ms < paces[k].long_ms);
            }
        }
    }
}

/* domain.md 3.3: for 80 % three times over 15 and 5 minutes, twice over 60 and 15, 1.2 times over
 * 24 hours and 4. */
static void thresholds_of_80_percent(void **state) {
    (void)state;
    const struct outlook_pace *day, *week;
    assert_int_equal(outlook_paces(PERIOD_DAY, &day), 2);
    assert_int_equal(outlook_paces(PERIOD_WEEK, &week), 3);
    assert_true(near(outlook_pace_burn(&day[0], 0.8), 3) && day[0].long_ms == 15 * MINUTE_MS);
    assert_true(near(outlook_pace_burn(&day[1], 0.8), 2) && day[1].short_ms == 15 * MINUTE_MS);
    assert_true(near(outlook_pace_burn(&week[2], 0.8), 1.2) && week[2].long_ms == DAY_MS);
    assert_true(near(outlook_pace_level(&day[0], 0.8), 0.4));
}

static void deviations_of_95_percent(void **state) {
    (void)state;
    assert_true(near(wilson_deviations(WILSON_CONFIDENCE), WILSON_DEVIATIONS));
}

/* New York: -5 h until 2026-03-08, -4 h then. */
static struct zone_change changes[] = {{INSTANT_NONE, -5 * 3600000},
                                       {INT64_C(1772953200000), -4 * 3600000}};
static const struct zone new_york = {{"America/New_York", 16}, changes, 2};

#define MONDAY (INT64_C(1772427600000)) /* 2026-03-02 00:00 there */

static void learn_until(struct volume *v, int64_t until, int64_t (*count)(int64_t at)) {
    int64_t from_at, to_at;
    while (volume_due(v, &new_york, until, &from_at, &to_at))
        volume_learn(v, &new_york, to_at, count(from_at));
}

/* By the local hour: ten an hour by day, 40 on a Monday at nine. */
static int64_t by_day(int64_t at) {
    int64_t local = at + zone_offset_ms(&new_york, at);
    int64_t hour = local / HOUR_MS % 24, day = (local / DAY_MS + 3) % 7;
    if (hour < 8 || hour >= 18)
        return 0;
    return day == 0 && hour == 9 ? 40 : 10;
}

static void a_week_is_learned(void **state) {
    (void)state;
    struct volume v;
    double expected;
    volume_init(&v, &new_york, MONDAY - 7 * DAY_MS - HOUR_MS / 2);
    assert_int_equal(v.learned_at, MONDAY - 7 * DAY_MS);
    volume_init(&v, &new_york, MONDAY - 7 * DAY_MS);
    assert_int_equal(v.learned_at, MONDAY - 7 * DAY_MS);
    learn_until(&v, MONDAY - DAY_MS, by_day);
    assert_false(volume_expect(&v, &new_york, MONDAY - DAY_MS, MONDAY, 0, &expected));
    assert_true(volume_expect(&v, &new_york, MONDAY - DAY_MS, MONDAY, 2, &expected));
    assert_true(near(expected, 48)); /* Sundays are unknown as yet */
    learn_until(&v, MONDAY, by_day);
    assert_true(volume_expect(&v, &new_york, MONDAY, MONDAY + DAY_MS, 0, &expected));
    assert_true(near(expected, 130));
    assert_true(volume_expect(&v, &new_york, MONDAY + 9 * HOUR_MS + 15 * MINUTE_MS, MONDAY + DAY_MS,
                              0, &expected));
    assert_true(near(expected, 30 + 80));
    /* To the end of the month: 30 days with a Sunday of 23 hours, five of them Mondays. */
    int64_t april = MONDAY + 30 * DAY_MS - HOUR_MS;
    assert_true(volume_expect(&v, &new_york, MONDAY, april, 0, &expected));
    assert_true(near(expected, 30 * 100 + 5 * 30));
    assert_int_equal(volume_reaches(&v, &new_york, MONDAY, april, 0, 30),
                     MONDAY + 9 * HOUR_MS + 30 * MINUTE_MS);
    assert_int_equal(volume_reaches(&v, &new_york, MONDAY, april, 0, 1e9), april);
}

static int64_t ten(int64_t at) {
    (void)at;
    return 10;
}

static int64_t sixty(int64_t at) {
    (void)at;
    return 60;
}

static void newer_weeks_weigh_a_fifth(void **state) {
    (void)state;
    struct volume v;
    double expected;
    volume_init(&v, &new_york, MONDAY - 6 * 7 * DAY_MS);
    learn_until(&v, MONDAY - 7 * DAY_MS, ten);
    learn_until(&v, MONDAY, sixty);
    assert_true(volume_expect(&v, &new_york, MONDAY, MONDAY + DAY_MS, 0, &expected));
    assert_true(near(expected, 24 * 20));
}

static void saved_and_loaded_it_is_the_same(void **state) {
    (void)state;
    struct volume v, w;
    volume_init(&v, &new_york, MONDAY);
    learn_until(&v, MONDAY + 3 * DAY_MS, by_day);
    struct buf b, again;
    buf_init(&b);
    buf_init(&again);
    volume_save(&v, &b);
    struct cursor c = cursor_of(buf_slice(&b));
    volume_load(&w, &c);
    assert_false(c.failed);
    assert_memory_equal(v.totals, w.totals, sizeof(v.totals));
    assert_memory_equal(v.unseen, w.unseen, sizeof(v.unseen));
    volume_save(&w, &again);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
    c = cursor_of((struct slice){b.at, b.size / 2});
    volume_load(&w, &c);
    assert_true(c.failed);
    buf_deinit(&b);
    buf_deinit(&again);
}

/* Hour by hour, by a straight loop over all that was learned. */
static void equals_a_straight_loop(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct volume v;
        double sums[7][24] = {0}, means[7][24] = {0};
        int weeks[7][24] = {0};
        int64_t from_at, to_at, until = MONDAY + (int64_t)rng_below(&r, 20 * 24) * HOUR_MS;
        volume_init(&v, &new_york, MONDAY - (int64_t)rng_below(&r, 20 * 24) * HOUR_MS);
        while (volume_due(&v, &new_york, until, &from_at, &to_at)) {
            int64_t count = (int64_t)rng_below(&r, 50);
            int64_t local = from_at + zone_offset_ms(&new_york, from_at);
            int64_t day = (local / DAY_MS + 3) % 7, hour = local / HOUR_MS % 24;
            weeks[day][hour]++;
            sums[day][hour] += (double)count;
            if (weeks[day][hour] <= 5)
                means[day][hour] = sums[day][hour] / weeks[day][hour];
            else
                means[day][hour] += ((double)count - means[day][hour]) / 5;
            volume_learn(&v, &new_york, to_at, count);
        }
        int64_t end = MONDAY + 40 * DAY_MS - HOUR_MS; /* in summer time */
        int64_t at = MONDAY + (int64_t)rng_below(&r, 6 * 24) * HOUR_MS;
        double straight = 0, expected;
        for (int64_t day = 0, t = at; t < end; t += HOUR_MS) {
            int64_t local = t + zone_offset_ms(&new_york, t);
            day = (local / DAY_MS + 3) % 7;
            int64_t hour = local / HOUR_MS % 24;
            straight += weeks[day][hour] ? means[day][hour] : 3;
        }
        /* The hour that is left out on March 8th is part of its day. */
        if (at < changes[1].from_at)
            straight += weeks[6][2] ? means[6][2] : 3;
        REQUIRE(seed, volume_expect(&v, &new_york, at, end, 3, &expected));
        bool today = at >= changes[1].from_at - 2 * HOUR_MS;
        REQUIRE(seed, today || fabs(expected - straight) < 0.5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(golden_10_needed_level),
        TEST(golden_10_burn_ceiling),
        TEST(thresholds_of_80_percent),
        TEST(deviations_of_95_percent),
        TEST(a_week_is_learned),
        TEST(newer_weeks_weigh_a_fifth),
        TEST(saved_and_loaded_it_is_the_same),
        TEST(equals_a_straight_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
