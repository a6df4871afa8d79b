/* Does the sum run as long as it should by chance, and rise as soon as it can? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/cusum.h"
#include "core/negbin.h"

#include <math.h>

#define STATES_MAX 20
#define COUNT_MOST 200 /* beyond it a count of mean 30 does not come */

static double mass(double mean, double size, int64_t count) {
    if ((double)count < mean) /* the small tail keeps its digits */
        return negbin_lower(mean, size, count) - negbin_lower(mean, size, count - 1);
    return negbin_upper(mean, size, count) - negbin_upper(mean, size, count + 1);
}

/* Gauss; the matrix has the right side as its last column. */
static void solve(double m[STATES_MAX][STATES_MAX + 1], int n) {
    for (int i = 0; i < n; i++)
        for (int row = 0; row < n; row++) {
            if (row == i)
                continue;
            double part = m[row][i] / m[i][i];
            for (int col = i; col <= n; col++)
                m[row][col] -= part * m[i][col];
        }
    for (int i = 0; i < n; i++)
        m[i][n] /= m[i][i];
}

/* The mean number of intervals until S >= h: with a whole k the sum is one of h states. */
static double run_length(double mean, double k, int h) {
    double m[STATES_MAX][STATES_MAX + 1] = {0};
    for (int from = 0; from < h; from++) {
        m[from][from] += 1;
        m[from][h] = 1;
        for (int64_t count = 0; count < COUNT_MOST; count++) {
            int to = (int)cusum_step(from, (double)count, k);
            if (to < h)
                m[from][to] -= mass(mean, NEGBIN_POISSON, count);
        }
    }
    solve(m, h);
    return m[0][h];
}

/* domain.md 5.8: Poisson, mean 20 or 30, k = 25. */
static void golden_run_lengths(void **state) {
    (void)state;
    static const struct {
        int h;
        double usual, raised;
    } golden[] = {{8, 134, 2.29},   {10, 316, 2.68},   {12, 752, 3.08},
                  {15, 2771, 3.69}, {18, 10138, 4.29}, {20, 24007, 4.69}};
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        double usual = run_length(20, 25, golden[i].h);
        double raised = run_length(30, 25, golden[i].h);
        assert_true(fabs(usual - golden[i].usual) <= 0.5 + 1e-4 * golden[i].usual);
        assert_true(fabs(raised - golden[i].raised) <= 0.006);
    }
}

static void reference_of_poisson_counts(void **state) {
    (void)state;
    struct cusum test = cusum_of(20, 30, NEGBIN_POISSON);
    assert_true(fabs(test.reference - 10 / log(1.5)) < 1e-12);
    assert_true(fabs(test.slope - log(1.5)) < 1e-12);
    struct cusum near = cusum_of(20, 30, 1e9);
    assert_true(fabs(near.reference - test.reference) < 1e-5);
}

/* The log likelihood ratio of each count, by the probabilities themselves. */
static void is_the_likelihood_ratio(void **state) {
    (void)state;
    static const double sizes[] = {2, 25, 400};
    for (size_t i = 0; i < 3; i++)
        for (int64_t count = 0; count < 60; count += 7) {
            struct cusum test = cusum_of(20, 30, sizes[i]);
            double ratio = log(mass(30, sizes[i], count) / mass(20, sizes[i], count));
            assert_true(fabs(test.slope * ((double)count - test.reference) - ratio) < 1e-6);
        }
}

static void never_below_nothing(void **state) {
    (void)state;
    assert_true(cusum_step(3, 10, 25) == 0);
    assert_true(cusum_step(3, 30, 25) == 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_run_lengths),
        cmocka_unit_test(reference_of_poisson_counts),
        cmocka_unit_test(is_the_likelihood_ratio),
        cmocka_unit_test(never_below_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
