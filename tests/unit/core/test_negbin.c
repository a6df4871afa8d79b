/* Are the tails right where alerts are decided: far out, for small counts and for a million? */
#include "core/negbin.h"

#include <math.h>
#include <stdio.h>

#include "base/property.h"
#include "core/negbin_vectors.h"

static void expect_near(double value, double expected, double relative, const char *what,
                        const struct negbin_vector *v) {
    if (fabs(value - expected) <= relative * expected || expected < 1e-300)
        return;
    fail_msg("%s at mean %.17g, size %g, k %lld: %.17g instead of %.17g", what, v->mean, v->size,
             (long long)v->k, value, expected);
}

static void vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(negbin_vectors) / sizeof(negbin_vectors[0]); i++) {
        const struct negbin_vector *v = &negbin_vectors[i];
        expect_near(negbin_upper(v->mean, v->size, v->k), v->upper, 1e-10, "upper", v);
        expect_near(negbin_lower(v->mean, v->size, v->k), v->lower, 1e-10, "lower", v);
    }
}

/* What a three-sigma limit of Poisson costs when arrivals vary more: two significant digits. */
static void false_alarms_of_three_sigma(void **state) {
    (void)state;
    static const struct negbin_vector rows[] = {
        {20, NEGBIN_POISSON, 34, 2.7e-3, 0},   {20, 25, 34, 2.1e-2, 0},
        {100, NEGBIN_POISSON, 131, 1.7e-3, 0}, {100, 25, 131, 9.3e-2, 0},
        {5, NEGBIN_POISSON, 12, 5.5e-3, 0},    {5, 25, 12, 1.1e-2, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct negbin_vector *v = &rows[i];
        expect_near(negbin_upper(v->mean, v->size, v->k), v->upper, 0.02, "upper", v);
    }
}

static void edges(void **state) {
    (void)state;
    assert_true(negbin_upper(20, 25, 0) >= 1);
    assert_true(negbin_upper(20, 25, -5) >= 1);
    assert_true(negbin_lower(20, 25, -1) <= 0);
    assert_true(negbin_upper(0, 25, 1) <= 0); /* nothing expected: anything is too much */
    assert_true(negbin_upper(0, 25, 0) >= 1);
    assert_true(negbin_lower(0, NEGBIN_POISSON, 0) >= 1);
    assert_true(negbin_upper(20, 25, INT64_C(1) << 50) <= 0); /* below what a double holds */
    assert_int_equal(negbin_high(0, NEGBIN_POISSON, 1e-6), 1);
    assert_int_equal(negbin_low(0, NEGBIN_POISSON, 1e-6), -1);
    assert_int_equal(negbin_low(5, 25, 1e-3), -1); /* even 0 is not that rare */
    assert_int_equal(negbin_high(20, 25, 2), 0);
}

/* P(X = 0) and P(X <= k) by the definition of the mass, for sizes from crowded to Poisson. */
static void small_counts_are_sums_of_the_mass(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 2000; seed++) {
        struct rng r;
        rng_init(&r, seed);
        double mean = exp(rng_unit(&r) * 8 - 5);
        double size = exp(rng_unit(&r) * 14 - 4);
        double mass = exp(-size * log1p(mean / size));
        double sum = mass;
        for (int64_t k = 0; k < 40; k++) {
            REQUIRE(seed, fabs(negbin_lower(mean, size, k) - sum) < 1e-11);
            REQUIRE(seed, fabs(negbin_upper(mean, size, k + 1) - (1 - sum)) < 1e-11);
            mass *= (size + (double)k) / (double)(k + 1) * (mean / (size + mean));
            sum += mass;
        }
    }
}

static void a_large_size_comes_near_poisson(void **state) {
    (void)state;
    for (int exponent = 9; exponent < 300; exponent += 10) {
        double size = pow(10, exponent);
        double poisson = negbin_upper(100, NEGBIN_POISSON, 150);
        double near = negbin_upper(100, size, 150);
        assert_true(fabs(near / poisson - 1) < 1e5 / size + 1e-11);
    }
}

/* The threshold is where the tail crosses alpha, found by walking. */
static void thresholds_are_where_the_tail_crosses(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 500; seed++) {
        struct rng r;
        rng_init(&r, seed);
        double mean = exp(rng_unit(&r) * 13 - 2);
        double size = rng_below(&r, 4) == 0 ? NEGBIN_POISSON : exp(rng_unit(&r) * 10 - 2);
        double alpha = exp(-rng_unit(&r) * 30);
        int64_t high = negbin_high(mean, size, alpha);
        REQUIRE(seed, negbin_upper(mean, size, high) < alpha);
        REQUIRE(seed, high == 0 || negbin_upper(mean, size, high - 1) >= alpha);
        int64_t low = negbin_low(mean, size, alpha);
        REQUIRE(seed, low == -1 || negbin_lower(mean, size, low) < alpha);
        REQUIRE(seed, negbin_lower(mean, size, low + 1) >= alpha);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(false_alarms_of_three_sigma),
        cmocka_unit_test(edges),
        cmocka_unit_test(small_counts_are_sums_of_the_mass),
        cmocka_unit_test(a_large_size_comes_near_poisson),
        cmocka_unit_test(thresholds_are_where_the_tail_crosses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
