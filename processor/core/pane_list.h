/* Panes of one width in order of time; those in which nothing happened are not there. */
#pragma once

#include "core/pane.h"

struct pane_list {
    struct pane *panes; /* owned; ascending by at, from `first` on */
    size_t first;       /* what was dropped in front leaves room that is taken back at times */
    size_t count;
    size_t capacity;
};

void pane_list_init(struct pane_list *l);
void pane_list_deinit(struct pane_list *l);

static inline struct pane *pane_list_at(const struct pane_list *l, size_t index) {
    return &l->panes[l->first + index];
}

/* Index of the first pane that does not start before `at`; count when there is none. Nearly always
 * that is one of the newest. */
size_t pane_list_search(const struct pane_list *l, int64_t at);
static inline size_t pane_list_lower(const struct pane_list *l, int64_t at) {
    if (l->count == 0 || pane_list_at(l, l->count - 1)->at < at)
        return l->count;
    return pane_list_at(l, 0)->at >= at ? 0 : pane_list_search(l, at);
}

/* The same, looked for from a place that is near it. */
static inline size_t pane_list_near(const struct pane_list *l, int64_t at, size_t near) {
    size_t i = near < l->count ? near : l->count;
    while (i > 0 && pane_list_at(l, i - 1)->at >= at)
        i--;
    while (i < l->count && pane_list_at(l, i)->at < at)
        i++;
    return i;
}

/* The pane that starts at `at`, made when missing. Valid until the next change of the list. */
struct pane *pane_list_get(struct pane_list *l, int64_t at);

/* Removes the `n` oldest. */
void pane_list_drop(struct pane_list *l, size_t n);

/* Removes the pane at this index. */
void pane_list_remove(struct pane_list *l, size_t index);

/* All panes start at multiples of width_ms. */
void pane_list_save(const struct pane_list *l, int64_t width_ms, struct buf *b);

/* Into a list just made; the cursor tells. */
void pane_list_load(struct pane_list *l, int64_t width_ms, struct cursor *c, uint32_t key_limit);
