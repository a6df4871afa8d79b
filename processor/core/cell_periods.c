#include "core/cell_periods.h"

#include "base/check.h"

void cell_periods_init(struct cell_periods *p) {
    *p = (struct cell_periods){.edge_at = INSTANT_NONE};
    for (size_t i = 0; i < PERIOD_COUNT; i++)
        pane_list_init(&p->panes[i]);
}

void cell_periods_deinit(struct cell_periods *p) {
    for (size_t i = 0; i < PERIOD_COUNT; i++)
        pane_list_deinit(&p->panes[i]);
}

static int64_t start_of(const struct cell_shape *s, enum period p, int64_t at) {
    return period_start(p, s->zone, s->week_starts, at);
}

static int64_t end_of(const struct cell_shape *s, enum period p, int64_t at) {
    return period_end(p, s->zone, s->week_starts, at);
}

/* Its last word is said at end + lateness: after that step nothing asks for it any more. */
static bool is_final(const struct cell_shape *s, enum period p, int64_t at, int64_t edge_at) {
    return end_of(s, p, at) + s->lateness_ms < edge_at;
}

static void add_entries(struct pane_list *l, int64_t at, size_t count,
                        struct pane_scratch *scratch) {
    struct pane *pane = pane_list_get(l, at);
    pane_add(pane, scratch->entries, count, scratch);
    if (pane->size == 0)
        pane_list_remove(l, pane_list_lower(l, at));
}

void cell_periods_add(struct cell_periods *p, const struct cell_shape *shape, int64_t at,
                      struct tally *t, struct pane_scratch *scratch) {
    size_t count = tally_take(t, scratch);
    if (count == 0)
        return;
    if (!is_final(shape, PERIOD_DAY, at, p->edge_at)) {
        add_entries(&p->panes[PERIOD_DAY], start_of(shape, PERIOD_DAY, at), count, scratch);
        return;
    }
    for (enum period i = PERIOD_WEEK; i < PERIOD_COUNT; i++) {
        if (!is_final(shape, i, at, p->edge_at))
            add_entries(&p->panes[i], start_of(shape, i, at), count, scratch);
    }
}

static void settle_day(struct cell_periods *p, const struct cell_shape *shape,
                       const struct pane *day, struct pane_scratch *scratch) {
    for (enum period i = PERIOD_WEEK; i < PERIOD_COUNT; i++) {
        struct pane_list *l = &p->panes[i];
        int64_t at = start_of(shape, i, day->at);
        struct pane *span = pane_list_get(l, at);
        pane_add_packed(span, pane_packed(day), scratch);
        if (span->size == 0)
            pane_list_remove(l, pane_list_lower(l, at));
    }
}

void cell_periods_settle(struct cell_periods *p, const struct cell_shape *shape, int64_t edge_at,
                         struct pane_scratch *scratch) {
    struct pane_list *days = &p->panes[PERIOD_DAY];
    size_t settled = 0;
    for (; settled < days->count; settled++) {
        const struct pane *day = pane_list_at(days, settled);
        if (!is_final(shape, PERIOD_DAY, day->at, edge_at))
            break;
        settle_day(p, shape, day, scratch);
    }
    pane_list_drop(days, settled);
    for (enum period i = PERIOD_WEEK; i < PERIOD_COUNT; i++) {
        struct pane_list *l = &p->panes[i];
        while (l->count > 0 && is_final(shape, i, pane_list_at(l, 0)->at, edge_at))
            pane_list_drop(l, 1);
    }
    p->edge_at = edge_at;
}

/* What is settled of the period that begins at start_at, or NULL. */
static const struct pane *settled_at(const struct cell_periods *p, enum period period,
                                     int64_t start_at) {
    const struct pane_list *l = &p->panes[period];
    size_t index = period == PERIOD_DAY ? l->count : pane_list_lower(l, start_at);
    bool found = index < l->count && pane_list_at(l, index)->at == start_at;
    return found ? pane_list_at(l, index) : NULL;
}

bool cell_periods_alike(const struct cell_periods *p, enum period a, int64_t a_at, enum period b,
                        int64_t b_at) {
    const struct pane_list *days = &p->panes[PERIOD_DAY];
    return !settled_at(p, a, a_at) && !settled_at(p, b, b_at) &&
           pane_list_lower(days, a_at) == pane_list_lower(days, b_at);
}

void cell_periods_sum(const struct cell_periods *p, enum period period, int64_t start_at,
                      int64_t end_at, struct tally *t) {
    const struct pane_list *days = &p->panes[PERIOD_DAY];
    const struct pane *settled = settled_at(p, period, start_at);
    if (settled)
        tally_packed(t, pane_packed(settled), 1);
    for (size_t i = pane_list_lower(days, start_at); i < days->count; i++) {
        const struct pane *day = pane_list_at(days, i);
        if (day->at >= end_at)
            break;
        tally_packed(t, pane_packed(day), 1);
    }
}

void cell_periods_put(struct cell_periods *p, enum period period, int64_t start_at, struct tally *t,
                      struct pane_scratch *scratch) {
    add_entries(&p->panes[period], start_at, tally_take(t, scratch), scratch);
}

void cell_periods_save(const struct cell_periods *p, struct buf *b) {
    for (enum period i = PERIOD_DAY; i < PERIOD_COUNT; i++)
        pane_list_save(&p->panes[i], 1, b);
}

void cell_periods_load(struct cell_periods *p, struct cursor *in) {
    for (enum period i = PERIOD_DAY; i < PERIOD_COUNT; i++)
        pane_list_load(&p->panes[i], 1, in, CELL_KEY_LIMIT);
}
