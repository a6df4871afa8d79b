#include "tasks/tenant_rules.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"

/* Steps of one episode that are judged again at most when late counts come. */
#define REVISED_STEPS_MAX 360

static struct cell_shape shape_of(const struct contract *contract,
                                  const struct objective *objective, const struct scope *scope) {
    const struct window_spec *spec = window_spec(objective->window);
    struct cell_shape shape = {.windows = {{spec->length_ms, spec->step_ms}}, .window_count = 1};
    /* Late counts are looked at again as far back as an episode's first steps may lie. */
    shape.keep_ms = 2 * spec->length_ms + objective->hold_ms;
    shape.fine_ms = spec->step_ms < MINUTE_MS ? shape.keep_ms : 0;
    shape.minute_ms = shape.keep_ms;
    cell_figure_needs(&shape, objective->metric, BY_EVENT,
                      tenant_scope_within_ms(contract, scope, objective));
    return shape;
}

struct tenant_rule *tenant_rule_new(const struct contract *contract,
                                    const struct objective *objective, struct tenant_scope *view,
                                    struct cell_scratch *scratch) {
    struct tenant_rule *r = calloc(1, sizeof(*r));
    CHECK(r);
    struct cell_shape shape = shape_of(contract, objective, &view->scope);
    r->objective = objective;
    r->view = view;
    r->field = tenant_scope_objective(view, contract, objective);
    tenant_scope_want(view, r->field);
    r->cell = cell_new(&shape, scratch);
    r->changed = true;
    r->late_from_at = INSTANT_MAX;
    r->late_to_at = INSTANT_NONE;
    objective_state_init(&r->state);
    return r;
}

void tenant_rule_free(struct tenant_rule *r) {
    if (!r)
        return;
    cell_free(r->cell);
    free(r);
}

static bool same_figure(const struct figure *a, const struct figure *b) {
    return a->present == b->present && (!a->present || a->value == b->value) &&
           a->numerator == b->numerator && a->denominator == b->denominator &&
           a->sample == b->sample;
}

void tenant_rule_step(struct tenant_rule *r, const struct judge_context *ctx, int64_t step_at) {
    const struct objective *o = r->objective;
    struct objective_state before = r->state;
    struct figure figure;
    cell_advance(r->cell, step_at);
    cell_figure(&r->cell->windows[0].sums, o->metric, BY_EVENT, o->variant, 0, &figure);
    judge_objective_step(ctx, o, &r->view->scope, &r->state, &figure, step_at);
    r->changed |= !same_figure(&figure, &r->figure) ||
                  !slice_equal(objective_state_name(&before), objective_state_name(&r->state));
    r->figure = figure;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

void tenant_rule_late(struct tenant_rule *r, int64_t pane_at) {
    if (!r->state.firing || pane_at >= r->state.condition_at)
        return;
    if (pane_at < r->late_from_at)
        r->late_from_at = pane_at;
    r->late_to_at = later(r->late_to_at, pane_at);
}

void tenant_rule_revise(struct tenant_rule *r, const struct judge_context *ctx, int64_t judged_at) {
    const struct objective *o = r->objective;
    const struct cell_span *span = &r->cell->shape.windows[0];
    if (r->late_from_at == INSTANT_MAX)
        return;
    struct cell_sums sums;
    cell_advance(r->cell, judged_at);
    cell_sums_init(&sums, &r->cell->shape);
    int64_t step_at = instant_floor(r->late_from_at, span->step_ms) + span->step_ms;
    step_at = later(step_at, r->state.opened_at);
    step_at = later(step_at, cell_kept_from(r->cell) + span->length_ms);
    step_at = instant_floor(step_at + span->step_ms - 1, span->step_ms);
    int64_t until_at = r->state.condition_at;
    if (until_at > r->late_to_at + span->length_ms)
        until_at = r->late_to_at + span->length_ms;
    for (size_t n = 0; n < REVISED_STEPS_MAX && step_at <= until_at && r->state.firing; n++) {
        struct figure figure;
        cell_range(r->cell, step_at - span->length_ms, step_at, &sums);
        cell_figure(&sums, o->metric, BY_EVENT, o->variant, 0, &figure);
        judge_objective_revise(ctx, o, &r->view->scope, &r->state, &figure, step_at, judged_at);
        step_at += span->step_ms;
    }
    r->changed = true;
    r->late_from_at = INSTANT_MAX;
    r->late_to_at = INSTANT_NONE;
    cell_sums_deinit(&sums);
}

struct tenant_demand *tenant_demand_new(const struct demand_rule *rule, struct tenant_scope *view,
                                        int64_t first_at, struct cell_scratch *scratch) {
    struct tenant_demand *d = calloc(1, sizeof(*d));
    CHECK(d);
    struct cell_shape shape = {.fine_ms = DEMAND_LOOK_BACK_MS,
                               .minute_ms = DEMAND_LOOK_BACK_MS,
                               .keep_ms = DEMAND_LOOK_BACK_MS,
                               .counters = UINT64_C(1) << COUNTER_OFFERED};
    d->rule = rule;
    d->view = view;
    d->cell = cell_new(&shape, scratch);
    demand_state_init(&d->state, first_at);
    return d;
}

void tenant_demand_free(struct tenant_demand *d) {
    if (!d)
        return;
    demand_state_deinit(&d->state);
    cell_free(d->cell);
    free(d);
}

static int64_t count_offered(void *context, int64_t from_at, int64_t to_at) {
    struct tenant_demand *d = context;
    struct cell_sums sums;
    cell_sums_init(&sums, &d->cell->shape);
    cell_range(d->cell, from_at, to_at, &sums);
    int64_t offered = cell_sums_counter(&sums, COUNTER_OFFERED);
    cell_sums_deinit(&sums);
    return offered;
}

void tenant_demand_step(struct tenant_demand *d, const struct judge_context *ctx, size_t scopes,
                        int64_t step_at) {
    struct demand_source source = {d, count_offered};
    cell_advance(d->cell, step_at);
    judge_demand_step(ctx, d->rule, &d->view->scope, &d->state, &source, scopes, step_at);
}
