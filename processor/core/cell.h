/* One scope through time: its panes in three widths, and the running sums of its windows.
 *
 *     ... | 5 min panes      | 1 min panes     | 10 s panes  | held apart: beyond the step
 *         at - keep        at - minute      at - fine      at
 *
 * A window slides by adding the newest panes and taking the oldest away: exact at any length.
 * A pane that no window's edge crosses any more in its own width is merged into a wider one.
 * What is counted waits, packed, until somebody looks: then it goes into panes and windows in one
 * go, so that each is touched once for many counts. Where there is but one window, of counters
 * alone, as most rules have it, a count goes there at once: that is less than to let it wait. */
#pragma once

#include "core/cell_periods.h"
#include "core/cell_sums.h"
#include "core/cell_waiting.h"
#include "core/pane_list.h"
#include "core/report.h"

#define CELL_TIERS 3

/* Working memory; one serves any number of cells. */
struct cell_scratch {
    struct pane_scratch panes;
    struct tally in, out; /* by key: what comes into a window, and what leaves it */
};

struct cell_window {
    int64_t edge_at; /* the window is [edge_at - length, edge_at) */
    bool changed;    /* since whoever shows it cleared this */
    /* Where its panes begin, and where those after them do: exact of a plain cell, else a hint. */
    size_t tails[CELL_TIERS], heads[CELL_TIERS];
    struct cell_sums sums;
};

struct cell {
    struct cell_shape shape;
    struct cell_scratch *scratch; /* borrowed */
    bool plain;                   /* one window of counters alone: nothing waits */
    bool by_minute;               /* such, with steps of whole minutes: no pane is 10 s wide */
    int64_t at;                   /* the step it stands at; INSTANT_NONE: none yet */
    int64_t base[CELL_GAUGES];    /* gauge changes of the panes that are gone */
    size_t packed_bytes;          /* of all panes */
    int64_t still_until;          /* see cell_still_until; at `at`: it was not looked for yet */
    int64_t roll_at;              /* before this no pane changes its width, and none goes */
    uint64_t changes;             /* grows whenever a window's sums may have changed */
    struct cell_waiting waiting;
    struct pane_list tiers[CELL_TIERS];
    struct cell_window windows[WINDOW_COUNT];
    struct cell_periods periods;
};

void cell_scratch_init(struct cell_scratch *s);
void cell_scratch_deinit(struct cell_scratch *s);

/* `scratch` outlives the cell. */
struct cell *cell_new(const struct cell_shape *shape, struct cell_scratch *scratch);
void cell_free(struct cell *c);

/* Takes in what waits, and slides every window to its newest step not after `at`, a multiple of
 * 10 s. Nothing else may be read of a cell to which something was added since. */
void cell_advance(struct cell *c, int64_t at);

/* Up to here no window's sums change unless something is added: no pane comes into one or leaves
 * it. Of a cell in which nothing waits. */
int64_t cell_look_still(struct cell *c);
static inline int64_t cell_still_until(struct cell *c) {
    return c->plain ? c->still_until : cell_look_still(c);
}

/* Adds packed entries (pane.h) to the 10 s pane that starts at pane_at, wherever the windows are;
 * `at` is the step that is being made, or made last. False when its panes are gone: then the gauges
 * alone are corrected. */
bool cell_add(struct cell *c, int64_t at, int64_t pane_at, struct slice packed);

/* Sums over [from_at, to_at), of panes that are there; sums come initialised for this shape. The
 * edges must be those of panes: multiples of 5 min always are. */
void cell_range(const struct cell *c, int64_t from_at, int64_t to_at, struct cell_sums *sums);

/* Sums of the period that begins at start_at, up to the last multiple of 5 min that the cell was
 * advanced to, with the gauges before end_at; sums come initialised for this shape. */
void cell_period(const struct cell *c, enum period period, int64_t start_at, int64_t end_at,
                 struct cell_sums *sums);

/* The same of its part before until_at, a multiple of 5 min: the panes since then must be there,
 * so it is not before cell_kept_from. */
void cell_period_part(const struct cell *c, enum period period, int64_t start_at, int64_t until_at,
                      struct cell_sums *sums);

/* Adds the counters (no histograms, no gauges) of the panes of [from_at, to_at) to sums. */
void cell_add_counters(const struct cell *c, int64_t from_at, int64_t to_at,
                       struct cell_sums *sums);

/* The gauges with all changes in panes that start at or before `at`. */
void cell_now(const struct cell *c, int64_t at, int64_t *gauges);

/* Panes that start at or after this are there. */
int64_t cell_kept_from(const struct cell *c);

/* Start of the oldest pane, or INSTANT_MAX. */
int64_t cell_oldest(const struct cell *c);

/* What of a row this shape keeps, as ascending entries in scratch->entries; returns how many. */
size_t cell_row_entries(const struct cell_shape *shape, const struct report *report,
                        const struct report_row *row, struct pane_scratch *scratch);

/* Into a cell just made, of another shape: the panes of one that stands at some step. What this
 * shape does not keep is left out; thresholds are matched by their length. */
void cell_take_over(struct cell *c, const struct cell *from);

/* Equal contents at equal steps give equal bytes. Load goes into a cell just made, with the same
 * thresholds as the one that was saved. */
void cell_save(const struct cell *c, struct buf *b);
void cell_load(struct cell *c, struct cursor *in); /* the cursor tells */
