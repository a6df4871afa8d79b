#include "tasks/tenant_task.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "core/judge_item.h"
#include "tasks/tenant_kpi.h"
#include "tasks/tenant_steps.h"

struct tenant_task *tenant_task_new(const struct tenant_task_options *options) {
    struct tenant_task *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    t->clock = t->step_at = INSTANT_NONE;
    t->first_at = INSTANT_MAX;
    tenant_sources_init(&t->sources, options->live, options->until_end, options->max_source_lag_ms);
    table_init(&t->leaf_index, 64);
    pane_scratch_init(&t->scratch);
    cell_sums_init(&t->sums, &(struct cell_shape){.threshold_count = CELL_THRESHOLDS_MAX});
    tenant_kpi_init(t);
    return t;
}

void tenant_task_free(struct tenant_task *t) {
    if (!t)
        return;
    tenant_state_free(t);
    tenant_sources_deinit(&t->sources);
    pane_scratch_deinit(&t->scratch);
    t->sums.dense_count = CELL_DENSE_MAX;
    cell_sums_deinit(&t->sums);
    free(t);
}

static void add_to_scope(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                         const struct report *report, const struct report_row *row, bool *kept) {
    size_t count = cell_row_entries(&s->cell->shape, report, row, &t->scratch);
    cell_advance(s->cell, t->step_at);
    *kept &= cell_add(s->cell, row->pane_at, t->scratch.entries, count, &t->scratch);
    if (count == 0)
        return;
    if (row->pane_at < s->minute_from_at)
        s->minute_from_at = instant_floor(row->pane_at, MINUTE_MS);
    if (t->step_at != INSTANT_NONE && row->pane_at < t->step_at)
        tenant_kpi_late(t, tenant, s, row->pane_at, t->scratch.entries, count);
}

static void add_row(struct tenant_task *t, const struct report *report,
                    const struct report_row *row) {
    CHECK(row->leaf < report->leaf_count);
    struct tenant_leaf *leaf = tenant_state_leaf(t, &report->leaves[row->leaf]);
    bool kept = true;
    for (size_t i = 0; i < leaf->scopes.count; i++)
        add_to_scope(t, leaf->tenant, leaf->scopes.items[i], report, row, &kept);
    t->counts.late_rows += !kept;

    for (size_t i = 0; i < leaf->rules.count; i++) {
        struct tenant_rule *r = leaf->rules.items[i];
        size_t count = cell_row_entries(&r->cell->shape, report, row, &t->scratch);
        cell_advance(r->cell, t->step_at);
        cell_add(r->cell, row->pane_at, t->scratch.entries, count, &t->scratch);
        if (count > 0)
            tenant_rule_late(r, row->pane_at);
    }
    for (size_t i = 0; i < leaf->demands.count; i++) {
        struct tenant_demand *d = leaf->demands.items[i];
        size_t count = cell_row_entries(&d->cell->shape, report, row, &t->scratch);
        cell_advance(d->cell, t->step_at);
        cell_add(d->cell, row->pane_at, t->scratch.entries, count, &t->scratch);
    }
}

static void add_rows(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->row_count && t->step_at == INSTANT_NONE; i++) {
        if (report->rows[i].pane_at < t->first_at)
            t->first_at = report->rows[i].pane_at;
    }
    for (size_t i = 0; i < report->row_count; i++)
        add_row(t, report, &report->rows[i]);
    tenant_steps_revise(t);
}

static void add_ages(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->gauge_count; i++) {
        const struct gauge *g = &report->gauges[i];
        CHECK(g->leaf < report->leaf_count);
        tenant_state_age(t, tenant_state_leaf(t, &report->leaves[g->leaf]),
                         report->gauge_partitions[i], g->oldest_waiting_at, g->oldest_open_at);
    }
}

static void judge_facts(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->fact_count; i++) {
        const struct fact *fact = &report->facts[i];
        CHECK(fact->leaf < report->leaf_count);
        const struct report_leaf *leaf = &report->leaves[fact->leaf];
        struct tenant *tenant = tenant_state_tenant(t, leaf->tenant);
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        /* Before the first clock nothing is late. */
        if (ctx.clock == INSTANT_NONE)
            ctx.clock = fact->at;
        judge_item_fact(&ctx, fact, leaf);
    }
}

static void hear_feeds(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_feed *f = &report->feeds[i];
        struct tenant *tenant = tenant_state_tenant(t, f->tenant);
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        judge_feed_heard(&ctx, &tenant_state_feed(tenant, f->site)->state, f->heard_at);
    }
}

/* Alerts are counted on their way. */
struct counting_outbox {
    struct outbox outbox; /* its context is this struct */
    struct outbox *inner;
    struct tenant_task *task;
};

static void pass_fact(void *context, const struct fact *fact) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->fact(inner->context, fact);
}

static void pass_dead_letter(void *context, const struct dead_letter *letter) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->dead_letter(inner->context, letter);
}

static void pass_alert(void *context, const struct alert *alert) {
    struct counting_outbox *c = context;
    c->task->counts.alerts++;
    c->inner->alert(c->inner->context, alert);
}

static void pass_kpi(void *context, const struct kpi *kpi) {
    struct counting_outbox *c = context;
    c->task->counts.kpis++;
    c->inner->kpi(c->inner->context, kpi);
}

void tenant_task_apply(struct tenant_task *t, const struct report *report, int64_t log_at,
                       struct outbox *out) {
    struct counting_outbox counting = {.inner = out, .task = t};
    counting.outbox = (struct outbox){.context = &counting,
                                      .deltas = out->deltas,
                                      .fact = pass_fact,
                                      .dead_letter = pass_dead_letter,
                                      .alert = pass_alert,
                                      .kpi = pass_kpi};
    t->out = &counting.outbox;
    t->log_at = log_at;
    t->counts.reports++;
    add_rows(t, report);
    add_ages(t, report);
    judge_facts(t, report);
    hear_feeds(t, report);
    tenant_sources_apply(&t->sources, report, log_at);
    tenant_steps_pass(t);
    t->out = NULL;
}

int64_t tenant_task_clock(const struct tenant_task *t) {
    return t->clock;
}

bool tenant_task_ended(const struct tenant_task *t) {
    return tenant_sources_ended(&t->sources);
}

size_t tenant_task_scopes(const struct tenant_task *t) {
    return t->scope_count;
}

size_t tenant_task_open_alerts(const struct tenant_task *t) {
    size_t open = 0;
    for (size_t i = 0; i < t->tenants.count; i++)
        open += episode_book_open(((const struct tenant *)t->tenants.items[i])->book);
    return open;
}

const struct tenant_task_counts *tenant_task_counts(const struct tenant_task *t) {
    return &t->counts;
}
