/* How the windows of a cell move. */
#pragma once

#include "core/cell.h"

/* Slides the windows from where they stand to their newest step not after `at`, by the panes as
 * they are and the rows that wait (sorted), which must not be in the panes yet. */
void cell_windows_slide(struct cell *c, int64_t at);

/* The same of the window of a plain cell, by its panes alone; then still_until is known too. */
void cell_windows_slide_plain(struct cell *c, int64_t at);

/* Adds the panes of [from_at, to_at) to a tally, `sign` times; returns whether there were any. */
bool cell_windows_sum(const struct cell *c, int64_t from_at, int64_t to_at, int sign,
                      struct tally *t);

/* Adds the gauges' changes in the panes of [from_at, to_at); returns whether there were any. */
bool cell_windows_gauges(const struct cell *c, int64_t from_at, int64_t to_at, int64_t *gauges);
