/* The sums of some panes: what figures are made of. Panes are added and taken away again. */
#pragma once

#include "base/check.h"
#include "core/cell_shape.h"
#include "core/histogram.h"
#include "core/tally.h"

struct cell_sums {
    int64_t *dense; /* owned; by key below CELL_BINS_AT */
    size_t dense_count;
    int64_t gauges[CELL_GAUGES]; /* of all panes before the end: waiting, in service, backlog */
    struct histogram histograms[HISTOGRAM_COUNT];
};

void cell_sums_init(struct cell_sums *s, const struct cell_shape *shape);
void cell_sums_deinit(struct cell_sums *s);
void cell_sums_reset(struct cell_sums *s);

/* Everything but the gauges; keys are ascending, each once. */
void cell_sums_entries(struct cell_sums *s, const struct pane_entry *entries, size_t count);

/* The same of packed entries, `sign` (1, -1) times, histograms aside. */
static inline void cell_sums_packed(struct cell_sums *s, struct slice packed, int sign) {
    struct pane_reader reader = pane_read_packed(packed);
    struct pane_entry e;
    while (pane_next(&reader, &e) && e.key < CELL_BINS_AT) {
        CHECK(e.key < s->dense_count);
        s->dense[e.key] += sign * e.value;
    }
}

/* The counters of packed entries: neither gauges nor histograms. */
void cell_sums_counters(struct cell_sums *s, struct slice packed);

/* The changes in packed entries, added to gauges[CELL_GAUGES]; returns whether there are any. */
bool cell_sums_gauges(int64_t *gauges, struct slice packed);

/* True when they are seen to be the same, so that all figures are. */
bool cell_sums_alike(const struct cell_sums *a, const struct cell_sums *b);

/* True when any sum is not 0, gauges aside. */
bool cell_sums_any(const struct cell_sums *s);

/* True when something happened or a gauge is above 0. */
bool cell_sums_active(const struct cell_sums *s);

static inline int64_t cell_sums_counter(const struct cell_sums *s, enum counter c) {
    return s->dense[cell_key_counter(c)];
}
