#include <stdlib.h>

#include "base/check.h"
#include "core/judge_feed.h"
#include "core/judge_quality.h"
#include "core/judge_skew.h"
#include "core/objective_window.h"
#include "tasks/tenant_ahead.h"
#include "tasks/tenant_audit.h"
#include "tasks/tenant_counting.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_storms.h"
#include "tasks/tenant_turn.h"

/* One tenant, as it was and as it will be. */
struct change {
    struct tenant_task *task;
    struct tenant *tenant; /* as it will be */
    struct tenant was;
    struct judge_context before; /* how the judges knew it */
    bool renamed;                /* its alerts go by another name */
    int64_t at;                  /* the newest step judged */
};

static void take_over_scopes(struct change *c) {
    for (size_t i = 0; i < c->was.scopes.count; i++) {
        struct tenant_scope *from = c->was.scopes.items[i];
        if (!tenant_state_is_viewed(c->tenant, &from->scope))
            continue;
        struct tenant_scope *to = tenant_state_scope(c->task, c->tenant, &from->scope);
        CHECK(to);
        cell_advance(from->cell, c->at);
        cell_take_over(to->cell, from->cell);
        to->closes = from->closes;
        to->close_count = from->close_count;
        to->close_capacity = from->close_capacity;
        to->late = from->late;
        from->closes = NULL;
        from->close_count = 0;
    }
}

/* The contracts count the same for it in this scope, and its history can go on. */
static const struct objective *same_objective(const struct change *c, const struct tenant_rule *r) {
    const struct objective *was = r->objective;
    const struct contract *now = c->tenant->contract;
    for (size_t i = 0; i < now->objective_count && !c->renamed; i++) {
        const struct objective *o = &now->objectives[i];
        if (!slice_equal(o->name, was->name))
            continue;
        bool same = o->metric == was->metric && o->variant == was->variant &&
                    o->attribution == was->attribution && o->per == was->per &&
                    match_equal(&o->when, &was->when) &&
                    objective_window_same_days(now, o->window, c->was.contract, was->window) &&
                    (objective_window_step_ms(o->window) < MINUTE_MS) ==
                        (objective_window_step_ms(was->window) < MINUTE_MS);
        if (same && o->metric == METRIC_SERVICE_LEVEL)
            same = tenant_scope_within_ms(now, &r->view->scope, o) ==
                   tenant_scope_within_ms(c->was.contract, &r->view->scope, was);
        return same ? o : NULL;
    }
    return NULL;
}

static void take_over_rules(struct change *c) {
    for (size_t i = 0; i < c->was.rules.count; i++) {
        struct tenant_rule *from = c->was.rules.items[i];
        const struct objective *o = same_objective(c, from);
        tenant_rule_tell(from, &c->before, c->at);
        if (!o) {
            judge_objective_drop(&c->before, from->objective, &from->view->scope, &from->state,
                                 c->at);
            judge_outlook_drop(&c->before, from->objective, &from->view->scope, &from->outlook,
                               c->at);
            tenant_storms_drop_objective(&c->before, from, c->at);
            continue;
        }
        struct tenant_scope *view = tenant_state_scope(c->task, c->tenant, &from->view->scope);
        CHECK(view);
        struct tenant_rule *to = tenant_state_rule(c->task, c->tenant, o, view);
        cell_advance(from->cell, c->at);
        cell_take_over(to->cell, from->cell);
        tenant_members_take_over(to, from, c->at);
        to->examples = from->examples;
        from->examples = (struct tenant_examples){0};
        to->from_at = from->from_at;
        to->state = from->state;
        to->figure = from->figure;
        to->outlook = from->outlook;
        if (to->volume && from->volume)
            *to->volume = *from->volume;
    }
}

static const struct demand_rule *same_demand(const struct change *c,
                                             const struct tenant_demand *d) {
    const struct contract *now = c->tenant->contract;
    for (size_t i = 0; i < now->demand_count && !c->renamed; i++) {
        const struct demand_rule *rule = &now->demands[i];
        if (slice_equal(rule->name, d->rule->name) && rule->per == d->rule->per &&
            match_equal(&rule->when, &d->rule->when))
            return rule;
    }
    return NULL;
}

/* With what was learned of weeks: the states change places. */
static void take_over_demands(struct change *c) {
    for (size_t i = 0; i < c->was.demands.count; i++) {
        struct tenant_demand *from = c->was.demands.items[i];
        const struct demand_rule *rule = same_demand(c, from);
        if (!rule) {
            judge_demand_drop(&c->before, from->rule, &from->view->scope, &from->state, c->at);
            tenant_storms_drop_demand(&c->before, from, c->at);
            continue;
        }
        struct tenant_scope *view = tenant_state_scope(c->task, c->tenant, &from->view->scope);
        CHECK(view);
        struct tenant_demand *to = tenant_state_demand(c->task, c->tenant, rule, view);
        struct demand_state state = to->state;
        struct cell *cell = to->cell;
        to->state = from->state;
        to->cell = from->cell;
        from->state = state;
        from->cell = cell;
    }
}

/* A notice that stands and would go by another name now. */
static void close_notice(struct change *c, uint8_t *notice, enum alert_kind kind, struct slice rule,
                         uint8_t next) {
    if (*notice == NOTICE_TOLD)
        judge_notice_close(&c->before, kind, rule, NULL, c->at);
    *notice = *notice == NOTICE_NONE ? NOTICE_NONE : next;
}

static void change_notices(struct change *c) {
    struct tenant *tenant = c->tenant;
    bool was_default = c->was.contract->is_default;
    if (was_default && !tenant->contract->is_default)
        close_notice(c, &tenant->config_notice, ALERT_CONFIG, SLICE("no-contract"), NOTICE_NONE);
    else if (!was_default && tenant->contract->is_default)
        tenant->config_notice = NOTICE_DUE;
    if (!c->renamed)
        return;
    close_notice(c, &tenant->scopes_notice, ALERT_DATA_QUALITY, SLICE("limits.scopes"), NOTICE_DUE);
    for (size_t i = 0; i < c->task->sources.gap_count; i++)
        judge_notice_close(&c->before, ALERT_DATA_GAP, c->task->sources.gaps[i].name, NULL, c->at);
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        struct tenant_feed *feed = tenant->feeds.items[i];
        judge_feed_drop(&c->before, feed->site, &feed->state, c->at);
        judge_skew_drop(&c->before, feed->site, &feed->skew, c->at);
        judge_quality_drop(&c->before, feed->site, &feed->quality, c->at);
    }
    tenant_storms_drop_feeds(&c->before, c->at);
}

static void change_tenant(struct tenant_task *t, struct tenant *tenant,
                          const struct contract *contract, int64_t at) {
    struct change c = {.task = t,
                       .tenant = tenant,
                       .was = *tenant,
                       .before = tenant_state_context(t, tenant, t->out),
                       .renamed = !slice_equal(tenant->contract->name, contract->name),
                       .at = t->step_at};
    t->scope_count -= tenant->scopes.count;
    tenant->scopes = tenant->rules = tenant->demands = (struct tenant_array){0};
    tenant_state_set_contract(t, tenant, at);
    tenant_forecasts_turn(tenant, &c.before, c.renamed, c.at);
    take_over_scopes(&c);
    take_over_rules(&c);
    take_over_demands(&c);
    change_notices(&c);
    struct judge_context after = tenant_state_context(t, tenant, t->out);
    episode_book_retime(&after, c.at);
    episode_book_unsettle(tenant->book);
    tenant_state_free_counts(&c.was);
}

static int order_leaves(const void *a, const void *b) {
    return leaf_compare(&(*(struct tenant_leaf *const *)a)->leaf,
                        &(*(struct tenant_leaf *const *)b)->leaf);
}

/* In the order of their names: where scope_limit is reached, the same are refused every time. */
static void retarget_leaves(struct tenant_task *t) {
    size_t count = 0;
    struct tenant_leaf **changed = malloc((t->leaves.count + 1) * sizeof(*changed));
    CHECK(changed);
    for (size_t i = 0; i < t->leaves.count; i++) {
        struct tenant_leaf *leaf = t->leaves.items[i];
        if (leaf->leaf.contract != leaf->tenant->contract)
            changed[count++] = leaf;
    }
    qsort(changed, count, sizeof(*changed), order_leaves);
    for (size_t i = 0; i < count; i++)
        tenant_state_retarget(t, changed[i]);
    free(changed);
}

void tenant_turn_all(struct tenant_task *t, struct slice actor, int64_t at) {
    const struct contract_set *contracts = t->options.contracts;
    for (size_t i = 0; i < t->tenants.count; i++) {
        struct tenant *tenant = t->tenants.items[i];
        const struct contract *now = contract_set_find(contracts, tenant->name, at);
        if (!contract_same_from(tenant->contract, now)) {
            const struct contract *was = tenant->contract;
            change_tenant(t, tenant, now, at);
            if (actor.size > 0)
                tenant_audit_change(t, tenant, was, actor, at);
            t->turned = true;
        }
        tenant->until_at = contract_set_until(contracts, tenant->name, at);
    }
    retarget_leaves(t);
    for (size_t i = 0; i < t->tenants.count; i++)
        tenant_ahead_release(t, t->tenants.items[i], tenant_rows_add);
    t->effective_at = contract_set_next_change(contracts, at);
    t->ages_changed = true;
}

void tenant_task_change_contracts(struct tenant_task *t, const struct contract_set *contracts,
                                  struct outbox *out) {
    struct counting_outbox counting;
    t->out = tenant_counting_begin(&counting, t, out);
    t->options.contracts = contracts;
    t->log_at = t->sources.log_at;
    tenant_turn_all(t, SLICE("contracts"), tenant_state_seen_at(t));
    t->out = NULL;
}
