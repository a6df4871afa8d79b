/* Wilson's score interval: between which bounds the true share lies, given k of n (E. B. Wilson,
 * "Probable inference, the law of succession, and statistical inference", 1927). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WILSON_CONFIDENCE 0.95              /* where nothing else is asked for */
#define WILSON_DEVIATIONS 1.959963984540054 /* the deviations of that */

struct wilson {
    double low, high; /* 0 <= low <= k/n <= high <= 1 */
};

/* How many standard deviations hold this share of a normal distribution, on both sides of its
 * middle; confidence in (0, 1), to 1e-12. */
double wilson_deviations(double confidence);

/* Two-sided bounds of k of n at so many standard deviations; 0 <= k <= n, n > 0. */
struct wilson wilson_bounds(int64_t k, int64_t n, double deviations);
