/* Sparse histogram of durations: mergeable, subtractable, exact integers, quantiles within 1 %. */
#pragma once

#include "core/pane.h"

/* Log-linear buckets: durations below 128 ms have one each; above, each power of two is cut into
 * 64. A reported quantile is the middle of the bucket in which the true one lies, so it differs
 * from it by at most 1/128 (0.8 %). */
#define HISTOGRAM_BUCKETS 3712 /* the last one holds INT64_MAX */

struct histogram {
    /* Owned; ascending by bucket: count * 4096 + bucket, no count is 0. Windows of many scopes hold
     * many of them: four bytes each, until a count needs more. */
    union {
        int32_t *narrow;
        int64_t *wide;
    };
    uint32_t used;
    uint32_t capacity;
    int64_t count; /* sum of the entries' counts */
    int64_t most;  /* no count is larger, nor smaller than its opposite */
    bool is_wide;
};

/* The bucket of a duration in ms; a negative one counts as 0. */
uint16_t histogram_bucket(int64_t value_ms);

/* The middle of a bucket, ms. */
int64_t histogram_bucket_middle(uint16_t bucket);

void histogram_init(struct histogram *h); /* no memory until the first sample */
void histogram_deinit(struct histogram *h);
void histogram_reset(struct histogram *h); /* keeps the memory */

/* True when the samples are seen to be the same ones: not of entries that differ in width. */
bool histogram_alike(const struct histogram *a, const struct histogram *b);

/* `count` samples more, or fewer when negative. What comes to 0 leaves no trace; what has been
 * taken away before it was added stands as a negative count until then. */
void histogram_add(struct histogram *h, uint16_t bucket, int64_t count);

/* Adds entries whose keys, ascending and each once, are first_key + bucket. */
void histogram_add_entries(struct histogram *h, const struct pane_entry *entries, size_t count,
                           uint32_t first_key);

/* The smallest duration such that at least ceil(per_mille/1000 * count) samples are not longer, as
 * the middle of its bucket; per_mille is 1..1000 (p95 is 950). False when there is no sample. */
bool histogram_quantile(const struct histogram *h, int32_t per_mille, int64_t *value_ms);

/* The bytes depend on the counts alone, not on how they came about. */
void histogram_save(const struct histogram *h, struct buf *b);

/* Replaces the content; false, and empty, when the bytes are not those of a histogram. */
bool histogram_load(struct histogram *h, struct cursor *c);
