/* Is a busy day known for one, and a busy quarter of an hour not taken for it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/property.h"
#include "core/level.h"
#include "random_counts.h"

#include <math.h>

#define DAY_QUARTERS 96
#define MEAN 40.0

/* A day at this level. */
static void learn_quarters(struct level *l, struct rng *r, double day, int count, int shape) {
    for (int i = 0; i < count; i++) {
        double rate = day * (shape ? random_gamma(r, shape) : 1);
        level_learn(l, (double)random_poisson(r, MEAN * rate), MEAN, shape ? 1.0 / shape : 0.001);
    }
}

static void learn_days(struct level *l, struct rng *r, int days, int day_shape, int shape) {
    for (int i = 0; i < days; i++) {
        level_new_day(l);
        learn_quarters(l, r, day_shape ? random_gamma(r, day_shape) : 1, DAY_QUARTERS, shape);
    }
}

static void noise_is_no_level(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct level l;
    rng_init(&r, seed);
    level_init(&l);
    assert_true(level_now(&l) == 1 && level_lagged(&l) == 1);
    learn_days(&l, &r, 14, 0, 25);
    for (int i = 0; i < 28 * DAY_QUARTERS; i++) {
        if (i % DAY_QUARTERS == 0)
            level_new_day(&l);
        learn_quarters(&l, &r, 1, 1, 25);
        REQUIRE(seed, fabs(level_now(&l) - 1) < 0.08);
    }
}

static void busy_days_are_seen_by_noon(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct level l;
    rng_init(&r, seed);
    level_init(&l);
    learn_days(&l, &r, 21, 25, 50);
    level_new_day(&l);
    REQUIRE(seed, level_now(&l) == 1 && level_lagged(&l) == 1);
    double unknown = level_unknown(&l);
    REQUIRE(seed, unknown > 0.008 && unknown < 0.12 && level_doubt(&l) == unknown);
    learn_quarters(&l, &r, 1.4, DAY_QUARTERS / 2, 50);
    REQUIRE(seed, fabs(level_now(&l) - 1.4) < 0.15);
    REQUIRE(seed, level_doubt(&l) < level_unknown(&l) / 3);
    double now = level_now(&l);
    learn_quarters(&l, &r, 1.4, LEVEL_LAG - 1, 50);
    REQUIRE(seed, (float)level_lagged(&l) == (float)now);
}

static void nothing_is_believed_beyond_a_factor_of_two(void **state) {
    (void)state;
    struct rng r;
    struct level l;
    rng_init(&r, 9);
    level_init(&l);
    learn_days(&l, &r, 21, 4, 50);
    level_new_day(&l);
    learn_quarters(&l, &r, 8, 40, 50);
    assert_true(level_now(&l) == 2);
    level_new_day(&l);
    learn_quarters(&l, &r, 0.05, 40, 50);
    assert_true(level_now(&l) == 0.5);
}

static void what_was_passed_over_fades(void **state) {
    (void)state;
    struct rng r;
    struct level l;
    rng_init(&r, 4);
    level_init(&l);
    learn_days(&l, &r, 21, 25, 50);
    level_new_day(&l);
    learn_quarters(&l, &r, 1.5, 40, 50);
    double samples = l.samples;
    double means = l.means;
    double now = level_now(&l);
    level_skip(&l);
    assert_true(level_now(&l) == now && l.samples == samples && l.means < means);
}

static void saved_and_loaded(void **state) {
    (void)state;
    struct rng r;
    struct level l;
    struct level back;
    rng_init(&r, 3);
    level_init(&l);
    learn_days(&l, &r, 20, 25, 50);
    learn_quarters(&l, &r, 1.3, 31, 50);
    struct buf b;
    buf_init(&b);
    level_save(&l, &b);
    level_init(&back);
    struct cursor c = cursor_of(buf_slice(&b));
    level_load(&back, &c);
    assert_true(!c.failed && c.at == c.end);
    struct rng same = r;
    learn_quarters(&l, &r, 1.3, 20, 50);
    learn_quarters(&back, &same, 1.3, 20, 50);
    assert_true(level_now(&l) == level_now(&back) && level_lagged(&l) == level_lagged(&back));
    assert_true(level_doubt(&l) == level_doubt(&back));
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_no_level),
        cmocka_unit_test(busy_days_are_seen_by_noon),
        cmocka_unit_test(nothing_is_believed_beyond_a_factor_of_two),
        cmocka_unit_test(what_was_passed_over_fades),
        cmocka_unit_test(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
