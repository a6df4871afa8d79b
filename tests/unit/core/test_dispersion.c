/* Is the variation of counts known for each length of time, whatever varies together? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/instant.h"
#include "base/property.h"
#include "core/dispersion.h"
#include "random_counts.h"

#define WEEKS 6
#define QUARTERS (WEEKS * 672)
#define MEAN 60.0
#define SURE 1e6 /* a mean of so many weeks is known */

static void learn_quarter(struct dispersion *d, struct rng *r, double rate) {
    int64_t parts[DISPERSION_PARTS];
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        parts[i] = random_poisson(r, MEAN * rate / DISPERSION_PARTS);
    static const double means[DISPERSION_PARTS] = {MEAN / 3, MEAN / 3, MEAN / 3};
    dispersion_learn(d, parts, means, SURE);
}

/* The rate is one gamma factor of CV2 0.04 for so many quarters at a time; 0: it does not vary. */
static void learn_weeks(struct dispersion *d, struct rng *r, int together) {
    double rate = 1;
    dispersion_init(d);
    for (int i = 0; i < QUARTERS; i++) {
        if (together && i % together == 0)
            rate = random_gamma(r, 25);
        learn_quarter(d, r, rate);
    }
}

static bool about(double found, double right) {
    return found > right * 0.75 && found < right * 1.35;
}

static void quarters_that_vary_by_themselves(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct dispersion d;
    rng_init(&r, seed);
    learn_weeks(&d, &r, 1);
    REQUIRE(seed, about(dispersion_cv2(&d, 5 * MINUTE_MS), 0.04));
    REQUIRE(seed, about(dispersion_cv2(&d, 15 * MINUTE_MS), 0.04));
    REQUIRE(seed, about(dispersion_cv2(&d, HOUR_MS), 0.01));
    REQUIRE(seed, dispersion_cv2(&d, DAY_MS) < 0.004);
    REQUIRE(seed, dispersion_independent_cv2(&d) < 0.1);
}

static void hours_that_vary_as_a_whole(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct dispersion d;
    rng_init(&r, seed);
    learn_weeks(&d, &r, 16);
    REQUIRE(seed, about(dispersion_cv2(&d, 15 * MINUTE_MS), 0.04));
    REQUIRE(seed, about(dispersion_cv2(&d, HOUR_MS), 0.04));
    /* Between two lengths that are kept: between their figures. */
    double between = dispersion_cv2(&d, 2 * HOUR_MS);
    REQUIRE(seed, between <= dispersion_cv2(&d, HOUR_MS) + 1e-9);
    REQUIRE(seed, between >= dispersion_cv2(&d, 4 * HOUR_MS) - 1e-9);
    /* Sixteen quarters together vary as much as one: each for itself it would be far more. */
    REQUIRE(seed, dispersion_independent_cv2(&d) > 0.04 * 16 / 2);
}

static void chance_alone_is_next_to_nothing(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct dispersion d;
    rng_init(&r, seed);
    learn_weeks(&d, &r, 0);
    REQUIRE(seed, dispersion_cv2(&d, 15 * MINUTE_MS) < 0.006);
    REQUIRE(seed, dispersion_cv2(&d, HOUR_MS) < 0.006);
}

static void one_wild_hour_tells_little(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    struct dispersion d;
    rng_init(&r, seed);
    learn_weeks(&d, &r, 1);
    double before = dispersion_cv2(&d, 15 * MINUTE_MS);
    for (int i = 0; i < 4; i++)
        learn_quarter(&d, &r, 50);
    REQUIRE(seed, dispersion_cv2(&d, 15 * MINUTE_MS) < before * 1.2);
}

/* What is not known at all is assumed; what was passed over is in no hour. */
static void little_known_and_not_known(void **state) {
    (void)state;
    struct dispersion d;
    dispersion_init(&d);
    assert_true(dispersion_cv2(&d, 15 * MINUTE_MS) >= 0.04);
    assert_true(dispersion_cv2(&d, 15 * MINUTE_MS) < 0.05);
    struct rng r;
    rng_init(&r, 5);
    for (int i = 0; i < 3; i++)
        learn_quarter(&d, &r, 1);
    dispersion_skip(&d);
    for (int i = 0; i < 3; i++)
        learn_quarter(&d, &r, 1);
    assert_true(d.scales[DISPERSION_15M].samples > 5);
    assert_true(d.scales[DISPERSION_1H].samples == 0);
    learn_quarter(&d, &r, 1);
    assert_true(d.scales[DISPERSION_1H].samples == 1);
}

static void saved_and_loaded(void **state) {
    (void)state;
    struct rng r;
    struct dispersion d;
    struct dispersion back;
    rng_init(&r, 3);
    learn_weeks(&d, &r, 4);
    struct buf b;
    buf_init(&b);
    dispersion_save(&d, &b);
    dispersion_init(&back);
    struct cursor c = cursor_of(buf_slice(&b));
    dispersion_load(&back, &c);
    assert_true(!c.failed && c.at == c.end);
    assert_memory_equal(d.recent, back.recent, sizeof(d.recent));
    assert_true(dispersion_cv2(&d, DAY_MS) == dispersion_cv2(&back, DAY_MS));
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarters_that_vary_by_themselves),
        cmocka_unit_test(hours_that_vary_as_a_whole),
        cmocka_unit_test(chance_alone_is_next_to_nothing),
        cmocka_unit_test(one_wild_hour_tells_little),
        cmocka_unit_test(little_known_and_not_known),
        cmocka_unit_test(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
