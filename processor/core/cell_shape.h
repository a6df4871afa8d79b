/* What a cell keeps: which counters, thresholds and histograms, in which windows, for how long; and
 * the keys under which they lie in panes. */
#pragma once

#include "base/instant.h"
#include "core/counter.h"
#include "core/period.h"
#include "core/window.h"

/* Keys: gauge changes first, so that a gauge can be summed without reading the rest; then the other
 * counters, then the levels by threshold and attribution, then the histograms' buckets. */
#define CELL_GAUGES 3
#define CELL_LEVELS_AT ((uint32_t)COUNTER_COUNT)
#define CELL_THRESHOLDS_MAX 24 /* of a scope: above those of any one leaf in it */
#define CELL_DENSE_MAX (CELL_LEVELS_AT + CELL_THRESHOLDS_MAX * ATTRIBUTION_COUNT * LEVEL_COUNT)
#define CELL_BINS_AT 4096u
#define CELL_BINS_EACH 4096u /* above HISTOGRAM_BUCKETS */
#define CELL_KEY_LIMIT (CELL_BINS_AT + HISTOGRAM_COUNT * CELL_BINS_EACH)

#define CELL_COARSE_MS                                                                             \
    (5 * MINUTE_MS) /* the widest panes; what is kept goes by so much at a time */

struct cell_span {
    int64_t length_ms, step_ms;
};

struct cell_shape {
    struct cell_span windows[WINDOW_COUNT];
    size_t window_count;
    int64_t fine_ms;         /* panes stay 10 s wide this long; not below windows with 10 s steps */
    int64_t minute_ms;       /* and then 1 min wide; not below windows with steps of 1 min */
    int64_t keep_ms;         /* and are kept this long at least: not below the longest window */
    const struct zone *zone; /* of the periods; NULL: none are kept */
    unsigned week_starts;    /* 0: Monday */
    int64_t lateness_ms;     /* of corrections of what is over */
    uint64_t counters;       /* bits of 1 << enum counter */
    uint32_t histograms;     /* bits of 1 << enum histogram_id */
    uint32_t levels;         /* of every threshold: bits of cell_level_bit */
    size_t threshold_count;
    int64_t thresholds_ms[CELL_THRESHOLDS_MAX];
};

#define CELL_ALL_COUNTERS ((UINT64_C(1) << COUNTER_COUNT) - 1)
#define CELL_ALL_HISTOGRAMS ((1u << HISTOGRAM_COUNT) - 1)
#define CELL_ALL_LEVELS ((1u << ATTRIBUTION_COUNT * LEVEL_COUNT) - 1)

static inline uint32_t cell_level_bit(enum attribution a, enum level_counter l) {
    return 1u << ((uint32_t)a * LEVEL_COUNT + (uint32_t)l);
}

static inline uint32_t cell_key_counter(enum counter c) {
    uint32_t key = (uint32_t)c;
    if (key < COUNTER_WAITING_CHANGE)
        return key + CELL_GAUGES;
    return key <= COUNTER_BACKLOG_CHANGE ? key - COUNTER_WAITING_CHANGE : key;
}

/* Changes of gauges are among what is counted. */
static inline bool cell_shape_gauges(const struct cell_shape *s) {
    return s->counters >> COUNTER_WAITING_CHANGE & ((1u << CELL_GAUGES) - 1);
}

static inline uint32_t cell_key_level(size_t threshold, enum attribution a, enum level_counter l) {
    return CELL_LEVELS_AT + ((uint32_t)threshold * ATTRIBUTION_COUNT + (uint32_t)a) * LEVEL_COUNT +
           (uint32_t)l;
}

static inline uint32_t cell_key_bin(enum histogram_id h, uint16_t bucket) {
    return CELL_BINS_AT + (uint32_t)h * CELL_BINS_EACH + bucket;
}

static inline size_t cell_shape_dense(const struct cell_shape *s) {
    return CELL_LEVELS_AT + s->threshold_count * ATTRIBUTION_COUNT * LEVEL_COUNT;
}

/* Index of a threshold, or threshold_count. */
static inline size_t cell_shape_threshold(const struct cell_shape *s, int64_t threshold_ms) {
    size_t i = 0;
    while (i < s->threshold_count && s->thresholds_ms[i] != threshold_ms)
        i++;
    return i;
}

_Static_assert(COUNTER_COUNT < 64, "a cell_shape has one bit for each counter");
_Static_assert((ATTRIBUTION_COUNT * LEVEL_COUNT) < 32, "a cell_shape has one bit for each level");
_Static_assert(CELL_DENSE_MAX <= CELL_BINS_AT, "levels and buckets do not share keys");
_Static_assert(COUNTER_BACKLOG_CHANGE - COUNTER_WAITING_CHANGE == CELL_GAUGES - 1,
               "the gauges' counters stand together");
