/* Seeded random numbers for simulations and tests (xoshiro256**, Blackman & Vigna 2018). */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound); /* 0 .. bound-1, unbiased */
double rng_unit(struct rng *r);                    /* [0, 1) */
double rng_exponential(struct rng *r, double mean);
