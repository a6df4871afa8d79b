#include "core/negbin.h"

#include <math.h>
#include <stdbool.h>

#include "base/check.h"

/* Both tails are a regularised incomplete beta function, written as probability mass at k times a
 * continued fraction. All formulas are in 1/size instead of size: then the limit to Poisson is the
 * value 0 and nothing grows with size. */
struct negbin {
    double mean;
    double size;
    double inverse; /* 1 / size */
};

#define LOG_SQRT_2PI 0.918938533204672741780
#define FRACTION_STEPS 1000000
#define COUNT_MOST (INT64_C(1) << 52) /* beyond it a double does not count in ones */

static struct negbin negbin_of(double mean, double size) {
    CHECK(mean >= 0 && isfinite(mean) && size > 0);
    return (struct negbin){mean, size, 1 / size};
}

static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign); /* lgamma writes a global */
}

/* log(n!) less Stirling's formula for it. */
static double stirling_error(double n) {
    if (isinf(n))
        return 0;
    if (n < 16)
        return log_gamma(n + 1) - (n + 0.5) * log(n) + n - LOG_SQRT_2PI;
    double square = n * n;
    double sum = 1.0 / 1680 - 1.0 / 1188 / square;
    sum = 1.0 / 1260 - sum / square;
    sum = 1.0 / 360 - sum / square;
    return (1.0 / 12 - sum / square) / n;
}

/* x log(x/y) + y - x without loss where x is near y; the caller knows x - y better than we could
 * tell from x and y (Loader 2000, "Fast and accurate computation of binomial probabilities"). */
static double deviance(double x, double y, double difference) {
    if (isinf(x))
        return 0;
    if (fabs(difference) > 0.1 * (x + y))
        return x * log(x / y) - difference;
    double v = difference / (x + y);
    double sum = difference * v;
    double term = 2 * x * v;
    for (int odd = 3; odd < 1000; odd += 2) {
        term *= v * v;
        double next = sum + term / odd;
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

/* P(X = k). */
static double mass(const struct negbin *d, double k) {
    if (k == 0)
        return isinf(d->size) ? exp(-d->mean) : exp(-d->size * log1p(d->mean * d->inverse));
    double shrink = 1 / (1 + d->mean * d->inverse);
    double grow = 1 + k * d->inverse;
    double exponent = stirling_error(d->size + k) - stirling_error(d->size) - stirling_error(k) -
                      deviance(k, d->mean * grow * shrink, (k - d->mean) * shrink) -
                      deviance(d->size, d->size * grow * shrink, (d->mean - k) * shrink);
    return exp(exponent - LOG_SQRT_2PI) / sqrt(k * grow);
}

/* Steps of Lentz's method for first + a1/(b1 + a2/(b2 + ...)) (Thompson & Barnett 1986). */
struct fraction {
    double value, c, d;
};

static double not_zero(double x) {
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

static struct fraction fraction_begin(double first) {
    return (struct fraction){not_zero(first), not_zero(first), 0};
}

/* True when the value has settled. */
static bool fraction_step(struct fraction *f, double a, double b) {
    f->d = 1 / not_zero(b + a * f->d);
    f->c = not_zero(b + a / f->c);
    double change = f->c * f->d;
    f->value *= change;
    return fabs(change - 1) < 1e-15;
}

/* P(X >= k) for k > mean, as I_x(a, b) with a = k, b = size, x = mean/(size + mean), by the even
 * part of its continued fraction (DiDonato & Morris 1992, equation 9; b enters as b*x only). */
static double upper_beyond_mean(const struct negbin *d, double k) {
    double y = 1 / (1 + d->mean * d->inverse);
    double x = d->mean * d->inverse * y;
    double bx = d->mean * y;
    double lambda = (k - d->mean) * y;
    struct fraction f = fraction_begin((1 + lambda) * k / (k + 1));
    bool settled = false;
    for (int step = 1; !settled && step < FRACTION_STEPS; step++) {
        double n = step;
        double s = k + 2 * n - 1;
        double w = n * (bx - n * x);
        double alpha = (k + n - 1) / s * (((k + n - 1) * x + bx) / s) * w;
        double beta = n + w / s + (k + n) / (s + 2) * (1 + lambda + n * (1 + y));
        settled = fraction_step(&f, alpha, beta);
    }
    CHECK(settled);
    return k * mass(d, k) / f.value;
}

/* P(X <= k) for k < mean: the same with a = size, b = k + 1, x = size/(size + mean), divided
 * through by a. */
static double lower_below_mean(const struct negbin *d, double k) {
    double e = d->inverse;
    double x = 1 / (1 + d->mean * e);
    double y = d->mean * e * x;
    double lambda = (d->mean - k - 1) * x;
    struct fraction f = fraction_begin((1 + lambda) / (1 + e));
    bool settled = false;
    for (int step = 1; !settled && step < FRACTION_STEPS; step++) {
        double n = step;
        double s = 1 + (2 * n - 1) * e;
        double w = n * (k + 1 - n) * x;
        double alpha = (1 + (n - 1) * e) / s * ((1 + (n + k) * e) / s) * w * x;
        double beta = n + w * e / s + (1 + n * e) / (s + 2 * e) * (1 + lambda + n * (1 + y));
        settled = fraction_step(&f, alpha, beta);
    }
    CHECK(settled);
    return mass(d, k) * d->mean * (1 + k * e) * x / f.value;
}

/* The tail on the far side of the mean is the small one; the other is what it leaves. */
static double upper(const struct negbin *d, int64_t k) {
    if (k <= 0)
        return 1;
    double at = (double)k;
    return at > d->mean ? upper_beyond_mean(d, at) : 1 - lower_below_mean(d, at - 1);
}

static double lower(const struct negbin *d, int64_t k) {
    if (k < 0)
        return 0;
    double at = (double)k;
    return at + 1 > d->mean ? 1 - upper_beyond_mean(d, at + 1) : lower_below_mean(d, at);
}

double negbin_upper(double mean, double size, int64_t k) {
    struct negbin d = negbin_of(mean, size);
    return upper(&d, k);
}

double negbin_lower(double mean, double size, int64_t k) {
    struct negbin d = negbin_of(mean, size);
    return lower(&d, k);
}

int64_t negbin_high(double mean, double size, double alpha) {
    CHECK(alpha > 0);
    struct negbin d = negbin_of(mean, size);
    int64_t above = 1;
    while (above < COUNT_MOST && upper(&d, above) >= alpha)
        above *= 2;
    int64_t below = -1; /* everything up to here is not rare, from `above` on it is */
    while (above - below > 1) {
        int64_t middle = below + (above - below) / 2;
        if (upper(&d, middle) < alpha)
            above = middle;
        else
            below = middle;
    }
    return above;
}

int64_t negbin_low(double mean, double size, double alpha) {
    CHECK(alpha > 0 && alpha <= 1);
    struct negbin d = negbin_of(mean, size);
    int64_t below = -1;
    int64_t above = (int64_t)ceil(mean) + 1;
    while (above < COUNT_MOST && lower(&d, above) < alpha)
        above *= 2;
    while (above - below > 1) {
        int64_t middle = below + (above - below) / 2;
        if (lower(&d, middle) < alpha)
            below = middle;
        else
            above = middle;
    }
    return below;
}
