#include "core/cell.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"

#define COARSE_MS (5 * MINUTE_MS)

static const int64_t widths_ms[CELL_TIERS] = {DELTA_PANE_MS, MINUTE_MS, COARSE_MS};

struct cell *cell_new(const struct cell_shape *shape) {
    struct cell *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->shape = *shape;
    c->at = INSTANT_NONE;
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_init(&c->tiers[t]);
    for (size_t w = 0; w < shape->window_count; w++) {
        CHECK(shape->windows[w].length_ms <= shape->keep_ms);
        c->windows[w].edge_at = INSTANT_NONE;
        cell_sums_init(&c->windows[w].sums, shape);
    }
    return c;
}

void cell_free(struct cell *c) {
    if (!c)
        return;
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_deinit(&c->tiers[t]);
    for (size_t w = 0; w < c->shape.window_count; w++)
        cell_sums_deinit(&c->windows[w].sums);
    free(c);
}

int64_t cell_kept_from(const struct cell *c) {
    if (c->at == INSTANT_NONE)
        return INSTANT_NONE;
    return instant_floor(c->at, COARSE_MS) - c->shape.keep_ms;
}

/* Panes that start before this belong to a wider tier. */
static int64_t tier_from(const struct cell *c, size_t t) {
    if (t + 1 == CELL_TIERS || c->at == INSTANT_NONE)
        return cell_kept_from(c);
    int64_t stays_ms = t == 0 ? c->shape.fine_ms : c->shape.minute_ms;
    return instant_floor(instant_floor(c->at, widths_ms[t]) - stays_ms, widths_ms[t + 1]);
}

int64_t cell_oldest(const struct cell *c) {
    int64_t oldest = INSTANT_MAX;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        if (c->tiers[t].count > 0 && pane_list_at(&c->tiers[t], 0)->at < oldest)
            oldest = pane_list_at(&c->tiers[t], 0)->at;
    }
    return oldest;
}

/* Adds the panes of [from, to); returns whether there were any. */
static bool sum_panes(const struct cell *c, int64_t from_at, int64_t to_at, int sign,
                      struct cell_sums *sums) {
    bool any = false;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        const struct pane_list *l = &c->tiers[t];
        for (size_t i = pane_list_lower(l, from_at); i < l->count; i++) {
            if (pane_list_at(l, i)->at >= to_at)
                break;
            cell_sums_pane(sums, pane_list_at(l, i), sign);
            any = true;
        }
    }
    return any;
}

static void sum_gauges(const struct cell *c, int64_t from_at, int64_t to_at, int64_t *gauges) {
    for (size_t t = 0; t < CELL_TIERS; t++) {
        const struct pane_list *l = &c->tiers[t];
        for (size_t i = pane_list_lower(l, from_at); i < l->count; i++) {
            if (pane_list_at(l, i)->at >= to_at)
                break;
            cell_sums_gauges(gauges, pane_list_at(l, i));
        }
    }
}

static void slide(struct cell *c, size_t w, int64_t at) {
    struct cell_window *window = &c->windows[w];
    int64_t length_ms = c->shape.windows[w].length_ms;
    int64_t edge_at = instant_floor(at, c->shape.windows[w].step_ms);
    if (edge_at <= window->edge_at)
        return;
    bool grew = sum_panes(c, window->edge_at, edge_at, 1, &window->sums);
    if (grew)
        sum_gauges(c, window->edge_at, edge_at, window->sums.gauges);
    bool shrank = sum_panes(c, window->edge_at - length_ms, edge_at - length_ms, -1, &window->sums);
    window->changed |= grew || shrank;
    window->edge_at = edge_at;
}

/* What narrow panes said may come to nothing in the wide one. */
static void widen(struct pane_list *wide, int64_t width_ms, const struct pane *narrow,
                  struct pane_scratch *scratch) {
    struct pane *p = pane_list_get(wide, instant_floor(narrow->at, width_ms));
    pane_merge(p, narrow, scratch);
    if (p->size == 0)
        pane_list_remove(wide, pane_list_lower(wide, p->at));
}

/* Panes too old for their width go on to the next, or out. */
static void roll(struct cell *c, struct pane_scratch *scratch) {
    int64_t kept_from = cell_kept_from(c);
    for (size_t t = 0; t < CELL_TIERS; t++) {
        struct pane_list *l = &c->tiers[t];
        size_t gone = pane_list_lower(l, kept_from);
        for (size_t i = 0; i < gone; i++)
            cell_sums_gauges(c->base, pane_list_at(l, i));
        pane_list_drop(l, gone);
        if (t + 1 == CELL_TIERS)
            break;

        size_t wider = pane_list_lower(l, tier_from(c, t));
        for (size_t i = 0; i < wider; i++)
            widen(&c->tiers[t + 1], widths_ms[t + 1], pane_list_at(l, i), scratch);
        pane_list_drop(l, wider);
    }
}

void cell_advance(struct cell *c, int64_t at) {
    if (at <= c->at)
        return;
    if (c->at == INSTANT_NONE) {
        int64_t oldest = cell_oldest(c);
        for (size_t w = 0; w < c->shape.window_count; w++)
            c->windows[w].edge_at = instant_floor(oldest < at ? oldest : at, COARSE_MS);
    }
    for (size_t w = 0; w < c->shape.window_count; w++)
        slide(c, w, at);
    c->at = at;
    struct pane_scratch scratch;
    pane_scratch_init(&scratch);
    roll(c, &scratch);
    pane_scratch_deinit(&scratch);
}

static void add_to_pane(struct cell *c, int64_t pane_at, const struct pane_entry *entries,
                        size_t count, struct pane_scratch *scratch) {
    size_t t = 0;
    while (pane_at < tier_from(c, t))
        t++;
    CHECK(t < CELL_TIERS);
    struct pane_list *l = &c->tiers[t];
    struct pane *p = pane_list_get(l, instant_floor(pane_at, widths_ms[t]));
    pane_add(p, entries, count, scratch);
    if (p->size == 0)
        pane_list_remove(l, pane_list_lower(l, p->at));
}

bool cell_add(struct cell *c, int64_t pane_at, const struct pane_entry *entries, size_t count,
              struct pane_scratch *scratch) {
    bool kept = pane_at >= cell_kept_from(c);
    if (count == 0)
        return kept;
    if (kept)
        add_to_pane(c, pane_at, entries, count, scratch);
    for (size_t i = 0; !kept && i < count && entries[i].key < CELL_GAUGES; i++)
        c->base[entries[i].key] += entries[i].value;

    for (size_t w = 0; w < c->shape.window_count; w++) {
        struct cell_window *window = &c->windows[w];
        if (pane_at >= window->edge_at || c->at == INSTANT_NONE)
            continue;
        for (size_t i = 0; i < count && entries[i].key < CELL_GAUGES; i++) {
            window->sums.gauges[entries[i].key] += entries[i].value;
            window->changed = true;
        }
        if (pane_at >= window->edge_at - c->shape.windows[w].length_ms) {
            cell_sums_entries(&window->sums, entries, count);
            window->changed = true;
        }
    }
    return kept;
}

void cell_range(const struct cell *c, int64_t from_at, int64_t to_at, struct cell_sums *sums) {
    cell_sums_reset(sums);
    sum_panes(c, from_at, to_at, 1, sums);
    memcpy(sums->gauges, c->base, sizeof(sums->gauges));
    sum_gauges(c, INSTANT_NONE, to_at, sums->gauges);
}

void cell_add_panes(const struct cell *c, int64_t from_at, int64_t to_at, struct cell_sums *sums) {
    sum_panes(c, from_at, to_at, 1, sums);
}

void cell_now(const struct cell *c, int64_t at, int64_t *gauges) {
    int64_t from_at = INSTANT_NONE;
    memcpy(gauges, c->base, sizeof(c->base));
    if (c->shape.window_count > 0 && c->at != INSTANT_NONE) {
        memcpy(gauges, c->windows[0].sums.gauges, sizeof(c->base));
        from_at = c->windows[0].edge_at;
    }
    sum_gauges(c, from_at, at + 1, gauges);
}

void cell_save(const struct cell *c, struct buf *b) {
    buf_put_varint(b, c->shape.threshold_count);
    for (size_t i = 0; i < c->shape.threshold_count; i++)
        buf_put_zigzag(b, c->shape.thresholds_ms[i]);
    buf_put_zigzag(b, c->at);
    for (size_t i = 0; i < CELL_GAUGES; i++)
        buf_put_zigzag(b, c->base[i]);
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_save(&c->tiers[t], b);
}

/* The levels' keys mean nothing without the thresholds that they were counted by. */
static void check_thresholds(const struct cell *c, struct cursor *in) {
    if (cursor_varint(in) != c->shape.threshold_count)
        cursor_fail(in);
    for (size_t i = 0; i < c->shape.threshold_count; i++) {
        if (cursor_zigzag(in) != c->shape.thresholds_ms[i])
            cursor_fail(in);
    }
}

void cell_load(struct cell *c, struct cursor *in) {
    check_thresholds(c, in);
    c->at = cursor_zigzag(in);
    for (size_t i = 0; i < CELL_GAUGES; i++)
        c->base[i] = cursor_zigzag(in);
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_load(&c->tiers[t], in, CELL_KEY_LIMIT);
    if (in->failed || c->at == INSTANT_NONE)
        return;
    for (size_t w = 0; w < c->shape.window_count; w++) {
        struct cell_window *window = &c->windows[w];
        window->edge_at = instant_floor(c->at, c->shape.windows[w].step_ms);
        cell_range(c, window->edge_at - c->shape.windows[w].length_ms, window->edge_at,
                   &window->sums);
        window->changed = true;
    }
}
