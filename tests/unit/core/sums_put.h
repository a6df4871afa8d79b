/* Sums of which a test says what is in them. */
#pragma once

#include "core/cell_sums.h"

static inline void sums_put(struct cell_sums *s, uint32_t key, int64_t value) {
    if (key < CELL_BINS_AT) {
        s->dense[key] += value;
        return;
    }
    uint32_t bin = key - CELL_BINS_AT;
    histogram_add(&s->histograms[bin / CELL_BINS_EACH], (uint16_t)(bin % CELL_BINS_EACH), value);
}
