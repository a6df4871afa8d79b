/* What a week usually brings: arrivals per quarter of an hour of the week in a zone, learned
 * robustly, with how much they vary. Brown et al.: counts are over-dispersed (gamma-Poisson). */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/zone.h"

#define BASELINE_SLOT_MS (15 * MINUTE_MS)
#define BASELINE_WEEK_MS (7 * DAY_MS)
#define BASELINE_SLOTS ((int)(BASELINE_WEEK_MS / BASELINE_SLOT_MS))
#define BASELINE_WEEKS_MIN 2 /* a slot is known after this many weeks */

struct baseline_slot {
    float mean; /* arrivals in the slot */
    uint8_t weeks;
};

struct baseline {
    struct baseline_slot *slots; /* BASELINE_SLOTS, owned; NULL: nothing learned */
    int64_t learned_at;          /* end of the newest slot learned or passed over */
    /* Moments of what was learned against what was expected, older ones fading: sums of
     * (x - mean)^2 - mean, of mean^2, and of 1. */
    double excess, squares, samples;
};

/* What to expect in a window. */
struct expectation {
    double mean;
    double size; /* of the negative binomial: variance = mean + mean^2 / size */
};

/* Learning begins with the first whole slot after first_at. */
void baseline_init(struct baseline *b, int64_t first_at);
void baseline_deinit(struct baseline *b);

/* The slot [at, at + BASELINE_SLOT_MS) that is to be learned next, when it has ended by `until`;
 * false: none. The caller answers with baseline_learn or baseline_skip. */
bool baseline_due(const struct baseline *b, int64_t until, int64_t *at);
void baseline_learn(struct baseline *b, const struct zone *zone, int64_t at, int64_t count);
void baseline_skip(struct baseline *b, int64_t at);

/* For [from_at, to_at). False: some slot in it is not known yet. */
bool baseline_expect(const struct baseline *b, const struct zone *zone, int64_t from_at,
                     int64_t to_at, struct expectation *e);

/* A flat expectation from the contract: volume per per_ms. */
struct expectation baseline_flat(double volume, int64_t per_ms, int64_t length_ms);

void baseline_save(const struct baseline *b, struct buf *out);
void baseline_load(struct baseline *b, struct cursor *c); /* into a baseline just made */
