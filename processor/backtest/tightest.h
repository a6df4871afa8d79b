/* The tightest target with which an objective would not have been breached: seen in the figures as
 * they were judged, step by step, with its minimum sample and its hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tightest_step {
    int64_t at;
    double value;
};

/* With a hold a breach needs every step of `hold` to miss, so a target holds as long as some step
 * of each such stretch reaches it: the worst over all stretches of the best in each. */
struct tightest {
    bool at_least; /* targets are lower bounds */
    int64_t hold_ms;
    bool known; /* some stretch was long enough to be a breach */
    double value;
    int64_t since_at;           /* first step of the run that is not interrupted */
    struct tightest_step *best; /* owned ring: steps that may yet be the best of a stretch */
    size_t first, count, capacity;
};

void tightest_init(struct tightest *t, bool at_least, int64_t hold_ms);
void tightest_deinit(struct tightest *t);

/* Steps come in order. Below the minimum sample (`thin`) nothing is judged: a run ends there. Of
 * several in a row with one value the first and the last tell as much as all of them. */
void tightest_step(struct tightest *t, int64_t at, bool thin, double value);
