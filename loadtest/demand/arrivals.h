/* Simulated arrivals of one scope: a weekly shape, a rate that varies at random, and what is laid
 * over it. Kept as running sums, so that a window's count is one subtraction. */
#pragma once

#include "base/instant.h"
#include "base/rng.h"

#define ARRIVALS_STEP_MS (10 * SECOND_MS)
#define ARRIVALS_FROM INT64_C(1767571200000) /* a Monday, 2026-01-05T00:00Z */

/* The rate is multiplied: at once for a spike, linearly from 1 on for a ramp. */
struct arrivals_event {
    int64_t from_at, to_at;
    double factor;
    bool ramp;
};

struct arrivals {
    uint32_t *sums; /* arrivals before each step since `from_at`; steps + 1 of them */
    size_t steps;
    int64_t from_at;
};

struct arrivals_plan {
    double per_slot;  /* mean per quarter of an hour, over the week */
    double cv2;       /* squared variation of the rate ... */
    int64_t block_ms; /* ... which is constant for so long */
    double day_cv2;   /* and of a factor for the whole day */
    int days;
    const struct arrivals_event *events;
    size_t event_count;
};

void arrivals_make(struct arrivals *a, const struct arrivals_plan *plan, struct rng *r);
void arrivals_free(struct arrivals *a);

/* In [from_at, to_at); nothing came before the first step. */
int64_t arrivals_count(const struct arrivals *a, int64_t from_at, int64_t to_at);
