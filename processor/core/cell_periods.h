/* The day, week, month and quarter of a scope: sums that only grow until the period is over.
 *
 * A day that may still change has a pane of its own; one that is past correction goes into the
 * panes of its week, month and quarter. So late counts cost one small merge, and a quarter costs
 * three panes and not ninety days of them. */
#pragma once

#include "core/cell_sums.h"
#include "core/pane_list.h"
#include "core/period.h"

#define CELL_PERIODS_STEP_MS (5 * MINUTE_MS)

struct cell_periods {
    int64_t edge_at; /* all before it is in; a multiple of the step; INSTANT_NONE: not begun */
    bool turned;     /* a day began since whoever shows it cleared this */
    struct pane_list panes[PERIOD_COUNT]; /* by their begin */
};

void cell_periods_init(struct cell_periods *p);
void cell_periods_deinit(struct cell_periods *p);

/* Moves what the tally holds to the day of `at`, or when that is past correction to the periods
 * that contain it and are not over. */
void cell_periods_add(struct cell_periods *p, const struct cell_shape *shape, int64_t at,
                      struct tally *t, struct pane_scratch *scratch);

/* Moves what the tally holds to the pane of the period that begins at start_at. */
void cell_periods_put(struct cell_periods *p, enum period period, int64_t start_at, struct tally *t,
                      struct pane_scratch *scratch);

/* The edge stands there now: days past correction are settled, periods that are over forgotten. */
void cell_periods_settle(struct cell_periods *p, const struct cell_shape *shape, int64_t edge_at,
                         struct pane_scratch *scratch);

/* Adds the counts of the period that begins at start_at, up to the edge, to a tally. */
void cell_periods_sum(const struct cell_periods *p, enum period period, int64_t start_at,
                      int64_t end_at, struct tally *t);

/* True when two that begin there, up to one end, are of the same days, none of them settled: then
 * their counts are the same. */
bool cell_periods_alike(const struct cell_periods *p, enum period a, int64_t a_at, enum period b,
                        int64_t b_at);

void cell_periods_save(const struct cell_periods *p, struct buf *b);
void cell_periods_load(struct cell_periods *p, struct cursor *in); /* the cursor tells */
