/* Arrivals at random: Poisson, at a rate that may itself vary. */
#pragma once

#include <stdint.h>

#include "base/rng.h"

static inline int64_t random_poisson(struct rng *r, double mean) {
    int64_t count = -1;
    double t = 0;
    do {
        t += rng_exponential(r, 1);
        count++;
    } while (t < mean);
    return count;
}

/* Mean 1, squared variation 1 / shape. */
static inline double random_gamma(struct rng *r, int shape) {
    double sum = 0;
    for (int i = 0; i < shape; i++)
        sum += rng_exponential(r, 1.0 / shape);
    return sum;
}
