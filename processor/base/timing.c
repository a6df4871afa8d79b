#include "base/timing.h"

#include <stdlib.h>
#include <string.h>

void timing_add(struct timing *t, int64_t took_us) {
    t->last_us[t->count % TIMING_KEPT] = took_us;
    t->count++;
    t->sum_us += took_us;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int64_t timing_quantile_us(const struct timing *t, double quantile) {
    size_t kept = t->count < TIMING_KEPT ? (size_t)t->count : TIMING_KEPT;
    if (!kept)
        return 0;
    int64_t sorted[TIMING_KEPT];
    memcpy(sorted, t->last_us, kept * sizeof *sorted);
    qsort(sorted, kept, sizeof *sorted, compare);
    size_t at = (size_t)(quantile * (double)kept);
    return sorted[at < kept ? at : kept - 1];
}
