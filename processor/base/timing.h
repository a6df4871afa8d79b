/* How long something takes: the last measurements, for quantiles on /metrics. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIMING_KEPT 1024 /* measurements that quantiles are taken from */

struct timing {
    int64_t last_us[TIMING_KEPT]; /* ring */
    uint64_t count;
    int64_t sum_us;
};

void timing_add(struct timing *t, int64_t took_us);

/* The quantile (0..1) of the measurements kept; 0 when there are none. */
int64_t timing_quantile_us(const struct timing *t, double quantile);
