/* A figure's formula as weights: what a row of a report adds to its numerator and denominator, or
 * to a count. Formulas are linear in counters, quantiles and gauges aside. */
#pragma once

#include "core/cell_sums.h"
#include "core/contract.h"
#include "core/report.h"

struct weight {
    int64_t over, under;
};

struct weights {
    bool any_counters; /* some counter weighs something */
    struct weight counters[COUNTER_COUNT];
    struct weight levels[LEVEL_COUNT]; /* of the threshold and the attribution below */
    int64_t threshold_ms;              /* -1: none counts */
    uint8_t attribution;
    int32_t fineness; /* of what comes to the numerator; 0: whole ones */
};

/* Of an objective whose cells have this shape. `sums` is working memory with room for one
 * threshold, empty before and after. */
void weights_init(struct weights *w, const struct objective *objective,
                  const struct cell_shape *shape, struct cell_sums *sums);

/* The row's numerator and denominator; of a count the first alone. */
struct weight weights_row(const struct weights *w, const struct report *report,
                          const struct report_row *row);
