#include "core/cell.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/cell_windows.h"
#include "core/delta.h"

#define COARSE_MS CELL_COARSE_MS
#define WAITING_BYTES 4096 /* that may wait beside half of what the panes take */

static const int64_t widths_ms[CELL_TIERS] = {DELTA_PANE_MS, MINUTE_MS, COARSE_MS};

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

void cell_scratch_init(struct cell_scratch *s) {
    pane_scratch_init(&s->panes);
    tally_init(&s->in, CELL_KEY_LIMIT);
    tally_init(&s->out, CELL_KEY_LIMIT);
}

void cell_scratch_deinit(struct cell_scratch *s) {
    pane_scratch_deinit(&s->panes);
    tally_deinit(&s->in);
    tally_deinit(&s->out);
}

static bool is_plain(const struct cell_shape *s) {
    return s->window_count == 1 && s->histograms == 0 && !cell_shape_gauges(s) && !s->zone;
}

struct cell *cell_new(const struct cell_shape *shape, struct cell_scratch *scratch) {
    struct cell *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->shape = *shape;
    c->scratch = scratch;
    c->plain = is_plain(shape);
    c->by_minute = c->plain && shape->fine_ms == 0 && shape->windows[0].step_ms % MINUTE_MS == 0;
    c->at = c->still_until = c->roll_at = INSTANT_NONE;
    c->changes = 1;
    cell_waiting_init(&c->waiting);
    cell_periods_init(&c->periods);
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
    cell_waiting_deinit(&c->waiting);
    cell_periods_deinit(&c->periods);
    free(c);
}

static int64_t kept_from(const struct cell *c, int64_t at) {
    return at == INSTANT_NONE ? INSTANT_NONE : instant_floor(at, COARSE_MS) - c->shape.keep_ms;
}

int64_t cell_kept_from(const struct cell *c) {
    return kept_from(c, c->at);
}

/* Panes that start before this belong to a wider tier. */
static int64_t tier_from(const struct cell *c, size_t t) {
    CHECK(t < CELL_TIERS);
    if (t + 1 == CELL_TIERS || c->at == INSTANT_NONE)
        return cell_kept_from(c);
    if (t == 0)
        return instant_floor(instant_floor(c->at, DELTA_PANE_MS) - c->shape.fine_ms, MINUTE_MS);
    return instant_floor(instant_floor(c->at, MINUTE_MS) - c->shape.minute_ms, COARSE_MS);
}

int64_t cell_oldest(const struct cell *c) {
    int64_t oldest = INSTANT_MAX;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        if (c->tiers[t].count > 0 && pane_list_at(&c->tiers[t], 0)->at < oldest)
            oldest = pane_list_at(&c->tiers[t], 0)->at;
    }
    return oldest;
}

/* A pane came (1) to a list, or went from it (-1). */
static void note_pane(struct cell *c, size_t tier, int64_t at, int sign) {
    struct cell_window *w = &c->windows[0];
    if (!c->plain || w->edge_at == INSTANT_NONE || at >= w->edge_at)
        return;
    w->heads[tier] += (size_t)sign;
    if (at < w->edge_at - c->shape.windows[0].length_ms)
        w->tails[tier] += (size_t)sign;
}

/* Adds what is packed, when it is all there is, or else the tally, to the pane that starts at
 * `at`. What comes to nothing leaves no pane. */
static void put_in_pane(struct cell *c, size_t tier, int64_t at, const struct slice *alone) {
    struct pane_list *l = &c->tiers[tier];
    if (l->count == 0 || at < pane_list_at(l, 0)->at)
        c->roll_at = INSTANT_NONE;
    size_t before = l->count;
    struct pane *p = pane_list_get(l, at);
    if (l->count > before)
        note_pane(c, tier, at, 1);
    struct cell_scratch *s = c->scratch;
    c->packed_bytes -= p->size;
    if (alone) {
        pane_add_packed(p, *alone, &s->panes);
    } else {
        size_t count = tally_take(&s->in, &s->panes);
        pane_add(p, s->panes.entries, count, &s->panes);
    }
    c->packed_bytes += p->size;
    if (p->size > 0)
        return;
    pane_list_remove(l, pane_list_lower(l, at));
    note_pane(c, tier, at, -1);
}

static int64_t old_place_of(const struct cell *c, int64_t pane_at, size_t *tier) {
    while (pane_at < tier_from(c, *tier))
        (*tier)++;
    CHECK(*tier < CELL_TIERS);
    return instant_floor(pane_at, widths_ms[*tier]);
}

/* Where a 10 s pane's counts belong. */
static inline int64_t place_of(const struct cell *c, int64_t pane_at, size_t *tier) {
    int64_t stay_ms = c->by_minute ? c->shape.minute_ms : c->shape.fine_ms;
    *tier = c->by_minute;
    if (c->at == INSTANT_NONE || pane_at < c->at - stay_ms)
        return old_place_of(c, pane_at, tier);
    return c->by_minute ? instant_floor(pane_at, MINUTE_MS) : pane_at;
}

/* Rows of one pane go into it together. */
static void take_waiting(struct cell *c) {
    struct cell_waiting *w = &c->waiting;
    for (size_t i = 0; i < w->count;) {
        size_t tier, next_tier;
        int64_t at = place_of(c, w->rows[i].pane_at, &tier);
        size_t end = i + 1;
        while (end < w->count && place_of(c, w->rows[end].pane_at, &next_tier) == at &&
               next_tier == tier)
            end++;
        struct slice first = cell_waiting_packed(w, i);
        for (size_t n = i; n < end && end - i > 1; n++)
            tally_packed(&c->scratch->in, cell_waiting_packed(w, n), 1);
        put_in_pane(c, tier, at, end - i == 1 ? &first : NULL);
        i = end;
    }
    cell_waiting_reset(w);
}

static void drop(struct cell *c, size_t tier, size_t count) {
    struct cell_window *w = &c->windows[0];
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        c->packed_bytes -= pane_list_at(&c->tiers[tier], i)->size;
    pane_list_drop(&c->tiers[tier], count);
    w->tails[tier] -= count < w->tails[tier] ? count : w->tails[tier];
    w->heads[tier] -= count < w->heads[tier] ? count : w->heads[tier];
}

/* The oldest panes of a tier go into wider ones. */
static void widen(struct cell *c, size_t tier, size_t count) {
    const struct pane_list *l = &c->tiers[tier];
    for (size_t i = 0; i < count;) {
        int64_t at = instant_floor(pane_list_at(l, i)->at, widths_ms[tier + 1]);
        struct slice first = pane_packed(pane_list_at(l, i));
        size_t end = i + 1;
        while (end < count && pane_list_at(l, end)->at < at + widths_ms[tier + 1])
            end++;
        for (size_t n = i; n < end && end - i > 1; n++)
            tally_packed(&c->scratch->in, pane_packed(pane_list_at(l, n)), 1);
        put_in_pane(c, tier + 1, at, end - i == 1 ? &first : NULL);
        i = end;
    }
    drop(c, tier, count);
}

/* Not after the first instant at which a pane is too old for its width, or to be kept. */
static int64_t next_roll(const struct cell *c) {
    const int64_t stay_ms[] = {c->shape.fine_ms + MINUTE_MS, c->shape.minute_ms + COARSE_MS};
    int64_t at = INSTANT_MAX;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        if (c->tiers[t].count == 0)
            continue;
        int64_t first_at = pane_list_at(&c->tiers[t], 0)->at;
        if (t + 1 < CELL_TIERS)
            at = earlier(at, instant_floor(first_at, widths_ms[t + 1]) + stay_ms[t]);
        at = earlier(at, instant_floor(first_at + c->shape.keep_ms, COARSE_MS) + COARSE_MS);
    }
    return at;
}

/* Panes too old for their width go on to the next, or out. */
static void roll_panes(struct cell *c) {
    int64_t kept_at = cell_kept_from(c);
    bool gauges = cell_shape_gauges(&c->shape);
    for (size_t t = 0; t < CELL_TIERS; t++) {
        const struct pane_list *l = &c->tiers[t];
        if (l->count == 0)
            continue;
        int64_t first_at = pane_list_at(l, 0)->at;
        if (first_at >= kept_at && first_at >= tier_from(c, t))
            continue;
        size_t gone = pane_list_near(l, kept_at, 0);
        for (size_t i = 0; gauges && i < gone; i++)
            cell_sums_gauges(c->base, pane_packed(pane_list_at(l, i)));
        drop(c, t, gone);
        if (t + 1 < CELL_TIERS)
            widen(c, t, pane_list_lower(l, tier_from(c, t)));
    }
    c->roll_at = next_roll(c);
}

static inline void roll(struct cell *c) {
    if (c->at >= c->roll_at)
        roll_panes(c);
}

/* Rows of one day together. */
static void correct_periods(struct cell *c) {
    const struct cell_waiting *w = &c->waiting;
    const struct cell_shape *shape = &c->shape;
    size_t late = shape->zone ? cell_waiting_lower(w, c->periods.edge_at) : 0;
    for (size_t i = 0; i < late;) {
        int64_t at = w->rows[i].pane_at;
        int64_t end_at = period_end(PERIOD_DAY, shape->zone, shape->week_starts, at);
        for (; i < late && w->rows[i].pane_at < end_at; i++)
            tally_packed(&c->scratch->in, cell_waiting_packed(w, i), 1);
        cell_periods_add(&c->periods, shape, at, &c->scratch->in, &c->scratch->panes);
    }
}

/* What the panes hold beyond the edge of the periods goes into them, day by day. */
static void advance_periods(struct cell *c, int64_t at) {
    struct cell_periods *p = &c->periods;
    struct cell_scratch *s = c->scratch;
    int64_t edge_at = instant_floor(at, CELL_PERIODS_STEP_MS);
    if (!c->shape.zone || at == INSTANT_NONE)
        return;
    if (p->edge_at == INSTANT_NONE) {
        int64_t oldest = cell_oldest(c);
        p->edge_at = instant_floor(oldest < at ? oldest : at, CELL_PERIODS_STEP_MS);
    }
    while (p->edge_at < edge_at) {
        int64_t end_at = period_end(PERIOD_DAY, c->shape.zone, c->shape.week_starts, p->edge_at);
        int64_t until_at = end_at < edge_at ? end_at : edge_at;
        p->turned |= end_at <= edge_at;
        if (cell_windows_sum(c, p->edge_at, until_at, 1, &s->in))
            cell_periods_add(p, &c->shape, p->edge_at, &s->in, &s->panes);
        p->edge_at = until_at;
    }
    cell_periods_settle(p, &c->shape, edge_at, &s->panes);
}

/* The instant after which the first pane from `edge_at` on lies before an edge that far behind. */
static int64_t passes_at(const struct pane_list *l, size_t *near, int64_t edge_at,
                         int64_t behind_ms) {
    *near = pane_list_near(l, edge_at, *near);
    return *near < l->count ? pane_list_at(l, *near)->at + behind_ms : INSTANT_MAX;
}

int64_t cell_look_still(struct cell *c) {
    CHECK(c->waiting.count == 0);
    if (c->still_until > c->at || c->shape.zone)
        return c->still_until;
    int64_t until_at = INSTANT_MAX;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        for (size_t w = 0; w < c->shape.window_count && c->tiers[t].count > 0; w++) {
            struct cell_window *window = &c->windows[w];
            int64_t edge_at = window->edge_at, length_ms = c->shape.windows[w].length_ms;
            until_at = earlier(until_at, passes_at(&c->tiers[t], &window->tails[t],
                                                   edge_at - length_ms, length_ms));
            until_at = earlier(until_at, passes_at(&c->tiers[t], &window->heads[t], edge_at, 0));
        }
    }
    c->still_until = until_at;
    return until_at;
}

static void stand_still(struct cell *c, int64_t at) {
    c->at = at;
    for (size_t w = 0; w < c->shape.window_count; w++)
        c->windows[w].edge_at = instant_floor(at, c->shape.windows[w].step_ms);
    roll(c);
}

static void advance_plain(struct cell *c, int64_t at) {
    if (at <= c->at)
        return;
    if (at <= c->still_until) {
        stand_still(c, at);
        return;
    }
    if (c->at == INSTANT_NONE) {
        int64_t oldest = cell_oldest(c);
        c->windows[0].edge_at = instant_floor(oldest < at ? oldest : at, COARSE_MS);
    }
    cell_windows_slide_plain(c, at);
    c->at = at;
    roll(c);
}

void cell_advance(struct cell *c, int64_t at) {
    bool came = c->waiting.count > 0;
    if (c->plain) {
        advance_plain(c, at);
        return;
    }
    if (at <= c->at && !came)
        return;
    if (at <= c->still_until && !came) {
        stand_still(c, at);
        return;
    }
    if (at < c->at)
        at = c->at;
    c->changes++;
    cell_waiting_merge(&c->waiting, &c->scratch->in, &c->scratch->panes);
    if (c->at != INSTANT_NONE)
        cell_windows_slide(c, at);
    correct_periods(c);
    /* Where they belong as of now, unless some are to go already. */
    if (came && c->at != INSTANT_NONE && c->waiting.rows[0].pane_at >= kept_from(c, at))
        c->at = at;
    take_waiting(c);
    if (c->at == INSTANT_NONE && at != INSTANT_NONE) {
        int64_t oldest = cell_oldest(c);
        for (size_t w = 0; w < c->shape.window_count; w++)
            c->windows[w].edge_at = instant_floor(oldest < at ? oldest : at, COARSE_MS);
        cell_windows_slide(c, at);
    }
    c->at = at;
    advance_periods(c, at);
    roll(c);
    c->still_until = at;
    if (!came)
        cell_look_still(c);
}

/* Counts for panes that are gone: the gauges are always right, and so are periods under way. */
static void correct_gone(struct cell *c, int64_t at, int64_t pane_at, struct slice packed) {
    struct cell_scratch *s = c->scratch;
    cell_advance(c, at);
    if (c->shape.zone && c->periods.edge_at != INSTANT_NONE) {
        tally_packed(&s->in, packed, 1);
        cell_periods_add(&c->periods, &c->shape, pane_at, &s->in, &s->panes);
    }
    if (!cell_sums_gauges(c->base, packed))
        return;
    c->changes++;
    for (size_t w = 0; w < c->shape.window_count; w++) {
        cell_sums_gauges(c->windows[w].sums.gauges, packed);
        c->windows[w].changed = true;
    }
}

/* Into its pane, and into the window where it stands. */
static void add_plain(struct cell *c, int64_t pane_at, struct slice packed) {
    struct cell_window *w = &c->windows[0];
    int64_t length_ms = c->shape.windows[0].length_ms;
    size_t tier;
    int64_t place_at = place_of(c, pane_at, &tier);
    put_in_pane(c, tier, place_at, &packed);
    if (c->at == INSTANT_NONE || pane_at < w->edge_at - length_ms)
        return;
    bool inside = pane_at < w->edge_at;
    c->still_until = earlier(c->still_until, inside ? place_at + length_ms : place_at);
    if (!inside)
        return;
    cell_sums_packed(&w->sums, packed, 1);
    w->changed = true;
    c->changes++;
}

static size_t waiting_most(const struct cell *c) {
    return WAITING_BYTES + c->packed_bytes / 2;
}

/* Rows of one pane become one; what is still much then goes where it belongs. */
static void make_room(struct cell *c, int64_t at) {
    cell_waiting_merge(&c->waiting, &c->scratch->in, &c->scratch->panes);
    if (c->waiting.packed.size > waiting_most(c) / 2)
        cell_advance(c, at);
}

bool cell_add(struct cell *c, int64_t at, int64_t pane_at, struct slice packed) {
    bool kept = pane_at >= kept_from(c, at > c->at ? at : c->at);
    if (packed.size == 0)
        return kept;
    if (!kept) {
        correct_gone(c, at, pane_at, packed);
        return false;
    }
    if (c->plain) {
        add_plain(c, pane_at, packed);
        return true;
    }
    cell_waiting_add(&c->waiting, pane_at, packed);
    if (c->waiting.packed.size > waiting_most(c))
        make_room(c, at);
    return true;
}

/* What was tallied of some panes. */
static void take_sums(const struct cell *c, struct cell_sums *sums) {
    struct cell_scratch *s = c->scratch;
    size_t count = tally_take(&s->in, &s->panes);
    cell_sums_entries(sums, s->panes.entries, count);
}

void cell_range(const struct cell *c, int64_t from_at, int64_t to_at, struct cell_sums *sums) {
    CHECK(c->waiting.count == 0);
    cell_sums_reset(sums);
    cell_windows_sum(c, from_at, to_at, 1, &c->scratch->in);
    take_sums(c, sums);
    memcpy(sums->gauges, c->base, sizeof(sums->gauges));
    cell_windows_gauges(c, INSTANT_NONE, to_at, sums->gauges);
}

void cell_period(const struct cell *c, enum period period, int64_t start_at, int64_t end_at,
                 struct cell_sums *sums) {
    CHECK(c->waiting.count == 0);
    cell_sums_reset(sums);
    cell_periods_sum(&c->periods, period, start_at, end_at, &c->scratch->in);
    take_sums(c, sums);
    memcpy(sums->gauges, c->base, sizeof(sums->gauges));
    cell_windows_gauges(c, INSTANT_NONE, end_at, sums->gauges);
}

void cell_period_part(const struct cell *c, enum period period, int64_t start_at, int64_t until_at,
                      struct cell_sums *sums) {
    const struct cell_shape *shape = &c->shape;
    int64_t end_at = period_end(period, shape->zone, shape->week_starts, start_at);
    int64_t edge_at = end_at < c->periods.edge_at ? end_at : c->periods.edge_at;
    CHECK(c->waiting.count == 0);
    cell_sums_reset(sums);
    cell_periods_sum(&c->periods, period, start_at, end_at, &c->scratch->in);
    cell_windows_sum(c, until_at, edge_at, -1, &c->scratch->in);
    take_sums(c, sums);
    memcpy(sums->gauges, c->base, sizeof(sums->gauges));
    cell_windows_gauges(c, INSTANT_NONE, until_at, sums->gauges);
}

void cell_add_counters(const struct cell *c, int64_t from_at, int64_t to_at,
                       struct cell_sums *sums) {
    for (size_t t = 0; t < CELL_TIERS; t++) {
        const struct pane_list *l = &c->tiers[t];
        for (size_t i = pane_list_lower(l, from_at); i < l->count; i++) {
            if (pane_list_at(l, i)->at >= to_at)
                break;
            cell_sums_counters(sums, pane_packed(pane_list_at(l, i)));
        }
    }
}

void cell_now(const struct cell *c, int64_t at, int64_t *gauges) {
    CHECK(c->waiting.count == 0);
    int64_t from_at = INSTANT_NONE;
    memcpy(gauges, c->base, sizeof(c->base));
    if (c->shape.window_count > 0 && c->at != INSTANT_NONE) {
        memcpy(gauges, c->windows[0].sums.gauges, sizeof(c->base));
        from_at = c->windows[0].edge_at;
    }
    cell_windows_gauges(c, from_at, at + 1, gauges);
}

void cell_save(const struct cell *c, struct buf *b) {
    CHECK(c->waiting.count == 0);
    buf_put_varint(b, c->shape.threshold_count);
    for (size_t i = 0; i < c->shape.threshold_count; i++)
        buf_put_zigzag(b, c->shape.thresholds_ms[i]);
    buf_put_zigzag(b, c->at);
    for (size_t i = 0; i < CELL_GAUGES; i++)
        buf_put_zigzag(b, c->base[i]);
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_save(&c->tiers[t], widths_ms[t], b);
    if (c->shape.zone)
        cell_periods_save(&c->periods, b);
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

/* The windows' sums follow from the panes and the step. */
static void sum_windows(struct cell *c) {
    for (size_t w = 0; w < c->shape.window_count; w++) {
        struct cell_window *window = &c->windows[w];
        window->edge_at = instant_floor(c->at, c->shape.windows[w].step_ms);
        int64_t from_at = window->edge_at - c->shape.windows[w].length_ms;
        cell_range(c, from_at, window->edge_at, &window->sums);
        window->changed = true;
        for (size_t t = 0; t < CELL_TIERS; t++) {
            window->tails[t] = pane_list_lower(&c->tiers[t], from_at);
            window->heads[t] = pane_list_lower(&c->tiers[t], window->edge_at);
        }
    }
}

/* As far as the panes say so, the periods have all that is before their newest step. */
static void stand_periods(struct cell *c) {
    c->periods.edge_at = instant_floor(c->at, CELL_PERIODS_STEP_MS);
    c->periods.turned = true;
}

/* The key under which this shape keeps what stands under `key` in another; false: it does not. */
static bool translate(const struct cell_shape *to, const struct cell_shape *from, uint32_t *key) {
    const uint32_t each = ATTRIBUTION_COUNT * LEVEL_COUNT;
    if (*key < CELL_LEVELS_AT || *key >= CELL_BINS_AT)
        return true;
    uint32_t place = *key - CELL_LEVELS_AT;
    CHECK(place / each < from->threshold_count);
    size_t threshold = cell_shape_threshold(to, from->thresholds_ms[place / each]);
    *key = CELL_LEVELS_AT + (uint32_t)threshold * each + place % each;
    return threshold < to->threshold_count;
}

/* Into the tally, as far as this shape keeps it. */
static void translate_pane(struct cell *c, const struct cell *from, const struct pane *p) {
    struct pane_entry e;
    for (struct pane_reader r = pane_read(p); pane_next(&r, &e);) {
        if (translate(&c->shape, &from->shape, &e.key))
            tally_add(&c->scratch->in, e.key, e.value);
    }
}

/* Of periods that begin in another zone at another instant nothing can be said. */
static void take_over_periods(struct cell *c, const struct cell *from, enum period p) {
    const struct pane_list *l = &from->periods.panes[p];
    for (size_t i = 0; i < l->count; i++) {
        const struct pane *pane = pane_list_at(l, i);
        if (period_start(p, c->shape.zone, c->shape.week_starts, pane->at) != pane->at)
            continue;
        translate_pane(c, from, pane);
        cell_periods_put(&c->periods, p, pane->at, &c->scratch->in, &c->scratch->panes);
    }
}

void cell_take_over(struct cell *c, const struct cell *from) {
    CHECK(c->at == INSTANT_NONE && from->waiting.count == 0);
    for (size_t t = 0; t < CELL_TIERS; t++) {
        for (size_t i = 0; i < from->tiers[t].count; i++) {
            const struct pane *p = pane_list_at(&from->tiers[t], i);
            translate_pane(c, from, p);
            put_in_pane(c, t, p->at, NULL);
        }
    }
    for (enum period p = PERIOD_DAY; p < PERIOD_COUNT && c->shape.zone; p++)
        take_over_periods(c, from, p);
    memcpy(c->base, from->base, sizeof(c->base));
    c->at = from->at;
    if (c->at == INSTANT_NONE)
        return;
    stand_periods(c);
    roll(c);
    sum_windows(c);
}

void cell_load(struct cell *c, struct cursor *in) {
    check_thresholds(c, in);
    c->at = cursor_zigzag(in);
    for (size_t i = 0; i < CELL_GAUGES; i++)
        c->base[i] = cursor_zigzag(in);
    for (size_t t = 0; t < CELL_TIERS; t++)
        pane_list_load(&c->tiers[t], widths_ms[t], in, CELL_KEY_LIMIT);
    if (c->shape.zone)
        cell_periods_load(&c->periods, in);
    for (size_t t = 0; t < CELL_TIERS; t++) {
        for (size_t i = 0; i < c->tiers[t].count; i++)
            c->packed_bytes += pane_list_at(&c->tiers[t], i)->size;
    }
    if (in->failed || c->at == INSTANT_NONE)
        return;
    stand_periods(c);
    sum_windows(c);
}
