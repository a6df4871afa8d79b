/* core/histogram: beside an array of all buckets, and samples that are sorted. */
#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "core/histogram.h"
#include "core/tally.h"
#include "micro.h"

#define SLIDES 20000
#define SORTED_MOST 100000u
#define P90 900

struct samples {
    struct histogram window;
    struct tally pane; /* of a hundredth of them */
    struct pane_scratch in, out;
    size_t pane_count;
    int64_t *dense;  /* by bucket */
    int64_t *values; /* each */
    uint32_t count;
};

static void samples_init(struct samples *s, uint32_t count) {
    struct rng r;
    rng_init(&r, 3);
    *s = (struct samples){.count = count};
    histogram_init(&s->window);
    tally_init(&s->pane, 4096);
    pane_scratch_init(&s->in);
    pane_scratch_init(&s->out);
    s->dense = calloc(HISTOGRAM_BUCKETS, sizeof(*s->dense));
    s->values = malloc(count * sizeof(*s->values));
    CHECK(s->dense && s->values);
    for (uint32_t i = 0; i < count; i++) {
        s->values[i] = (int64_t)rng_exponential(&r, 20000);
        uint16_t bucket = histogram_bucket(s->values[i]);
        histogram_add(&s->window, bucket, 1);
        s->dense[bucket]++;
        if (i % 100 == 0)
            tally_add(&s->pane, bucket, 1);
    }
    s->pane_count = tally_list(&s->pane, &s->in);
    tally_list(&s->pane, &s->out);
    for (size_t i = 0; i < s->pane_count; i++)
        s->out.entries[i].value *= -1;
}

static void samples_deinit(struct samples *s) {
    histogram_deinit(&s->window);
    tally_deinit(&s->pane);
    pane_scratch_deinit(&s->in);
    pane_scratch_deinit(&s->out);
    free(s->dense);
    free(s->values);
}

static void measure_ours(struct samples *s) {
    double begin = micro_now_ns();
    for (int i = 0; i < SLIDES; i++) {
        histogram_add_entries(&s->window, s->out.entries, s->pane_count, 0);
        histogram_add_entries(&s->window, s->in.entries, s->pane_count, 0);
    }
    micro_print("histogram: slide by a pane", s->count, (micro_now_ns() - begin) / SLIDES);

    int64_t value = 0;
    begin = micro_now_ns();
    for (int i = 0; i < SLIDES; i++)
        CHECK(histogram_quantile(&s->window, P90, &value));
    micro_print("histogram: quantile", s->count, (micro_now_ns() - begin) / SLIDES);
}

static void add_dense(int64_t *dense, const struct pane_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++)
        dense[entries[i].key] += entries[i].value;
}

static void measure_dense(struct samples *s) {
    double begin = micro_now_ns();
    for (int i = 0; i < SLIDES; i++) {
        add_dense(s->dense, s->out.entries, s->pane_count);
        add_dense(s->dense, s->in.entries, s->pane_count);
    }
    micro_print("  array of buckets, 29 KB: slide", s->count, (micro_now_ns() - begin) / SLIDES);

    int64_t wanted = (int64_t)s->count * P90 / 1000, sum = 0;
    begin = micro_now_ns();
    for (int i = 0; i < SLIDES; i++) {
        int64_t seen = 0;
        for (size_t k = 0; k < HISTOGRAM_BUCKETS && seen < wanted; k++)
            seen += s->dense[k];
        sum += seen;
        wanted ^= i & 1;
    }
    micro_print("  array of buckets: quantile", s->count, (micro_now_ns() - begin) / SLIDES);
    CHECK(sum > 0);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure_sorted(const struct samples *s) {
    int64_t *sorted = malloc(s->count * sizeof(*sorted));
    CHECK(sorted);
    int rounds = (int)(SORTED_MOST / s->count) + 1;
    double begin = micro_now_ns();
    for (int i = 0; i < rounds; i++) {
        memcpy(sorted, s->values, s->count * sizeof(*sorted));
        qsort(sorted, s->count, sizeof(*sorted), by_value);
    }
    micro_print("  samples, sorted: quantile", s->count, (micro_now_ns() - begin) / rounds);
    free(sorted);
}

void micro_histogram(void) {
    for (uint32_t count = 1000; count <= 1000000; count *= 10) {
        struct samples s;
        samples_init(&s, count);
        measure_ours(&s);
        measure_dense(&s);
        if (count <= SORTED_MOST)
            measure_sorted(&s);
        samples_deinit(&s);
    }
}
