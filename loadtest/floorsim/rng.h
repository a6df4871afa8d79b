/* A small seeded generator: the same seed gives the same stream on every machine. */
#ifndef FLOORSIM_RNG_H
#define FLOORSIM_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *rng, uint64_t seed);

uint64_t rng_u64(struct rng *rng);

/* Uniform in (0, 1]. */
double rng_unit(struct rng *rng);

/* True with the given probability. */
int rng_chance(struct rng *rng, double probability);

/* Exponential with this mean; 0 when the mean is 0. */
double rng_exp(struct rng *rng, double mean);

/* Uniform in 0 .. below - 1; below is at least 1. */
uint64_t rng_below(struct rng *rng, uint64_t below);

#endif
