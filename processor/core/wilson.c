#include "core/wilson.h"

#include <math.h>

#include "base/check.h"

#define DEVIATIONS_MAX 10.0 /* beyond what a double tells from certainty */

double wilson_deviations(double confidence) {
    CHECK(confidence > 0 && confidence < 1);
    double low = 0, high = DEVIATIONS_MAX;
    while (high - low > 1e-13) {
        double middle = low + (high - low) / 2;
        if (erf(middle / sqrt(2)) < confidence)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

struct wilson wilson_bounds(int64_t k, int64_t n, double deviations) {
    CHECK(n > 0 && k >= 0 && k <= n);
    double size = (double)n, share = (double)k / size;
    double square = deviations * deviations;
    double whole = 1 + square / size;
    double middle = (share + square / (2 * size)) / whole;
    double half = deviations / whole *
                  sqrt(share * (1 - share) / size + square / (4 * size * size));
    struct wilson bounds = {fmax(middle - half, 0), fmin(middle + half, 1)};
    /* Rounding must not leave a certain share out of its own bounds. */
    if (k == 0)
        bounds.low = 0;
    if (k == n)
        bounds.high = 1;
    return bounds;
}
