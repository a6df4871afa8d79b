/* Tails of the negative binomial: how surprising is a count, given what was expected. */
#pragma once

#include <stdint.h>

/* A count with this mean and size has variance mean + mean^2/size: arrivals that are Poisson at a
 * rate which itself varies; the larger the size, the nearer to Poisson. mean >= 0, size > 0.
 * Tails are good to a relative error of 1e-10 for means up to 1e6, down to 1e-300. */
#define NEGBIN_POISSON __builtin_inf() /* the size at which it is the Poisson distribution */

/* P(X >= k). */
double negbin_upper(double mean, double size, int64_t k);

/* P(X <= k). */
double negbin_lower(double mean, double size, int64_t k);

/* The smallest k with P(X >= k) < alpha, alpha > 0: from here on a count is too high to be
 * chance. */
int64_t negbin_high(double mean, double size, double alpha);

/* The largest k with P(X <= k) < alpha, or -1: down to here a count is too low to be chance. */
int64_t negbin_low(double mean, double size, double alpha);
