#include "tasks/tenant_kpi.h"

#include "base/check.h"
#include "core/objective_window.h"
#include "tasks/tenant_closing.h"

#define ALL_METRICS ((UINT64_C(1) << METRIC_COUNT) - 1)

static void note_terms(struct tenant_task *t, const struct metric_term *terms, uint64_t bit) {
    for (size_t i = 0; i < METRIC_TERMS_MAX && terms[i].sign != 0; i++)
        t->key_metrics[cell_key_counter((enum counter)terms[i].counter)] |= bit;
}

void tenant_kpi_init(struct tenant_task *t) {
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        for (unsigned a = 0; a < ATTRIBUTION_COUNT; a++) {
            const struct metric_parts *p = metric_parts((enum metric)m, (enum attribution)a);
            if (!p)
                continue;
            note_terms(t, p->over, UINT64_C(1) << m);
            note_terms(t, p->under, UINT64_C(1) << m);
            if (p->form == FORM_QUANTILE)
                t->bin_metrics[p->histogram] |= UINT64_C(1) << m;
        }
    }
    for (size_t key = CELL_LEVELS_AT; key < CELL_DENSE_MAX; key++)
        t->key_metrics[key] = UINT64_C(1) << METRIC_SERVICE_LEVEL;
}

static uint64_t metrics_of(const struct tenant_task *t, const struct pane_entry *entries,
                           size_t count) {
    uint64_t metrics = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = entries[i].key;
        metrics |= key < CELL_BINS_AT ? t->key_metrics[key]
                                      : t->bin_metrics[(key - CELL_BINS_AT) / CELL_BINS_EACH];
    }
    return metrics;
}

static void mark(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                 int64_t end_at, unsigned window, uint64_t metrics) {
    if (metrics == 0 || end_at + t->options.lateness_ms <= t->step_at)
        return;
    tenant_scope_close(s, end_at, window)->dirty |= metrics;
    s->late = true;
    tenant->late = true;
}

struct tenant_touched tenant_kpi_touched(const struct tenant_task *t,
                                         const struct pane_entry *entries, size_t count) {
    size_t gauges = 0;
    while (gauges < count && entries[gauges].key < CELL_GAUGES)
        gauges++;
    return (struct tenant_touched){metrics_of(t, entries, count), metrics_of(t, entries, gauges)};
}

/* Looked up anew when the step has moved on. */
static const struct tenant_aligned *aligned_of(const struct tenant_task *t, struct tenant *tenant) {
    struct tenant_aligned *a = &tenant->aligned;
    if (a->step_at == t->step_at)
        return a;
    for (size_t i = 0; i < TENANT_CLOSING_COUNT; i++)
        a->closed_at[i] = tenant_closing_start(tenant->contract, tenant_closing_at(i), t->step_at);
    a->step_at = t->step_at;
    return a;
}

static int64_t end_of(struct tenant *tenant, size_t i, int64_t at) {
    struct tenant_aligned *a = &tenant->aligned;
    if (a->pane_at != at) {
        for (size_t n = 0; n < TENANT_CLOSING_COUNT; n++)
            a->end_at[n] = tenant_closing_end(tenant->contract, tenant_closing_at(n), at);
        a->pane_at = at;
    }
    return a->end_at[i];
}

void tenant_kpi_late(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                     int64_t pane_at, const struct tenant_touched *touched) {
    const struct tenant_aligned *a = aligned_of(t, tenant);
    /* Windows that are final are past correction. */
    int64_t from_at = pane_at;
    if (from_at < t->step_at - t->options.lateness_ms - 2 * HOUR_MS)
        from_at = t->step_at - t->options.lateness_ms - 2 * HOUR_MS;
    for (size_t i = 0; i < TENANT_CLOSING_COUNT; i++) {
        unsigned window = tenant_closing_at(i);
        /* A period of days may begin before from_at and still be corrected. */
        int64_t at = window < WINDOW_COUNT ? from_at : pane_at;
        if (at >= a->closed_at[i])
            continue;
        int64_t end_at = end_of(tenant, i, at);
        mark(t, tenant, s, end_at, window, at == pane_at ? touched->metrics : touched->gauges);
        while (touched->gauges != 0 && end_at < a->closed_at[i]) {
            end_at = tenant_closing_end(tenant->contract, window, end_at);
            mark(t, tenant, s, end_at, window, touched->gauges);
        }
    }
}

static void publish(struct tenant_task *t, const struct kpi *about,
                    const struct tenant_field *field, const struct cell_sums *sums) {
    struct figure f;
    struct kpi kpi = *about;
    tenant_scope_figure(sums, field, &f);
    kpi.metric = field->name;
    kpi.formula = field->formula;
    kpi.unit = metric_unit(field->metric);
    kpi.value = f.present ? f.value : ALERT_DOUBLE_NONE;
    kpi.numerator = f.numerator;
    kpi.denominator = f.denominator;
    kpi.sample = f.sample;
    t->out->kpi(t->out->context, &kpi);
}

static void publish_all(struct tenant_task *t, const struct tenant_scope *s,
                        const struct kpi *about, uint64_t metrics, const struct cell_sums *sums) {
    for (size_t i = 0; i < tenant_scope_fields(s); i++) {
        struct tenant_field field;
        tenant_scope_field(s, i, &field);
        if ((metrics >> field.metric & 1) && (t->options.publish_all || tenant_scope_wants(s, i)))
            publish(t, about, &field, sums);
    }
}

static struct kpi about_window(const struct tenant_task *t, const struct tenant *tenant,
                               const struct tenant_scope *s, unsigned window, int64_t start_at,
                               int64_t end_at) {
    return (struct kpi){.tenant = tenant->name,
                        .scope = &s->scope,
                        .window = tenant_closing_name(window),
                        .window_start_at = start_at,
                        .window_end_at = end_at,
                        .completeness = tenant_sources_window(&t->sources, start_at, end_at)};
}

static const struct cell_sums *sums_of(struct tenant_task *t, const struct tenant_scope *s,
                                       unsigned window, int64_t start_at, int64_t end_at) {
    t->sums.dense_count = cell_shape_dense(&s->cell->shape);
    if (window >= WINDOW_COUNT)
        cell_period(s->cell, (enum period)(window - WINDOW_COUNT), start_at, end_at, &t->sums);
    else
        cell_range(s->cell, start_at, end_at, &t->sums);
    return &t->sums;
}

/* At its close an aligned window is the rolling one of its length, except where clocks change. */
static const struct cell_sums *sums_at_close(struct tenant_task *t, const struct tenant_scope *s,
                                             unsigned window, int64_t start_at, int64_t end_at) {
    if (window < WINDOW_COUNT) {
        const struct cell_window *w = &s->cell->windows[window];
        const struct window_spec *spec = window_spec((enum window_id)window);
        if (w->edge_at == end_at && end_at - start_at == spec->length_ms)
            return &w->sums;
    }
    return sums_of(t, s, window, start_at, end_at);
}

static void close_window(struct tenant_task *t, struct tenant *tenant, unsigned window,
                         int64_t step_at) {
    int64_t start_at = tenant_closing_start(tenant->contract, window, step_at - 1);
    for (size_t i = 0; i < tenant->scopes.count; i++) {
        struct tenant_scope *s = tenant->scopes.items[i];
        cell_advance(s->cell, step_at);
        const struct cell_sums *sums = sums_at_close(t, s, window, start_at, step_at);
        if (!cell_sums_active(sums))
            continue;
        struct kpi about = about_window(t, tenant, s, window, start_at, step_at);
        publish_all(t, s, &about, ALL_METRICS, sums);
        struct tenant_close *close = tenant_scope_close(s, step_at, window);
        close->revision = 0;
        close->dirty = 0;
    }
}

/* What late counts changed, with the next revision; or all of it, for the last time. */
static void revise(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                   struct tenant_close *c, bool final) {
    int64_t start_at = tenant_closing_start(tenant->contract, c->window, c->end_at - 1);
    const struct cell_sums *sums = sums_of(t, s, c->window, start_at, c->end_at);
    bool first = c->revision < 0;
    uint64_t metrics = first || final ? ALL_METRICS : c->dirty;
    if (first && !cell_sums_active(sums)) {
        c->dirty = 0;
        return;
    }
    /* Revision 0 is what was said at its close: of an objective's minute, or nothing. */
    c->revision = first ? 1 : c->revision + (c->dirty != 0);
    c->dirty = 0;
    struct kpi about = about_window(t, tenant, s, c->window, start_at, c->end_at);
    about.revision = c->revision;
    about.final = final;
    publish_all(t, s, &about, metrics, sums);
}

static void revise_late(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    for (size_t i = 0; i < tenant->scopes.count; i++) {
        struct tenant_scope *s = tenant->scopes.items[i];
        if (!s->late)
            continue;
        cell_advance(s->cell, step_at);
        for (size_t n = 0; n < s->close_count; n++) {
            if (s->closes[n].dirty != 0 && s->closes[n].end_at + t->options.lateness_ms > step_at)
                revise(t, tenant, s, &s->closes[n], false);
        }
        s->late = false;
    }
    tenant->late = false;
}

static void finish_old(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    for (size_t i = 0; i < tenant->scopes.count; i++) {
        struct tenant_scope *s = tenant->scopes.items[i];
        size_t done = 0;
        while (done < s->close_count &&
               s->closes[done].end_at + t->options.lateness_ms <= step_at) {
            cell_advance(s->cell, step_at);
            revise(t, tenant, s, &s->closes[done++], true);
        }
        if (done == 0)
            continue;
        s->close_count -= done;
        memmove(s->closes, s->closes + done, s->close_count * sizeof(*s->closes));
    }
}

/* What the scope's view says of a window that ends at this step; NULL: it has none there. */
static const struct cell_sums *sums_at_step(struct tenant_task *t, const struct tenant_scope *s,
                                            unsigned window, int64_t start_at, int64_t step_at) {
    if (objective_window_is_period(window))
        return step_at % objective_window_step_ms(window) == 0
                   ? sums_of(t, s, window, start_at, step_at)
                   : NULL;
    const struct cell_window *w = &s->cell->windows[window];
    return w->edge_at == step_at ? &w->sums : NULL;
}

static void publish_objectives(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    for (size_t i = 0; i < tenant->rules.count; i++) {
        const struct tenant_rule *r = tenant->rules.items[i];
        unsigned window = r->objective->window;
        struct tenant_scope *s = r->view;
        if (r->field == tenant_scope_fields(s))
            continue;
        cell_advance(s->cell, step_at);
        int64_t start_at = objective_window_start(tenant->contract, window, step_at);
        const struct cell_sums *sums = sums_at_step(t, s, window, start_at, step_at);
        /* At an aligned close all metrics have just been published. */
        const struct tenant_close *close = tenant_scope_find_close(s, step_at, window);
        if (!sums || (close && close->revision == 0))
            continue;
        struct tenant_field field;
        tenant_scope_field(s, r->field, &field);
        struct kpi about = about_window(t, tenant, s, window, start_at, step_at);
        publish(t, &about, &field, sums);
    }
}

void tenant_kpi_minute(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    CHECK(step_at % MINUTE_MS == 0);
    for (size_t i = 0; i < TENANT_CLOSING_COUNT; i++) {
        unsigned window = tenant_closing_at(i);
        if (tenant_closing_start(tenant->contract, window, step_at) == step_at)
            close_window(t, tenant, window, step_at);
    }
    publish_objectives(t, tenant, step_at);
    if (tenant->late)
        revise_late(t, tenant, step_at);
    finish_old(t, tenant, step_at);
}
