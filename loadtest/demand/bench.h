/* The measurements of demand_bench. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bench {
    size_t scopes;
    int days, warm_up_days;
    double budget; /* false alarms per day over all scopes */
    double cv2, day_cv2;
    int64_t block_ms;
    double size; /* arrivals per quarter of an hour; 0: a third of the scopes each 5, 20, 100 */
    int64_t min_excess;
    int64_t bin_ms; /* of a series in a file */
    uint64_t seed;
};

/* No anomalies: how many alarms after the warm-up, by kind and size. */
int bench_quiet(const struct bench *b);

/* Spikes and ramps: recall and median delay, beside the rivals. */
int bench_find(const struct bench *b);

/* Lines `time,value`: each bin's value as that many events spread in it. */
int bench_series(const struct bench *b, const char *path);
