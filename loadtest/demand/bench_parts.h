/* What the measurements share. */
#pragma once

#include "arrivals.h"
#include "bench.h"
#include "ours.h"

#define BENCH_SIZES 3

double bench_size(const struct bench *b, size_t scope);
void bench_arrivals(const struct bench *b, size_t scope, const struct arrivals_event *events,
                    size_t event_count, struct arrivals *a);
int64_t bench_live_at(const struct bench *b);
