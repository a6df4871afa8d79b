/* The sums of some panes: what figures are made of. Panes are added and taken away again. */
#pragma once

#include "core/cell_shape.h"
#include "core/histogram.h"
#include "core/pane.h"

struct cell_sums {
    int64_t *dense; /* owned; by key below CELL_BINS_AT */
    size_t dense_count;
    int64_t gauges[CELL_GAUGES]; /* of all panes before the end: waiting, in service, backlog */
    struct histogram histograms[HISTOGRAM_COUNT];
};

void cell_sums_init(struct cell_sums *s, const struct cell_shape *shape);
void cell_sums_deinit(struct cell_sums *s);
void cell_sums_reset(struct cell_sums *s);

/* Everything but the gauges, `sign` (1, -1) times. */
void cell_sums_pane(struct cell_sums *s, const struct pane *p, int sign);
void cell_sums_entries(struct cell_sums *s, const struct pane_entry *entries, size_t count);

/* The changes in this pane, added to gauges[CELL_GAUGES]. */
void cell_sums_gauges(int64_t *gauges, const struct pane *p);

/* True when something happened or a gauge is above 0. */
bool cell_sums_active(const struct cell_sums *s);

static inline int64_t cell_sums_counter(const struct cell_sums *s, enum counter c) {
    return s->dense[cell_key_counter(c)];
}
