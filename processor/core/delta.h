/* What an epoch adds to the panes: (leaf, pane) -> counters, summed. Filled on the hot path. */
#pragma once

#include "core/counter.h"
#include "core/leaf.h"

#define DELTA_PANE_MS 10000 /* panes are 10 s, aligned in epoch time */

/* One row: dense, because most rows carry most counters. */
struct delta_row {
    uint32_t leaf;   /* in the leaf dictionary */
    int64_t pane_at; /* start of the pane */
    int64_t counters[COUNTER_SOURCE_COUNT];
    int64_t levels[ATTRIBUTION_COUNT][LEAF_THRESHOLDS_MAX][LEVEL_COUNT]; /* T as in the leaf */
};

/* As it came: a bucket may come more than once, and be taken back. */
struct delta_sample {
    uint32_t row;      /* index of the delta_row */
    uint16_t bucket;   /* of histogram_bucket() */
    uint8_t histogram; /* enum histogram_id */
    int32_t count;     /* may be negative: taken back */
};

/* What of the sums somebody asks for. */
struct delta_kept {
    uint64_t counters;              /* bits of 1 << enum counter */
    uint32_t histograms;            /* bits of 1 << enum histogram_id */
    bool levels[ATTRIBUTION_COUNT]; /* of whatever T */
};

/* Counts, as bits: of a counter that sources know, or of all levels by that attribution. */
#define DELTA_COUNTER(counter) (UINT64_C(1) << (counter))
#define DELTA_LEVELS(by) (UINT64_C(1) << (COUNTER_SOURCE_COUNT + (by)))
#define DELTA_ANY UINT64_MAX

struct delta_table; /* opaque */

struct delta_table *delta_table_new(void);
void delta_table_free(struct delta_table *t);
void delta_table_reset(struct delta_table *t); /* empty, memory kept */

/* From here on samples of other histograms are dropped, and so may be other counts of leaves that
 * are known. Whatever is counted of another leaf makes a row: whoever reads the rows learns of it
 * by that. */
void delta_table_keep(struct delta_table *t, const struct delta_kept *kept);
void delta_table_know(struct delta_table *t, uint32_t leaf);
bool delta_table_knows(const struct delta_table *t, uint32_t leaf);

/* The row of (leaf, pane of `at`) for these counts, made when missing; NULL: they are dropped, as
 * DELTA_ANY never are. Valid until the next call. */
struct delta_row *delta_table_row(struct delta_table *t, uint32_t leaf, int64_t at,
                                  uint64_t counts);

/* One duration into the histogram of that pane, `sign` times. */
void delta_table_sample(struct delta_table *t, uint32_t leaf, int64_t at, enum histogram_id h,
                        int64_t value_ms, int32_t sign);

size_t delta_table_size(const struct delta_table *t); /* bytes, with what writing them will take */
size_t delta_table_rows(const struct delta_table *t);
const struct delta_row *delta_table_at(const struct delta_table *t, size_t index);
const struct delta_sample *delta_table_samples(const struct delta_table *t, size_t *count);

/* Row indices in the order of (leaf identity, pane), so that bytes do not depend on history. */
void delta_table_order(const struct delta_table *t, struct leaf_dict *leaves, uint32_t *order);
