/* Figures as fields of a hash (redis_command.h): the value, and its parts as NAME.n and NAME.d.
 * Many are what they were in the window or the scope before, since nothing happened there, or all
 * of it lately: those are copied. */
#pragma once

#include "base/buf.h"
#include "core/view.h"

#define VIEW_FIGURE_FIELDS 3 /* at most, of one figure */

struct view_figures {
    struct view_told *told; /* owned */
    size_t count;
    struct buf value; /* one, while it is put together */
};

void view_figures_deinit(struct view_figures *figures);

/* Before the text to which figures were added is reset or changed. */
void view_figures_reset(struct view_figures *figures);

/* Adds one to the text; the index is its place in the row of figures. Returns how many fields it
 * is. */
uint32_t view_figures_put(struct view_figures *figures, size_t index, const struct view_figure *f,
                          struct buf *text);
