#include "core/cell_windows.h"

#include "base/check.h"

bool cell_windows_sum(const struct cell *c, int64_t from_at, int64_t to_at, int sign,
                      struct tally *t) {
    bool any = false;
    for (size_t tier = 0; tier < CELL_TIERS && from_at < to_at; tier++) {
        const struct pane_list *l = &c->tiers[tier];
        for (size_t i = pane_list_lower(l, from_at); i < l->count; i++) {
            const struct pane *p = pane_list_at(l, i);
            if (p->at >= to_at)
                break;
            tally_packed(t, pane_packed(p), sign);
            any = true;
        }
    }
    return any;
}

bool cell_windows_gauges(const struct cell *c, int64_t from_at, int64_t to_at, int64_t *gauges) {
    bool any = false;
    if (!cell_shape_gauges(&c->shape))
        return false;
    for (size_t tier = 0; tier < CELL_TIERS && from_at < to_at; tier++) {
        const struct pane_list *l = &c->tiers[tier];
        for (size_t i = pane_list_lower(l, from_at); i < l->count; i++) {
            if (pane_list_at(l, i)->at >= to_at)
                break;
            any |= cell_sums_gauges(gauges, pane_packed(pane_list_at(l, i)));
        }
    }
    return any;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Windows with one step move together: the longer ones have all that the shorter ones have. */
struct group {
    size_t first, end;       /* windows */
    int64_t old_at, edge_at; /* where they stand, and where they will */
    int64_t gauges[CELL_GAUGES];
    bool changed; /* something has come so far */
    bool listed;  /* all of it stands in the scratch's entries, too */
    size_t count; /* so many entries */
};

static struct group group_of(const struct cell *c, size_t first, int64_t at) {
    const struct cell_span *spans = c->shape.windows;
    struct group g = {.first = first, .end = first + 1, .old_at = c->windows[first].edge_at};
    while (g.end < c->shape.window_count && spans[g.end].step_ms == spans[first].step_ms)
        g.end++;
    g.edge_at = later(g.old_at, instant_floor(at, spans[first].step_ms));
    return g;
}

/* Of everything before the new edge that the windows have not seen. */
static void gather_gauges(const struct cell *c, struct group *g) {
    const struct cell_waiting *w = &c->waiting;
    g->changed = cell_windows_gauges(c, g->old_at, g->edge_at, g->gauges);
    bool kept = cell_shape_gauges(&c->shape);
    for (size_t i = 0; kept && i < w->count && w->rows[i].pane_at < g->edge_at; i++)
        g->changed |= cell_sums_gauges(g->gauges, cell_waiting_packed(w, i));
}

/* What comes into a window that begins at from_at and not into a shorter one, which begins at
 * until_at. */
static void gather_in(const struct cell *c, struct group *g, int64_t from_at, int64_t until_at) {
    const struct cell_waiting *w = &c->waiting;
    struct tally *in = &c->scratch->in;
    bool more = cell_windows_sum(c, later(from_at, g->old_at), until_at, 1, in);
    size_t i = cell_waiting_lower(w, from_at);
    for (; i < w->count && w->rows[i].pane_at < until_at; i++) {
        tally_packed(in, cell_waiting_packed(w, i), 1);
        more = true;
    }
    g->changed |= more;
    g->listed &= !more;
}

/* What comes, less what leaves. Of windows from which nothing leaves it is often the same. */
static void list_changes(const struct cell *c, struct group *g) {
    struct tally *in = &c->scratch->in;
    struct tally *out = &c->scratch->out;
    if (g->listed && tally_is_empty(out))
        return;
    g->listed = tally_is_empty(out);
    tally_merge(in, out, 1);
    g->count = tally_list(in, &c->scratch->panes);
    tally_merge(in, out, -1);
    tally_reset(out);
}

static void move_window(struct cell *c, struct group *g, size_t index) {
    struct cell_window *window = &c->windows[index];
    struct tally *out = &c->scratch->out;
    int64_t length_ms = c->shape.windows[index].length_ms;
    int64_t from_at = g->edge_at - length_ms;
    bool changed = g->changed;
    if (from_at >= g->old_at) { /* nothing stays */
        changed |= cell_sums_any(&window->sums);
        cell_sums_reset(&window->sums);
    } else {
        cell_windows_sum(c, g->old_at - length_ms, from_at, -1, out);
        changed |= !tally_is_empty(out);
    }
    list_changes(c, g);
    cell_sums_entries(&window->sums, c->scratch->panes.entries, g->count);
    window->edge_at = g->edge_at;
    window->changed |= changed;
}

static void move_group(struct cell *c, struct group *g) {
    int64_t until_at = g->edge_at;
    gather_gauges(c, g);
    for (size_t w = g->first; w < g->end; w++) {
        int64_t from_at = g->edge_at - c->shape.windows[w].length_ms;
        int64_t gauges[CELL_GAUGES];
        CHECK(c->windows[w].edge_at == g->old_at && from_at <= until_at);
        gather_in(c, g, from_at, until_at);
        memcpy(gauges, c->windows[w].sums.gauges, sizeof(gauges));
        move_window(c, g, w);
        for (size_t i = 0; i < CELL_GAUGES; i++)
            c->windows[w].sums.gauges[i] = gauges[i] + g->gauges[i];
        until_at = from_at;
    }
    tally_reset(&c->scratch->in);
}

/* The panes of one tier: those before from_at leave the window, those before edge_at come. Returns
 * the instant up to which no other one does. */
static int64_t slide_tier(struct cell *c, size_t tier, int64_t from_at, int64_t edge_at) {
    struct cell_window *window = &c->windows[0];
    const struct pane_list *l = &c->tiers[tier];
    const struct pane *panes = pane_list_at(l, 0), *end = panes + l->count;
    const struct pane *tail = panes + window->tails[tier], *head = panes + window->heads[tier];
    int64_t still_until = INSTANT_MAX;
    for (; tail < end && tail->at < from_at; tail++)
        cell_sums_packed(&window->sums, pane_packed(tail), -1);
    for (; head < end && head->at < edge_at; head++)
        cell_sums_packed(&window->sums, pane_packed(head), 1);
    c->changes += window->tails[tier] != (size_t)(tail - panes) ||
                  window->heads[tier] != (size_t)(head - panes);
    window->tails[tier] = (size_t)(tail - panes);
    window->heads[tier] = (size_t)(head - panes);
    if (tail < end)
        still_until = tail->at + c->shape.windows[0].length_ms;
    return head < end && head->at < still_until ? head->at : still_until;
}

/* Nothing stays: what is older than from_at leaves at once. */
static void empty_window(struct cell *c, int64_t from_at) {
    struct cell_window *window = &c->windows[0];
    c->changes += cell_sums_any(&window->sums);
    cell_sums_reset(&window->sums);
    for (size_t t = 0; t < CELL_TIERS; t++)
        window->tails[t] = window->heads[t] = pane_list_lower(&c->tiers[t], from_at);
}

void cell_windows_slide_plain(struct cell *c, int64_t at) {
    struct cell_window *window = &c->windows[0];
    int64_t edge_at = later(window->edge_at, instant_floor(at, c->shape.windows[0].step_ms));
    int64_t from_at = edge_at - c->shape.windows[0].length_ms;
    int64_t still_until = INSTANT_MAX;
    uint64_t changes = c->changes;
    if (from_at >= window->edge_at)
        empty_window(c, from_at);
    for (size_t tier = 0; tier < CELL_TIERS; tier++) {
        if (c->tiers[tier].count > 0)
            still_until = earlier(still_until, slide_tier(c, tier, from_at, edge_at));
    }
    c->still_until = still_until;
    window->edge_at = edge_at;
    window->changed |= c->changes != changes;
}

void cell_windows_slide(struct cell *c, int64_t at) {
    for (size_t w = 0; w < c->shape.window_count;) {
        struct group g = group_of(c, w, at);
        w = g.end;
        if (g.edge_at > g.old_at || c->waiting.count > 0)
            move_group(c, &g);
    }
}
