/* Are Wilson's bounds those of the literature (R. G. Newcombe, "Two-sided confidence intervals for
 * the single proportion", 1998, table I, method 3)? */
#include "core/wilson.h"

#include <math.h>

#include "base/property.h"

static void deviations_of_the_usual_shares(void **state) {
    (void)state;
    static const double known[][2] = {{0.5, 0.674489750196},
                                      {0.9, 1.644853626951},
                                      {0.95, 1.959963984540},
                                      {0.99, 2.575829303549},
                                      {0.999, 3.290526731492}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_true(fabs(wilson_deviations(known[i][0]) - known[i][1]) < 1e-11);
}

static void bounds_are_those_of_the_literature(void **state) {
    (void)state;
    static const struct {
        int64_t k, n;
        double low, high;
    } known[] = {{81, 263, 0.2553, 0.3662},
                 {15, 148, 0.0624, 0.1605},
                 {0, 20, 0, 0.1611},
                 {1, 29, 0.0061, 0.1718}};
    double deviations = wilson_deviations(0.95);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct wilson bounds = wilson_bounds(known[i].k, known[i].n, deviations);
        assert_true(fabs(bounds.low - known[i].low) < 5e-5);
        assert_true(fabs(bounds.high - known[i].high) < 5e-5);
        struct wilson other = wilson_bounds(known[i].n - known[i].k, known[i].n, deviations);
        assert_true(fabs(other.low - (1 - bounds.high)) < 1e-12);
        assert_true(fabs(other.high - (1 - bounds.low)) < 1e-12);
    }
}

/* Each bound is where the share itself would be just as many deviations away. */
static void bounds_solve_their_equation(void **state) {
    (void)state;
    for (int64_t n = 1; n < 400; n += 7) {
        for (int64_t k = 0; k <= n; k++) {
            double z = 0.5 + (double)(k % 5), share = (double)k / (double)n;
            struct wilson bounds = wilson_bounds(k, n, z);
            assert_true(bounds.low >= 0 && bounds.low <= share && share <= bounds.high &&
                        bounds.high <= 1);
            for (int i = 0; i < 2; i++) {
                double p = i ? bounds.high : bounds.low;
                double away = (share - p) * (share - p) - z * z * p * (1 - p) / (double)n;
                assert_true(fabs(away) < 1e-12);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviations_of_the_usual_shares),
        cmocka_unit_test(bounds_are_those_of_the_literature),
        cmocka_unit_test(bounds_solve_their_equation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
