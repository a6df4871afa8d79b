#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "tasks/tenant_state.h"

/* After a full publication minutes come from as far back as their panes are that narrow. */
#define MINUTES_BACK_MS (4 * HOUR_MS)

/* Room for the figures of one scope. */
struct figures {
    struct view_figure *items; /* owned */
    size_t capacity;
};

struct show {
    struct tenant_task *task;
    struct view *view;
    bool all;
    double share; /* of the sources that count */
    struct figures figures;
    const struct cell_sums *figured; /* of the scope's: what the figures were made of, or NULL */
};

static void make_figures(struct show *show, const struct tenant_scope *s,
                         const struct cell_sums *sums, size_t count) {
    if (count > show->figures.capacity) {
        show->figures.capacity = count;
        show->figures.items = realloc(show->figures.items, count * sizeof(struct view_figure));
        CHECK(show->figures.items);
    }
    for (size_t i = 0; i < count; i++) {
        struct tenant_field field;
        tenant_scope_field(s, i, &field);
        struct view_figure *f = &show->figures.items[i];
        f->field = field.name;
        f->unit = metric_unit(field.metric);
        tenant_scope_figure(sums, &field, &f->figure);
    }
    show->figured = sums;
}

/* Windows in which nothing happened have the same figures, and so have long ones in which all of it
 * was lately. */
static void show_figures(struct show *show, const struct tenant *tenant,
                         const struct tenant_scope *s, const char *window,
                         const struct cell_sums *sums, int64_t start_at, int64_t edge_at) {
    size_t count = tenant_scope_fields(s);
    if (!show->figured || !cell_sums_alike(show->figured, sums))
        make_figures(show, s, sums, count);
    show->view->kpi(show->view->context, tenant->name, &s->scope, slice_of(window),
                    show->figures.items, count, edge_at,
                    tenant_sources_window(&show->task->sources, start_at, edge_at));
}

/* Those under way; they move with the longest window, and start anew at midnight. */
static void show_periods(struct show *show, const struct tenant *tenant,
                         const struct tenant_scope *s) {
    const struct contract *c = tenant->contract;
    struct cell_sums *sums = &show->task->sums;
    int64_t edge_at = s->cell->periods.edge_at;
    int64_t before_at = INSTANT_NONE;
    sums->dense_count = cell_shape_dense(&s->cell->shape);
    for (enum period p = PERIOD_DAY; p < PERIOD_COUNT; p++) {
        int64_t start_at = period_start(p, &c->zone, c->week_starts, edge_at);
        if (p == PERIOD_DAY ||
            !cell_periods_alike(&s->cell->periods, p, start_at, p - 1, before_at)) {
            cell_period(s->cell, p, start_at, edge_at, sums);
            show->figured = NULL;
        }
        show_figures(show, tenant, s, period_name(p), sums, start_at, edge_at);
        before_at = start_at;
    }
}

/* Of a window as it stands; the share of the sources alone where no records were lost. */
static double completeness_of(const struct show *show, const struct cell_window *window,
                              int64_t length_ms) {
    const struct tenant_sources *sources = &show->task->sources;
    if (!sources->gap_count || window->edge_at == INSTANT_NONE)
        return show->share;
    return tenant_sources_window(sources, window->edge_at - length_ms, window->edge_at);
}

/* A window whose counts stand still may still lose or gain a source, or leave a gap behind. */
static bool is_news(const struct show *show, const struct tenant_scope *s, unsigned w) {
    const struct cell_window *window = &s->cell->windows[w];
    if (window->changed || show->all || !s->shown)
        return true;
    double now = completeness_of(show, window, window_spec((enum window_id)w)->length_ms);
    return fabs(now - s->completeness[w]) > 1e-12;
}

static void show_windows(struct show *show, const struct tenant *tenant, struct tenant_scope *s) {
    show->figured = NULL;
    if (s->cell->periods.edge_at != INSTANT_NONE &&
        (is_news(show, s, WINDOW_24H) || s->cell->periods.turned))
        show_periods(show, tenant, s);
    s->cell->periods.turned = false;
    for (unsigned w = 0; w < WINDOW_COUNT; w++) {
        struct cell_window *window = &s->cell->windows[w];
        const struct window_spec *spec = window_spec((enum window_id)w);
        if (is_news(show, s, w))
            show_figures(show, tenant, s, spec->name, &window->sums,
                         window->edge_at - spec->length_ms, window->edge_at);
        window->changed = false;
        s->completeness[w] = completeness_of(show, window, spec->length_ms);
    }
}

static void show_now(struct show *show, const struct tenant *tenant, struct tenant_scope *s) {
    int64_t gauges[CELL_GAUGES];
    cell_now(s->cell, show->task->clock, gauges);
    s->next.waiting = gauges[cell_key_counter(COUNTER_WAITING_CHANGE)];
    s->next.in_service = gauges[cell_key_counter(COUNTER_IN_SERVICE_CHANGE)];
    s->next.backlog = gauges[cell_key_counter(COUNTER_BACKLOG_CHANGE)];
    if (s->shown && !show->all && memcmp(&s->now, &s->next, sizeof(s->now)) == 0)
        return;
    s->now = s->next;
    show->view->now(show->view->context, tenant->name, &s->scope, &s->now, show->task->clock);
}

/* Minutes before this stand in the view and must be corrected even to nothing. */
static int64_t told_until(const struct show *show, const struct tenant_scope *s) {
    return show->all ? INSTANT_NONE : s->minute_told_at;
}

/* The counts of one minute, and its plain service level. Nothing is said of an empty one, unless
 * something was. */
static void show_minute(struct show *show, const struct tenant *tenant,
                        const struct tenant_scope *s, int64_t minute_at,
                        const struct cell_sums *sums) {
    struct view_figure figures[METRIC_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < cell_field_count(); i++) {
        const struct cell_field *known = cell_field_at(i);
        enum metric_form form = metric_parts(known->metric, BY_EVENT)->form;
        bool plain = known->variant == VARIANT_COUNT;
        if (known->attribution != BY_EVENT || !plain || (form != FORM_COUNT && form != FORM_LEVEL))
            continue;
        struct tenant_field field;
        tenant_scope_field(s, i, &field);
        struct view_figure *f = &figures[count];
        *f = (struct view_figure){.field = field.name, .unit = metric_unit(field.metric)};
        tenant_scope_figure(sums, &field, &f->figure);
        if (form == FORM_LEVEL ? f->figure.present : f->figure.value != 0)
            count++;
    }
    if (count > 0 || minute_at < told_until(show, s))
        show->view->minute(show->view->context, tenant->name, &s->scope, minute_at, figures, count);
}

/* The next minute after those before from_at of which something is to be said. */
static int64_t next_minute(const struct show *show, const struct tenant_scope *s, int64_t from_at) {
    if (from_at < told_until(show, s))
        return from_at;
    int64_t next = INSTANT_MAX;
    for (size_t t = 0; t < CELL_TIERS; t++) {
        const struct pane_list *l = &s->cell->tiers[t];
        size_t i = pane_list_lower(l, from_at);
        if (i < l->count && pane_list_at(l, i)->at < next)
            next = pane_list_at(l, i)->at;
    }
    return next == INSTANT_MAX ? next : instant_floor(next, MINUTE_MS);
}

/* Minutes that have closed since the last time, or were corrected. */
static void show_minutes(struct show *show, const struct tenant *tenant, struct tenant_scope *s) {
    int64_t until_at = instant_floor(show->task->step_at, MINUTE_MS);
    int64_t oldest_at = until_at - MINUTES_BACK_MS;
    int64_t at = show->all ? oldest_at : s->minute_from_at;
    if (at < oldest_at)
        at = oldest_at;
    struct cell_sums *sums = &show->task->sums;
    sums->dense_count = cell_shape_dense(&s->cell->shape);
    for (at = next_minute(show, s, at); at < until_at; at = next_minute(show, s, at + MINUTE_MS)) {
        cell_sums_reset(sums);
        cell_add_counters(s->cell, at, at + MINUTE_MS, sums);
        show_minute(show, tenant, s, at, sums);
    }
    s->minute_told_at = until_at;
    s->minute_from_at = until_at;
}

static void show_scope(struct show *show, const struct tenant *tenant, struct tenant_scope *s) {
    if (!s->shown || show->all)
        show->view->scope(show->view->context, tenant->name, &s->scope);
    cell_advance(s->cell, show->task->step_at);
    show_now(show, tenant, s);
    show_windows(show, tenant, s);
    show_minutes(show, tenant, s);
    s->shown = true;
}

static void show_rules(struct show *show, const struct tenant *tenant) {
    for (size_t i = 0; i < tenant->rules.count; i++) {
        struct tenant_rule *r = tenant->rules.items[i];
        if (!r->changed && !show->all)
            continue;
        r->changed = false;
        cell_advance(r->cell, show->task->step_at);
        const struct objective *o = r->objective;
        const struct outlook_shown *rest = &r->outlook.shown;
        const struct view_objective shown = {
            .rule = o->name,
            .state = objective_state_name(&r->state),
            .scope = &r->view->scope,
            .figure = &r->figure,
            .target = o->target,
            .window_end_at = tenant_rule_edge(r),
            .has_outlook = rest->known,
            .needed = rest->needed,
            .expected = rest->expected,
        };
        show->view->objective(show->view->context, tenant->name, &shown);
    }
}

/* The oldest of a scope is the oldest of its leaves. */
static void gather_ages(struct tenant_task *t) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        const struct tenant *tenant = t->tenants.items[i];
        for (size_t n = 0; n < tenant->scopes.count; n++) {
            struct view_now *next = &((struct tenant_scope *)tenant->scopes.items[n])->next;
            next->oldest_waiting_at = next->oldest_open_at = INSTANT_NONE;
        }
    }
    for (size_t i = 0; i < t->leaves.count; i++) {
        const struct tenant_leaf *leaf = t->leaves.items[i];
        for (size_t a = 0; a < leaf->age_count; a++) {
            const struct tenant_age *age = &leaf->ages[a];
            for (size_t n = 0; n < leaf->scopes.count; n++) {
                struct view_now *next = &((struct tenant_scope *)leaf->scopes.items[n])->next;
                if (age->oldest_waiting_at != INSTANT_NONE &&
                    (next->oldest_waiting_at == INSTANT_NONE ||
                     age->oldest_waiting_at < next->oldest_waiting_at))
                    next->oldest_waiting_at = age->oldest_waiting_at;
                if (age->oldest_open_at != INSTANT_NONE &&
                    (next->oldest_open_at == INSTANT_NONE ||
                     age->oldest_open_at < next->oldest_open_at))
                    next->oldest_open_at = age->oldest_open_at;
            }
        }
    }
    t->ages_changed = false;
}

static void show_alert(void *context, const struct alert *alert, bool open) {
    struct view *view = context;
    view->alert(view->context, alert, open);
}

static void show_tenant(struct show *show, struct tenant *tenant) {
    struct tenant_task *t = show->task;
    show_rules(show, tenant);
    episode_book_show(tenant->book, show->all, show_alert, show->view);
    int64_t lag_ms = t->sources.log_at - t->clock;
    show->view->meta(show->view->context, tenant->name, t->clock, lag_ms > 0 ? lag_ms : 0,
                     tenant->contract->name, tenant->contract->version);
}

static void owe_all(struct tenant_task *t) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        const struct tenant *tenant = t->tenants.items[i];
        for (size_t n = 0; n < tenant->scopes.count; n++)
            ((struct tenant_scope *)tenant->scopes.items[n])->owed = true;
    }
}

/* Scopes [from, until) of the task, counted over its tenants; returns where the view was full, or
 * until. */
static size_t show_scopes(struct show *show, size_t from, size_t until) {
    const struct tenant_array *tenants = &show->task->tenants;
    const struct view *view = show->view;
    size_t passed = 0;
    for (size_t i = 0; i < tenants->count && passed < until; i++) {
        struct tenant *tenant = tenants->items[i];
        for (size_t n = 0; n < tenant->scopes.count && passed < until; n++, passed++) {
            if (passed < from)
                continue;
            if (view->full && view->full(view->context))
                return passed;
            struct tenant_scope *s = tenant->scopes.items[n];
            show->all = s->owed;
            show_scope(show, tenant, s);
            s->owed = false;
        }
    }
    return until;
}

/* A view that is full goes on next time where it stopped, so that every scope gets its turn. */
static bool show_in_turns(struct show *show) {
    struct tenant_task *t = show->task;
    size_t count = t->scope_count;
    size_t from = t->show_from < count ? t->show_from : 0;
    size_t stopped = show_scopes(show, from, count);
    if (stopped == count)
        stopped = show_scopes(show, 0, from);
    else if (stopped == from)
        stopped = count; /* not even one: it is no whole round */
    t->show_from = stopped < count ? stopped : from;
    return stopped == from;
}

bool tenant_task_show(struct tenant_task *t, bool all, struct view *view) {
    if (t->clock == INSTANT_NONE)
        return true;
    struct show show = {
        .task = t, .view = view, .all = all, .share = tenant_sources_completeness(&t->sources)};
    if (t->ages_changed || all)
        gather_ages(t);
    if (all) {
        owe_all(t);
        t->turned = false;
    }
    for (size_t i = 0; i < t->tenants.count; i++)
        show_tenant(&show, t->tenants.items[i]);
    bool whole = show_in_turns(&show);
    free(show.figures.items);
    return whole;
}
