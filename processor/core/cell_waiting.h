/* Counts that wait to be taken into a cell: packed entries of 10 s panes, in the order in which
 * they came, or by pane when they are taken or grow too many. */
#pragma once

#include "core/tally.h"

/* A range of the packed bytes. */
struct cell_row {
    int64_t pane_at;
    uint32_t from, size;
};

struct cell_waiting {
    struct cell_row *rows; /* owned */
    size_t count, capacity;
    struct buf packed;
};

void cell_waiting_init(struct cell_waiting *w);
void cell_waiting_deinit(struct cell_waiting *w);

/* Empty again; of the memory a little stays. */
void cell_waiting_reset(struct cell_waiting *w);

void cell_waiting_add(struct cell_waiting *w, int64_t pane_at, struct slice packed);

/* Rows by pane, those of one pane as one row; through a tally that is empty before and after. A
 * pane in which changes of gauges come to nothing keeps its rows. */
void cell_waiting_merge(struct cell_waiting *w, struct tally *t, struct pane_scratch *scratch);

/* Index of the first row whose pane does not start before `at`, after a merge. */
size_t cell_waiting_lower(const struct cell_waiting *w, int64_t at);

static inline struct slice cell_waiting_packed(const struct cell_waiting *w, size_t index) {
    return (struct slice){w->packed.at + w->rows[index].from, w->rows[index].size};
}
