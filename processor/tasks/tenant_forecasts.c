#include "tasks/tenant_forecasts.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_state.h"

#define THOUSANDTHS 1000
#define FINE_MS (30 * MINUTE_MS)
#define FORGET_STEP_MS HOUR_MS

#define BIT(counter) (UINT64_C(1) << COUNTER_##counter)
#define COUNTED                                                                                    \
    (BIT(OFFERED) | BIT(ABANDONED) | BIT(HANDLED) | BIT(TALK_MS) | BIT(HOLD_MS) | BIT(WRAP_MS) |   \
     BIT(WAITING_CHANGE) | BIT(IN_SERVICE_CHANGE))

static const int64_t leads_ms[] = {
#define LEAD_ROW(symbol, lead_ms) lead_ms,
    FORECAST_LEADS(LEAD_ROW)};

/* One row for each lead: MISSED, BEYOND, CAME. */
static const enum counter counters[FORECAST_LEAD_COUNT][3] = {
    {COUNTER_FORECAST_MISSED, COUNTER_FORECAST_BEYOND, COUNTER_FORECAST_CAME},
    {COUNTER_FORECAST_1D_MISSED, COUNTER_FORECAST_1D_BEYOND, COUNTER_FORECAST_1D_CAME},
    {COUNTER_FORECAST_7D_MISSED, COUNTER_FORECAST_7D_BEYOND, COUNTER_FORECAST_7D_CAME},
};

static uint32_t mask_of(const struct report_leaf *names) {
    return SCOPE_BIT(SCOPE_QUEUE) | (names->vendor.size ? SCOPE_BIT(SCOPE_VENDOR) : 0) |
           (names->site.size ? SCOPE_BIT(SCOPE_SITE) : 0) |
           (names->channel != CHANNEL_UNKNOWN ? SCOPE_BIT(SCOPE_CHANNEL) : 0);
}

/* Everything that staffing is reckoned from; kept for as long as arrivals may be corrected. */
static struct cell_shape shape_of(int64_t lateness_ms) {
    return (struct cell_shape){.windows = {{FINE_MS, DELTA_PANE_MS}},
                               .window_count = 1,
                               .fine_ms = FINE_MS,
                               .minute_ms = FINE_MS,
                               .keep_ms = lateness_ms + FORECAST_INTERVAL_MAX_MS + 2 * HOUR_MS,
                               .counters = COUNTED};
}

static int compare_names(const struct leaf *a, const struct report_leaf *b) {
    int order = slice_compare(a->queue, b->queue);
    if (order == 0)
        order = slice_compare(a->site, b->site);
    if (order == 0)
        order = slice_compare(a->vendor, b->vendor);
    return order ? order : (a->channel > b->channel) - (a->channel < b->channel);
}

static size_t place_of(const struct tenant *tenant, const struct report_leaf *names, bool *found) {
    size_t low = 0, high = tenant->forecasts.count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct tenant_forecast *f = tenant->forecasts.items[middle];
        int order = compare_names(&f->leaf.leaf, names);
        *found |= order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool tenant_forecast_has(const struct tenant_forecast *f, const struct leaf *leaf) {
    const struct leaf *n = &f->leaf.leaf;
    return slice_equal(n->queue, leaf->queue) &&
           (n->channel == CHANNEL_UNKNOWN || n->channel == leaf->channel) &&
           (n->site.size == 0 || slice_equal(n->site, leaf->site)) &&
           (n->vendor.size == 0 || slice_equal(n->vendor, leaf->vendor));
}

/* Empty: any. False: fixed to what has no name. */
static bool fixed_to(const struct scope *scope, enum scope_dimension dimension,
                     const struct match_values *values, struct slice *name) {
    bool in_scope = scope->mask & SCOPE_BIT(dimension);
    *name = in_scope ? scope->values[dimension] : SLICE("");
    if (!in_scope && values->count == 1)
        *name = values->values[0];
    return !in_scope || name->size > 0;
}

static bool channel_of(const struct scope *scope, const struct match *m, uint8_t *channel) {
    *channel = CHANNEL_UNKNOWN;
    bool in_scope = scope->mask & SCOPE_BIT(SCOPE_CHANNEL);
    for (unsigned c = 0; c < CHANNEL_COUNT; c++)
        if (in_scope
                ? slice_equal(scope->values[SCOPE_CHANNEL], slice_of(channel_name((enum channel)c)))
                : m->channels == 1u << c)
            *channel = (uint8_t)c;
    return !in_scope || *channel != CHANNEL_UNKNOWN;
}

const struct tenant_forecast *tenant_forecast_of(const struct tenant *tenant, const struct match *m,
                                                 const struct scope *scope) {
    struct report_leaf names = {0};
    bool found;
    if (tenant->forecasts.count == 0 || scope->mask & SCOPE_BIT(SCOPE_PRIORITY) ||
        !fixed_to(scope, SCOPE_VENDOR, &m->vendor, &names.vendor) ||
        !fixed_to(scope, SCOPE_SITE, &m->site, &names.site) ||
        !fixed_to(scope, SCOPE_QUEUE, &m->queue, &names.queue) ||
        !channel_of(scope, m, &names.channel))
        return NULL;
    size_t place = place_of(tenant, &names, &found);
    const struct tenant_forecast *f = found ? tenant->forecasts.items[place] : NULL;
    return f && tenant_planned_covers(m, f) ? f : NULL;
}

static struct tenant_forecast *make(struct tenant_task *t, struct tenant *tenant,
                                    const struct report_leaf *names, size_t place) {
    struct tenant_forecast *f = calloc(1, sizeof(*f));
    CHECK(f);
    f->leaf.leaf = tenant_state_copy_leaf(names);
    f->leaf.tenant = tenant;
    f->scope = scope_of_leaf(&f->leaf.leaf, mask_of(names));
    forecast_series_init(&f->series);
    struct cell_shape shape = shape_of(t->options.lateness_ms);
    f->cell = cell_new(&shape, &t->scratch);
    f->late_from_at = INSTANT_NONE;
    tenant_planned_init(&f->planned);
    tenant_planned_find(f, tenant->contract);
    tenant_array_insert(&tenant->forecasts, place, f);
    t->forecast_series_count++;
    for (size_t i = 0; i < t->leaves.count; i++) {
        struct tenant_leaf *leaf = t->leaves.items[i];
        if (leaf->tenant == tenant && tenant_forecast_has(f, &leaf->leaf))
            tenant_array_insert(&leaf->forecasts, leaf->forecasts.count, f);
    }
    return f;
}

/* Made when missing; NULL: there are too many. */
static struct tenant_forecast *series_of(struct tenant_task *t, struct tenant *tenant,
                                         const struct report_leaf *names, int64_t heard_until) {
    bool found;
    size_t place = place_of(tenant, names, &found);
    if (found)
        return tenant->forecasts.items[place];
    if (t->forecast_series_count >= t->forecast_series_limit)
        return NULL;
    struct tenant_forecast *f = make(t, tenant, names, place);
    /* What had been heard of was counted before this queue had a place of its own. */
    f->from_at = heard_until == INSTANT_NONE ? INSTANT_NONE : heard_until + DELTA_PANE_MS;
    return f;
}

/* The interval's figures are final at that instant. */
static int64_t final_at(const struct tenant_task *t, int64_t end_at) {
    return end_at + t->options.lateness_ms;
}

static void note_late(struct tenant_forecast *f, int64_t at) {
    if (at < f->late_from_at)
        f->late_from_at = at;
}

/* Some version of the interval is known: a newer one can take the place of the oldest. */
static struct tenant_forecast *series_with(const struct tenant *tenant,
                                           const struct report_leaf *names, int64_t start_at) {
    bool found;
    size_t place = place_of(tenant, names, &found);
    if (!found)
        return NULL;
    struct tenant_forecast *f = tenant->forecasts.items[place];
    const struct forecast_version *known = forecast_series_from(&f->series, start_at);
    return known && known->start_at == start_at ? f : NULL;
}

static void put(struct tenant_task *t, struct tenant_forecast *f,
                const struct forecast_version *v) {
    long more = forecast_series_put(&f->series, v);
    t->forecast_count = (size_t)((long)t->forecast_count + more);
    if (more > 0 && t->forecast_count > t->forecast_limit) {
        t->counts.forecasts_refused += !forecast_series_make_room(&f->series, v);
        t->forecast_count--;
    }
}

void tenant_forecasts_hear(struct tenant_task *t, const struct forecast *said,
                           int64_t heard_until) {
    struct forecast_version v = forecast_version_of(said);
    struct report_leaf names = {.tenant = said->tenant,
                                .vendor = said->vendor,
                                .site = said->site,
                                .queue = said->queue,
                                .channel = said->channel,
                                .direction = DIRECTION_INBOUND};
    t->counts.forecasts++;
    struct tenant *tenant = tenant_state_tenant(t, said->tenant);
    bool past = t->step_at != INSTANT_NONE && final_at(t, v.start_at + v.interval_ms) <= t->step_at;
    struct tenant_forecast *f = NULL;
    if (!past)
        f = t->forecast_count >= t->forecast_limit ? series_with(tenant, &names, v.start_at)
                                                   : series_of(t, tenant, &names, heard_until);
    t->counts.forecasts_past += past;
    t->counts.forecasts_refused += !past && !f;
    if (!f)
        return;
    put(t, f, &v);
    note_late(f, v.start_at);
    tenant->due_at = INSTANT_NONE;
}

void tenant_forecast_touch(const struct tenant_task *t, struct tenant_forecast *f,
                           int64_t pane_at) {
    if (t->step_at != INSTANT_NONE && pane_at < t->step_at)
        note_late(f, pane_at);
}

static int64_t offered_in(const struct tenant_forecast *f, int64_t from_at, int64_t to_at) {
    struct cell_sums sums;
    cell_sums_init(&sums, &f->cell->shape);
    cell_range(f->cell, from_at, to_at, &sums);
    int64_t offered = cell_sums_counter(&sums, COUNTER_OFFERED);
    cell_sums_deinit(&sums);
    return offered;
}

/* False: nobody had forecast it. */
static bool measure(const struct tenant_forecast *f, int64_t start_at, int64_t end_at,
                    struct tenant_measured *m) {
    bool any = false;
    *m = (struct tenant_measured){.start_at = start_at, .end_at = end_at};
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++) {
        const struct forecast_version *v = forecast_series_at(&f->series, start_at, leads_ms[lead]);
        bool there = v && v->start_at + v->interval_ms == end_at;
        m->volumes[lead] = there ? llround(v->volume * THOUSANDTHS) : FORECAST_NONE;
        any |= there;
    }
    m->came = any ? offered_in(f, start_at, end_at) : 0;
    return any;
}

/* Where it counts itself: in no scope that fixes more than it does. */
static void count(struct tenant_task *t, struct tenant_forecast *f, const struct tenant_measured *m,
                  int sign) {
    struct report_count counts[FORECAST_LEAD_COUNT * 3];
    struct report_row row = {.pane_at = m->end_at - DELTA_PANE_MS};
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++) {
        if (m->volumes[lead] == FORECAST_NONE)
            continue;
        int64_t beyond = m->volumes[lead] - m->came * THOUSANDTHS;
        const int64_t values[] = {llabs(beyond), beyond, m->came};
        for (unsigned k = 0; k < 3; k++)
            counts[row.count_count++] = (struct report_count){(uint8_t)counters[lead][k],
                                                              sign * values[k]};
    }
    if (!f->leaf.leaf.contract)
        tenant_state_target_forecast(t, &f->leaf, f->scope.mask);
    struct report report = {
        .rows = &row, .row_count = 1, .counts = counts, .count_count = row.count_count};
    tenant_rows_add(t, &f->leaf, &report, &row);
}

static bool same_measured(const struct tenant_measured *a, const struct tenant_measured *b) {
    bool same = a->came == b->came;
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++)
        same = same && a->volumes[lead] == b->volumes[lead];
    return same;
}

/* Where the interval that starts then is, or belongs. */
static size_t measured_place(const struct tenant_forecast *f, int64_t start_at) {
    size_t at = f->measured_count;
    while (at > 0 && f->measured[at - 1].start_at >= start_at)
        at--;
    return at;
}

static void keep(struct tenant_forecast *f, size_t at, const struct tenant_measured *m) {
    if (f->measured_count == f->measured_capacity) {
        f->measured_capacity = f->measured_capacity == 0 ? 32 : f->measured_capacity * 2;
        f->measured = realloc(f->measured, f->measured_capacity * sizeof(*f->measured));
        CHECK(f->measured);
    }
    memmove(&f->measured[at + 1], &f->measured[at],
            (f->measured_count - at) * sizeof(*f->measured));
    f->measured[at] = *m;
    f->measured_count++;
}

/* For the first time; or what was counted of it is taken back, and counted as it is now. */
static void measure_one(struct tenant_task *t, struct tenant_forecast *f, int64_t start_at,
                        int64_t end_at) {
    struct tenant_measured now;
    size_t at = measured_place(f, start_at);
    bool there = at < f->measured_count && f->measured[at].start_at == start_at;
    if (!measure(f, start_at, end_at, &now) && !there)
        return;
    if (there && same_measured(&f->measured[at], &now))
        return;
    if (there)
        count(t, f, &f->measured[at], -1);
    count(t, f, &now, 1);
    if (there)
        f->measured[at] = now;
    else
        keep(f, at, &now);
}

/* Another length has taken its place, or that of all versions of it. */
static bool is_displaced(const struct tenant_forecast *f, const struct tenant_measured *m) {
    const struct forecast_version *v = forecast_series_from(&f->series, m->start_at);
    return !v || v->start_at != m->start_at || v->start_at + v->interval_ms != m->end_at;
}

/* What they counted is taken back, unless their figures are final. */
static void forget_displaced(struct tenant_task *t, struct tenant_forecast *f, int64_t step_at) {
    size_t kept = 0;
    for (size_t i = 0; i < f->measured_count; i++) {
        const struct tenant_measured *m = &f->measured[i];
        bool changed = m->end_at > f->late_from_at && final_at(t, m->end_at) > step_at;
        if (changed && is_displaced(f, m))
            count(t, f, m, -1);
        else
            f->measured[kept++] = *m;
    }
    f->measured_count = kept;
}

/* What has ended since late_from_at. */
static void measure_ended(struct tenant_task *t, struct tenant_forecast *f, int64_t step_at) {
    int64_t from_at = f->from_at;
    forget_displaced(t, f, step_at);
    if (f->late_from_at != INSTANT_NONE && f->late_from_at - f->series.longest_ms >= from_at)
        from_at = f->late_from_at - f->series.longest_ms + 1;
    const struct forecast_version *v;
    while ((v = forecast_series_from(&f->series, from_at)) && v->start_at < step_at) {
        int64_t end_at = v->start_at + v->interval_ms;
        from_at = v->start_at + 1;
        if (end_at > f->late_from_at && end_at <= step_at)
            measure_one(t, f, v->start_at, end_at);
    }
    f->late_from_at = step_at;
}

static void forget(struct tenant_task *t, struct tenant_forecast *f, int64_t step_at) {
    int64_t until_at = step_at - t->options.lateness_ms - FORGET_STEP_MS;
    size_t kept = 0;
    for (size_t i = 0; i < f->measured_count; i++)
        if (f->measured[i].end_at > until_at)
            f->measured[kept++] = f->measured[i];
    f->measured_count = kept;
    t->forecast_count -= forecast_series_forget(&f->series, until_at);
}

/* How many queues share the budget of each rule, in the contract's order; to be freed. */
static size_t *series_of_rules(const struct tenant *tenant) {
    size_t *counts = calloc(tenant->contract->demand_count + 1, sizeof(*counts));
    CHECK(counts);
    for (size_t i = 0; i < tenant->forecasts.count; i++) {
        const struct tenant_forecast *f = tenant->forecasts.items[i];
        if (f->planned.rule)
            counts[f->planned.rule - tenant->contract->demands]++;
    }
    return counts;
}

static void judge_one(struct tenant_task *t, struct tenant *tenant, struct tenant_forecast *f,
                      const size_t *sharing, int64_t step_at) {
    const struct demand_rule *rule = f->planned.rule;
    int64_t changed_at = f->late_from_at;
    measure_ended(t, f, step_at);
    tenant_planned_step(t, tenant, f, rule ? sharing[rule - tenant->contract->demands] : 0,
                        changed_at, step_at);
    if (step_at % FORGET_STEP_MS == 0)
        forget(t, f, step_at);
}

int64_t tenant_forecasts_step(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    if (tenant->forecasts.count == 0)
        return INSTANT_MAX;
    bool judges = step_at % FORECAST_GRID_MS == 0;
    size_t *sharing = judges ? series_of_rules(tenant) : NULL;
    bool staffed = false; /* who waits is looked at at each step */
    for (size_t i = 0; i < tenant->forecasts.count; i++) {
        struct tenant_forecast *f = tenant->forecasts.items[i];
        if (f->from_at == INSTANT_NONE)
            f->from_at = step_at - DELTA_PANE_MS; /* the first step: nothing was heard before */
        staffed |= f->planned.objective != NULL;
        if (f->planned.objective || judges)
            cell_advance(f->cell, step_at);
        if (f->planned.objective)
            tenant_planned_sample(f, step_at);
        if (judges)
            judge_one(t, tenant, f, sharing, step_at);
    }
    free(sharing);
    return staffed ? step_at + DELTA_PANE_MS
                   : instant_floor(step_at, FORECAST_GRID_MS) + FORECAST_GRID_MS;
}

static void free_one(struct tenant_forecast *f) {
    forecast_series_deinit(&f->series);
    cell_free(f->cell);
    free(f->measured);
    tenant_state_untarget(&f->leaf);
    free((void *)(uintptr_t)f->leaf.leaf.tenant.at);
    free(f);
}

void tenant_forecasts_turn(struct tenant *tenant, const struct judge_context *before, bool renamed,
                           int64_t at) {
    for (size_t i = 0; i < tenant->forecasts.count; i++) {
        struct tenant_forecast *f = tenant->forecasts.items[i];
        tenant_state_untarget(&f->leaf);
        tenant_planned_turn(f, tenant->contract, before, renamed, at);
    }
}

void tenant_forecasts_free(struct tenant *tenant) {
    for (size_t i = 0; i < tenant->forecasts.count; i++)
        free_one(tenant->forecasts.items[i]);
    tenant_array_deinit(&tenant->forecasts);
}

static void save_measured(const struct tenant_measured *m, struct buf *b) {
    buf_put_zigzag(b, m->start_at);
    buf_put_zigzag(b, m->end_at);
    buf_put_zigzag(b, m->came);
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++)
        buf_put_zigzag(b, m->volumes[lead]);
}

static void load_measured(struct tenant_forecast *f, struct cursor *c) {
    struct tenant_measured m = {.start_at = cursor_zigzag(c)};
    m.end_at = cursor_zigzag(c);
    m.came = cursor_zigzag(c);
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++)
        m.volumes[lead] = cursor_zigzag(c);
    if (!c->failed)
        keep(f, f->measured_count, &m);
}

static void save_one(const struct tenant_forecast *f, struct buf *b) {
    buf_put_slice(b, f->leaf.leaf.vendor);
    buf_put_slice(b, f->leaf.leaf.site);
    buf_put_slice(b, f->leaf.leaf.queue);
    buf_put_u8(b, f->leaf.leaf.channel);
    buf_put_zigzag(b, f->from_at);
    buf_put_zigzag(b, f->late_from_at);
    forecast_series_save(&f->series, b);
    tenant_planned_save(&f->planned, b);
    buf_put_varint(b, f->measured_count);
    for (size_t i = 0; i < f->measured_count; i++)
        save_measured(&f->measured[i], b);
    cell_save(f->cell, b);
}

static void load_one(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    struct report_leaf names = {
        .tenant = tenant->name, .vendor = cursor_slice(c), .direction = DIRECTION_INBOUND};
    names.site = cursor_slice(c);
    names.queue = cursor_slice(c);
    names.channel = cursor_u8(c);
    struct tenant_forecast *f = c->failed || names.channel >= CHANNEL_COUNT
                                    ? NULL
                                    : series_of(t, tenant, &names, INSTANT_NONE);
    if (!f) {
        cursor_fail(c);
        return;
    }
    f->from_at = cursor_zigzag(c);
    f->late_from_at = cursor_zigzag(c);
    forecast_series_load(&f->series, c);
    t->forecast_count += f->series.count;
    tenant_planned_load(&f->planned, c);
    uint64_t measured = cursor_varint(c);
    for (uint64_t i = 0; i < measured && !c->failed; i++)
        load_measured(f, c);
    cell_load(f->cell, c);
}

void tenant_forecasts_save(const struct tenant *tenant, struct buf *b) {
    buf_put_varint(b, tenant->forecasts.count);
    for (size_t i = 0; i < tenant->forecasts.count; i++)
        save_one(tenant->forecasts.items[i], b);
}

void tenant_forecasts_load(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++)
        load_one(t, tenant, c);
}
