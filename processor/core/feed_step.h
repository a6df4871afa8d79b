/* Steps of log time by which feeds are noted and judged. */
#pragma once

#include "core/event.h"

#define FEED_STEP_MS (10 * SECOND_MS)

static inline int64_t feed_step_of(int64_t at) {
    return instant_floor(at, FEED_STEP_MS);
}

static inline int64_t feed_step_after(int64_t at) {
    return feed_step_of(at) + FEED_STEP_MS;
}

/* Of an instant that was saved. */
static inline bool feed_step_instant_can_be(int64_t at) {
    return at >= 0 && at <= EVENT_CLOCK_MAX;
}

/* Of a step that was saved. */
static inline bool feed_step_can_be(int64_t step_at) {
    return feed_step_instant_can_be(step_at) && step_at % FEED_STEP_MS == 0;
}

/* Orders instants; those between two steps are alike, and a step is one by itself: it knows of what
 * was heard at it, and not of what came right afterwards. */
static inline int64_t feed_step_place(int64_t heard_at) {
    return feed_step_of(heard_at) + feed_step_of(heard_at + FEED_STEP_MS - 1);
}

/* They have the same place; mostly they are too far apart for that. */
static inline bool feed_step_alike(int64_t a, int64_t b) {
    int64_t apart_ms = a > b ? a - b : b - a;
    return apart_ms < FEED_STEP_MS && feed_step_place(a) == feed_step_place(b);
}

/* A reading of [from_at, from_at + FEED_STEP_MS) is whole when that is over: the step that counts
 * it, after step_at. */
static inline int64_t feed_step_counting(int64_t from_at, int64_t step_at) {
    int64_t at = from_at + FEED_STEP_MS;
    return at > step_at ? at : feed_step_after(step_at);
}
