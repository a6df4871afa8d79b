/* What the parts of the hot path cost, alone: nanoseconds per operation, by size. The figures are
 * to be compared within one run: caches and clocks differ between machines. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/instant.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/wheel.h"
#include "core/histogram.h"
#include "core/negbin.h"

#define OPERATIONS 2000000u
#define START INT64_C(1700000000000)
#define HORIZON_MS ((uint64_t)(4 * HOUR_MS))

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void print_row(const char *what, size_t size, double ns) {
    printf("%-36s %10zu %10.1f\n", what, size, ns);
}

/* As large as an open interaction may be, so that caches miss as they will. */
struct record {
    char state[168];
    struct wheel_node timer;
};

static struct wheel_node *timer_of(void *context, uint32_t handle) {
    return &((struct record *)context)[handle].timer;
}

static int64_t some_due(struct rng *r, int64_t now) {
    return now + 1 + (int64_t)rng_below(r, HORIZON_MS);
}

/* The worst case: each event goes to any of the timers and arms it anew. */
static void measure_wheel(uint32_t size) {
    struct record *records = calloc(size, sizeof(*records));
    CHECK(records);
    struct wheel *w = wheel_new(timer_of, NULL, records);
    struct rng r;
    rng_init(&r, 1);
    int64_t now = START, due_at;
    uint32_t *due;
    wheel_take_instant(w, now, &due_at, &due);
    for (uint32_t i = 0; i < size; i++) {
        wheel_arm(w, i, some_due(&r, now));
    }

    double begin = now_ns();
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        uint32_t handle = (uint32_t)rng_below(&r, size);
        wheel_arm(w, handle, some_due(&r, now));
        now += i % 16 == 0;
        for (size_t count; (count = wheel_take_instant(w, now, &due_at, &due)) > 0;) {
            for (size_t k = 0; k < count; k++)
                wheel_arm(w, due[k], some_due(&r, now));
        }
    }
    print_row("wheel: arm anew, take", size, (now_ns() - begin) / OPERATIONS);

    int64_t sum = 0;
    begin = now_ns();
    for (uint32_t i = 0; i < OPERATIONS; i++)
        sum += wheel_next_due(w);
    print_row("wheel: next due", size, (now_ns() - begin) / OPERATIONS);
    CHECK(sum != 0);
    wheel_free(w);
    free(records);
}

static bool always(const void *context, uint32_t handle, const void *key) {
    (void)context;
    (void)handle;
    (void)key;
    return true;
}

/* Batches of 16 with a prefetch before, as the consumer does it. */
static void measure_table(uint32_t size) {
    struct table t;
    table_init(&t, 0);
    struct rng keys;
    rng_init(&keys, 2);
    for (uint32_t i = 0; i < size; i++)
        table_insert(&t, i * UINT64_C(0x9E3779B97F4A7C15), i);

    uint64_t sum = 0;
    double begin = now_ns();
    for (uint32_t i = 0; i < OPERATIONS; i += 16) {
        uint64_t hashes[16];
        for (size_t j = 0; j < 16; j++) {
            hashes[j] = rng_below(&keys, size) * UINT64_C(0x9E3779B97F4A7C15);
            table_prefetch(&t, hashes[j]);
        }
        for (size_t j = 0; j < 16; j++)
            sum += table_find(&t, hashes[j], always, NULL, NULL);
    }
    print_row("table: find, prefetched", size, (now_ns() - begin) / OPERATIONS);
    CHECK(sum != 0);
    table_deinit(&t);
}

/* A window of `size` samples loses one pane of a hundredth of them and gains another. */
static void measure_histogram(uint32_t size) {
    struct rng r;
    rng_init(&r, 3);
    struct histogram window;
    struct tally in, out;
    histogram_init(&window);
    tally_init(&in, 4096);
    tally_init(&out, 4096);
    for (uint32_t i = 0; i < size; i++) {
        uint16_t bucket = histogram_bucket((int64_t)rng_exponential(&r, 20000));
        histogram_add(&window, bucket, 1);
        if (i % 100 == 0) {
            tally_add(&in, bucket, 1);
            tally_add(&out, bucket, -1);
        }
    }
    int slides = 20000;
    double begin = now_ns();
    for (int i = 0; i < slides; i++) {
        histogram_add_tally(&window, &out, 0);
        histogram_add_tally(&window, &in, 0);
    }
    print_row("histogram: slide by a pane", size, (now_ns() - begin) / slides);

    int64_t value = 0;
    begin = now_ns();
    for (int i = 0; i < slides; i++)
        CHECK(histogram_quantile(&window, 900, &value));
    print_row("histogram: quantile", size, (now_ns() - begin) / slides);
    histogram_deinit(&window);
    tally_deinit(&in);
    tally_deinit(&out);
}

static void measure_negbin(uint32_t mean) {
    double sum = 0;
    int rounds = 20000;
    double begin = now_ns();
    for (int i = 0; i < rounds; i++)
        sum += negbin_upper(mean, 25, (int64_t)mean + i % (int)mean);
    print_row("negbin: upper tail, size 25", mean, (now_ns() - begin) / rounds);
    CHECK(sum > 0);
}

int main(void) {
    printf("%-36s %10s %10s\n", "", "size", "ns");
    for (uint32_t size = 10000; size <= 10000000; size *= 10)
        measure_wheel(size);
    for (uint32_t size = 10000; size <= 10000000; size *= 10)
        measure_table(size);
    for (uint32_t size = 1000; size <= 1000000; size *= 10)
        measure_histogram(size);
    for (uint32_t mean = 10; mean <= 1000000; mean *= 100)
        measure_negbin(mean);
    return 0;
}
