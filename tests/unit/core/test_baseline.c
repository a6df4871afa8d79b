/* Does the baseline learn what a week brings, in local time, and stay with it when shocked? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/property.h"
#include "core/baseline.h"
#include "core/negbin.h"
#include "random_counts.h"

#define MONDAY INT64_C(1767571200000) /* 2026-01-05T00:00Z */

static const struct zone utc = {.name = {"UTC", 3}};

static int64_t near(double value) {
    return (int64_t)(value + 0.5);
}

static bool expect_slot(const struct baseline *b, const struct zone *z, int64_t at,
                        struct expectation *e) {
    return baseline_expect(b, z, at, at + BASELINE_SLOT_MS, e);
}

/* A slot of a usual week, the same in each third of it as far as that goes. */
static void learn(struct baseline *b, const struct zone *z, int64_t at, int64_t count) {
    int64_t third = count / DISPERSION_PARTS;
    int64_t parts[DISPERSION_PARTS] = {third, third, count - 2 * third};
    baseline_learn(b, z, at, parts, true);
}

static void learn_week(struct baseline *b, const struct zone *z, int64_t from, int64_t count) {
    for (int64_t at = from; at < from + BASELINE_WEEK_MS; at += BASELINE_SLOT_MS)
        learn(b, z, at, count);
}

static void by_the_day_until_there_are_two_weeks(void **state) {
    (void)state;
    struct baseline b;
    struct expectation e;
    baseline_init(&b, MONDAY);
    assert_false(expect_slot(&b, &utc, MONDAY, &e));
    for (int i = 0; i < BASELINE_DAY_SLOTS; i++)
        learn(&b, &utc, b.learned_at, 20);
    assert_false(expect_slot(&b, &utc, MONDAY, &e));
    for (int i = 0; i < BASELINE_DAY_SLOTS; i++)
        learn(&b, &utc, b.learned_at, 30);
    assert_true(expect_slot(&b, &utc, MONDAY, &e));
    assert_int_equal(e.kind, BASELINE_DAYS);
    assert_int_equal(near(e.mean), 30); /* the busiest day so far */
    while (b.learned_at < MONDAY + 3 * BASELINE_WEEK_MS)
        learn(&b, &utc, b.learned_at, 20);
    assert_true(expect_slot(&b, &utc, MONDAY + 3 * DAY_MS, &e));
    assert_int_equal(e.kind, BASELINE_WEEKS);
    assert_int_equal(near(e.mean), 20);
    /* However alike the weeks were: less sure than Poisson. */
    assert_true(e.size > 25 && e.size < 1000);
    baseline_deinit(&b);
}

static void learning_begins_with_a_whole_slot(void **state) {
    (void)state;
    struct baseline b;
    int64_t at;
    baseline_init(&b, MONDAY + 1);
    assert_false(baseline_due(&b, MONDAY + 2 * BASELINE_SLOT_MS - 1, &at));
    assert_true(baseline_due(&b, MONDAY + 2 * BASELINE_SLOT_MS, &at));
    assert_int_equal(at, MONDAY + BASELINE_SLOT_MS);
    baseline_skip(&b, at);
    assert_false(baseline_due(&b, MONDAY + 2 * BASELINE_SLOT_MS, &at));
    baseline_deinit(&b);
}

static void windows_take_their_share_of_slots(void **state) {
    (void)state;
    struct baseline b;
    struct expectation e;
    baseline_init(&b, MONDAY);
    for (int week = 0; week < 2; week++) {
        for (int64_t i = 0; i < BASELINE_SLOTS; i++)
            learn(&b, &utc, b.learned_at, i % 2 ? 30 : 60);
    }
    assert_true(baseline_expect(&b, &utc, MONDAY + 10 * MINUTE_MS, MONDAY + 20 * MINUTE_MS, &e));
    assert_int_equal(near(e.mean), 30); /* a third of 60 and a third of 30 */
    assert_true(baseline_expect(&b, &utc, MONDAY, MONDAY + HOUR_MS, &e));
    assert_int_equal(near(e.mean), 180);
    baseline_deinit(&b);
}

/* Busy from 9 to 10 local time; the clock goes back an hour in the third week. */
/* The last call of a day is taken at five past: what comes then is not spread over the quarter. */
static void closing_time_lies_within_a_slot(void **state) {
    (void)state;
    struct baseline b;
    struct expectation e;
    struct rng r;
    rng_init(&r, 8);
    baseline_init(&b, MONDAY);
    while (b.learned_at < MONDAY + 3 * BASELINE_WEEK_MS) {
        int64_t hour = b.learned_at % DAY_MS / HOUR_MS;
        bool closing = b.learned_at % DAY_MS == 21 * HOUR_MS;
        int64_t parts[DISPERSION_PARTS] = {0};
        for (size_t i = 0; i < DISPERSION_PARTS; i++)
            if ((hour >= 7 && hour < 21) || (closing && i == 0))
                parts[i] = random_poisson(&r, 50);
        baseline_learn(&b, &utc, b.learned_at, parts, true);
    }
    int64_t at = MONDAY + 3 * BASELINE_WEEK_MS + 21 * HOUR_MS;
    assert_true(baseline_expect(&b, &utc, at, at + 5 * MINUTE_MS, &e));
    assert_true(e.mean > 40 && e.mean < 60);
    assert_true(baseline_expect(&b, &utc, at + 5 * MINUTE_MS, at + 10 * MINUTE_MS, &e));
    assert_true(e.mean < 3);
    /* An ordinary quarter is shared evenly, whatever chance did. */
    int even = 0;
    for (int64_t slot = at - 14 * HOUR_MS; slot < at; slot += BASELINE_SLOT_MS) {
        struct expectation third;
        assert_true(expect_slot(&b, &utc, slot, &e));
        assert_true(baseline_expect(&b, &utc, slot, slot + 5 * MINUTE_MS, &third));
        even += third.mean * 3 > e.mean * 0.999 && third.mean * 3 < e.mean * 1.001;
    }
    assert_true(even >= 48);
    baseline_deinit(&b);
}

static void slots_follow_local_time(void **state) {
    (void)state;
    int64_t change_at = MONDAY + 2 * BASELINE_WEEK_MS;
    struct zone_change changes[] = {{INSTANT_NONE, -4 * HOUR_MS}, {change_at, -5 * HOUR_MS}};
    struct zone zone = {.name = {"X", 1}, .changes = changes, .count = 2};
    struct baseline b;
    struct expectation e;
    baseline_init(&b, MONDAY);
    while (b.learned_at < change_at) {
        int64_t local = b.learned_at - 4 * HOUR_MS;
        int64_t hour = (local - instant_floor(local, DAY_MS)) / HOUR_MS;
        learn(&b, &zone, b.learned_at, hour == 9 ? 50 : 5);
    }
    assert_true(expect_slot(&b, &zone, change_at + 14 * HOUR_MS, &e));
    assert_int_equal(near(e.mean), 50);
    assert_true(expect_slot(&b, &zone, change_at + 13 * HOUR_MS, &e));
    assert_int_equal(near(e.mean), 5);
    baseline_deinit(&b);
}

static void one_wild_day_pulls_little(void **state) {
    (void)state;
    struct baseline b;
    struct expectation e;
    baseline_init(&b, MONDAY);
    for (int week = 0; week < 6; week++)
        learn_week(&b, &utc, b.learned_at, 20);
    for (int i = 0; i < BASELINE_SLOTS; i++)
        learn(&b, &utc, b.learned_at, i < BASELINE_DAY_SLOTS ? 2000 : 20);
    assert_true(expect_slot(&b, &utc, MONDAY, &e));
    assert_true(e.mean < 27);
    baseline_deinit(&b);
}

static void variation_is_learned(void **state) {
    (void)state;
    static const struct {
        int size;
        double least, most;
    } cases[] = {{25, 17, 35}, {5, 3.5, 7}, {100, 45, 300}};
    uint64_t seed = property_first_seed();
    for (size_t i = 0; i < 3; i++) {
        struct rng r;
        rng_init(&r, seed);
        struct baseline b;
        struct expectation e;
        baseline_init(&b, MONDAY);
        for (int n = 0; n < 12 * BASELINE_SLOTS; n++)
            learn(&b, &utc, b.learned_at, random_poisson(&r, 40 * random_gamma(&r, cases[i].size)));
        double sum = 0;
        for (int64_t at = 0; at < BASELINE_WEEK_MS; at += BASELINE_SLOT_MS) {
            assert_true(expect_slot(&b, &utc, at, &e));
            /* Without the doubt about the mean, which is a ninth of the variance. */
            double variance = (e.mean + e.mean * e.mean / e.size) * 9 / 10;
            sum += e.mean * e.mean / (variance - e.mean) / BASELINE_SLOTS;
        }
        REQUIRE(seed, sum > cases[i].least && sum < cases[i].most);
        baseline_deinit(&b);
    }
}

static void empty_slots_are_not_impossible(void **state) {
    (void)state;
    struct baseline b;
    struct expectation e;
    baseline_init(&b, MONDAY);
    for (int week = 0; week < 3; week++)
        learn_week(&b, &utc, b.learned_at, 0);
    assert_true(expect_slot(&b, &utc, MONDAY, &e));
    assert_true(e.mean > 0 && e.mean < 0.5);
    double p = negbin_upper(e.mean, e.size, 1);
    assert_true(p > 0.05 && p < 0.5);
    baseline_deinit(&b);
}

/* domain 5.7: how often a 3-sigma Poisson limit cries wolf, and what over-dispersion makes of
 * it. */
static void golden_false_alarm_rates(void **state) {
    (void)state;
    static const struct {
        double mean;
        int64_t limit;
        double poisson, dispersed;
    } golden[] = {{20, 34, 2.7e-3, 2.1e-2}, {100, 131, 1.7e-3, 9.3e-2}, {5, 12, 5.5e-3, 1.1e-2}};
    for (size_t i = 0; i < 3; i++) {
        double p = negbin_upper(golden[i].mean, __builtin_inf(), golden[i].limit);
        double q = negbin_upper(golden[i].mean, 25, golden[i].limit);
        assert_true(p > golden[i].poisson * 0.97 && p < golden[i].poisson * 1.03);
        assert_true(q > golden[i].dispersed * 0.95 && q < golden[i].dispersed * 1.05);
    }
    struct expectation flat = baseline_flat(40, 15 * MINUTE_MS, HOUR_MS);
    assert_true(flat.mean == 160 && flat.size == 25);
}

/* Passed over once, also by who was loaded in between. */
static void what_lacks_twice_is_learned(void **state) {
    (void)state;
    struct baseline b;
    struct baseline back;
    struct buf saved;
    baseline_init(&b, MONDAY);
    learn_week(&b, &utc, b.learned_at, 20);
    assert_true(baseline_skip_lacking(&b, &utc, b.learned_at));
    for (int i = 1; i < BASELINE_SLOTS; i++)
        learn(&b, &utc, b.learned_at, 20);
    buf_init(&saved);
    baseline_save(&b, &saved);
    baseline_init(&back, 0);
    struct cursor c = cursor_of(buf_slice(&saved));
    baseline_load(&back, &c);
    assert_false(baseline_skip_lacking(&back, &utc, back.learned_at));
    learn(&back, &utc, back.learned_at, 0);
    while (back.learned_at < MONDAY + 3 * BASELINE_WEEK_MS)
        learn(&back, &utc, back.learned_at, 20);
    assert_true(baseline_skip_lacking(&back, &utc, back.learned_at)); /* anew */
    baseline_deinit(&b);
    baseline_deinit(&back);
    buf_deinit(&saved);
}

static void saved_and_loaded(void **state) {
    (void)state;
    struct baseline b, back;
    struct buf first, second;
    buf_init(&first);
    buf_init(&second);
    baseline_init(&b, MONDAY);
    for (int round = 0; round < 2; round++) {
        buf_reset(&first);
        buf_reset(&second);
        baseline_save(&b, &first);
        baseline_init(&back, 0);
        struct cursor c = cursor_of(buf_slice(&first));
        baseline_load(&back, &c);
        assert_true(!c.failed && cursor_left(&c) == 0);
        baseline_save(&back, &second);
        assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
        baseline_deinit(&back);
        for (int i = 0; i < 3 * BASELINE_SLOTS; i++)
            learn(&b, &utc, b.learned_at, i % 37);
    }
    baseline_deinit(&b);
    buf_deinit(&first);
    buf_deinit(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_day_until_there_are_two_weeks),
        cmocka_unit_test(learning_begins_with_a_whole_slot),
        cmocka_unit_test(windows_take_their_share_of_slots),
        cmocka_unit_test(closing_time_lies_within_a_slot),
        cmocka_unit_test(slots_follow_local_time),
        cmocka_unit_test(one_wild_day_pulls_little),
        cmocka_unit_test(variation_is_learned),
        cmocka_unit_test(empty_slots_are_not_impossible),
        cmocka_unit_test(golden_false_alarm_rates),
        cmocka_unit_test(what_lacks_twice_is_learned),
        cmocka_unit_test(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
