#include "tasks/tenant_rules.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "core/objective_window.h"
#include "core/outlook.h"

/* Steps of one episode that are judged again at most when late counts come. */
#define REVISED_STEPS_MAX 360

static struct cell_shape rolling_shape(const struct objective *objective) {
    const struct window_spec *spec = window_spec((enum window_id)objective->window);
    struct cell_shape shape = {.windows = {{spec->length_ms, spec->step_ms}}, .window_count = 1};
    /* Late counts are looked at again as far back as an episode's first steps may lie. */
    shape.keep_ms = 2 * spec->length_ms + objective->hold_ms;
    /* Panes go before they would change their width. */
    shape.fine_ms = spec->step_ms < MINUTE_MS ? shape.keep_ms + CELL_COARSE_MS : 0;
    shape.minute_ms = shape.keep_ms + CELL_COARSE_MS;
    return shape;
}

static void add_span(struct cell_shape *shape, int64_t length_ms) {
    size_t at = shape->window_count;
    for (size_t i = 0; i < shape->window_count; i++) {
        if (shape->windows[i].length_ms == length_ms)
            return;
    }
    for (; at > 0 && shape->windows[at - 1].length_ms > length_ms; at--)
        shape->windows[at] = shape->windows[at - 1];
    shape->windows[at] = (struct cell_span){length_ms, CELL_PERIODS_STEP_MS};
    shape->window_count++;
}

/* The windows of its outlook, shortest first; steps of as long as counts may come late are looked
 * at again. */
static void add_outlook(struct cell_shape *shape, enum period period) {
    const struct outlook_pace *paces;
    size_t count = outlook_paces(period, &paces);
    add_span(shape, outlook_recent_ms(period));
    for (size_t i = 0; i < count; i++) {
        add_span(shape, paces[i].long_ms);
        add_span(shape, paces[i].short_ms);
    }
    shape->keep_ms += shape->windows[shape->window_count - 1].length_ms;
}

/* The periods as its view keeps them. Panes stand for as long as counts may come late: by them a
 * period is what it was at an earlier step. */
static struct cell_shape period_shape(const struct cell_shape *view) {
    return (struct cell_shape){.keep_ms = view->lateness_ms + 2 * HOUR_MS,
                               .zone = view->zone,
                               .week_starts = view->week_starts,
                               .lateness_ms = view->lateness_ms};
}

static struct cell_shape shape_of(const struct contract *contract,
                                  const struct objective *objective,
                                  const struct tenant_scope *view) {
    struct cell_shape shape = objective_window_is_period(objective->window)
                                  ? period_shape(&view->cell->shape)
                                  : rolling_shape(objective);
    /* With an outlook it learns what comes from the first count on, whichever that is. */
    enum level_variant variant = judge_outlook_applies(objective) ? VARIANT_COUNT
                                                                  : objective->variant;
    if (judge_outlook_applies(objective))
        add_outlook(&shape, objective_window_period(objective->window));
    cell_figure_needs(&shape, objective->metric, objective->attribution, variant,
                      tenant_scope_within_ms(contract, &view->scope, objective));
    return shape;
}

struct tenant_rule *tenant_rule_new(const struct contract *contract,
                                    const struct objective *objective, struct tenant_scope *view,
                                    struct cell_scratch *scratch) {
    struct tenant_rule *r = calloc(1, sizeof(*r));
    CHECK(r);
    struct cell_shape shape = shape_of(contract, objective, view);
    r->objective = objective;
    r->view = view;
    r->field = tenant_scope_objective(view, contract, objective);
    tenant_scope_want(view, r->field);
    r->cell = cell_new(&shape, scratch);
    r->changed = true;
    r->from_at = contract->effective_at;
    r->late_from_at = INSTANT_MAX;
    r->late_to_at = INSTANT_NONE;
    r->due_at = r->run_at = INSTANT_NONE;
    objective_state_init(&r->state);
    outlook_state_init(&r->outlook);
    if (judge_outlook_applies(objective)) {
        r->volume = malloc(sizeof(*r->volume));
        CHECK(r->volume);
        volume_init(r->volume, &contract->zone, INSTANT_NONE);
    }
    return r;
}

void tenant_rule_free(struct tenant_rule *r) {
    if (!r)
        return;
    cell_free(r->cell);
    tenant_members_deinit(&r->members);
    tenant_examples_deinit(&r->examples);
    free(r->volume);
    free(r);
}

static bool same_figure(const struct figure *a, const struct figure *b) {
    return a->present == b->present && (!a->present || a->value == b->value) &&
           a->numerator == b->numerator && a->denominator == b->denominator &&
           a->sample == b->sample;
}

int64_t tenant_rule_edge(const struct tenant_rule *r) {
    return objective_window_is_period(r->objective->window) ? r->cell->periods.edge_at
                                                            : r->cell->windows[0].edge_at;
}

/* Of the window that ends at step_at, which is not before what the cell keeps. */
static void sum_window(const struct tenant_rule *r, const struct contract *c, int64_t step_at,
                       struct cell_sums *sums) {
    unsigned window = r->objective->window;
    int64_t start_at = objective_window_start(c, window, step_at);
    if (objective_window_is_period(window))
        cell_period_part(r->cell, objective_window_period(window), start_at, step_at, sums);
    else
        cell_range(r->cell, start_at, step_at, sums);
}

static void figure_of(const struct tenant_rule *r, const struct cell_sums *sums,
                      struct figure *figure) {
    cell_figure(sums, r->objective->metric, r->objective->attribution, r->objective->variant, 0,
                figure);
}

static void figure_at_edge(const struct tenant_rule *r, const struct contract *c, int64_t step_at,
                           struct figure *figure) {
    struct cell_sums sums;
    if (!objective_window_is_period(r->objective->window)) {
        if (r->figured == r->cell->changes)
            *figure = r->figure;
        else
            figure_of(r, &r->cell->windows[0].sums, figure);
        return;
    }
    cell_sums_init(&sums, &r->cell->shape);
    sum_window(r, c, step_at, &sums);
    figure_of(r, &sums, figure);
    cell_sums_deinit(&sums);
}

struct outlook_context {
    const struct tenant_rule *rule;
    const struct contract *contract;
};

/* A window that stands there has its sums; others, of steps looked at again, are summed. */
static void outlook_figure(void *context, int64_t from_at, int64_t to_at, struct figure *figure) {
    const struct tenant_rule *r = ((struct outlook_context *)context)->rule;
    const struct cell *c = r->cell;
    for (size_t i = 0; i < c->shape.window_count; i++) {
        if (c->windows[i].edge_at == to_at && c->shape.windows[i].length_ms == to_at - from_at) {
            figure_of(r, &c->windows[i].sums, figure);
            return;
        }
    }
    struct cell_sums sums;
    cell_sums_init(&sums, &c->shape);
    cell_range(c, from_at, to_at, &sums);
    figure_of(r, &sums, figure);
    cell_sums_deinit(&sums);
}

static double per_hour(const struct objective *o) {
    return o->expected_per_ms > 0 ? o->expected_volume * HOUR_MS / (double)o->expected_per_ms : 0;
}

static bool outlook_expected(void *context, int64_t from_at, int64_t to_at, double *cases) {
    const struct outlook_context *c = context;
    return volume_expect(c->rule->volume, &c->contract->zone, from_at, to_at,
                         per_hour(c->rule->objective), cases);
}

static int64_t outlook_reaches(void *context, int64_t from_at, int64_t to_at, double cases) {
    const struct outlook_context *c = context;
    return volume_reaches(c->rule->volume, &c->contract->zone, from_at, to_at,
                          per_hour(c->rule->objective), cases);
}

static struct objective_source source_of(struct outlook_context *context) {
    return (struct objective_source){context, outlook_figure, outlook_expected, outlook_reaches};
}

/* Hours that nothing can correct any more. */
static void learn_volume(struct tenant_rule *r, const struct contract *contract, int64_t step_at) {
    struct outlook_context context = {r, contract};
    int64_t from_at, to_at, until_at = step_at - r->cell->shape.lateness_ms;
    while (volume_due(r->volume, &contract->zone, until_at, &from_at, &to_at)) {
        struct figure figure;
        outlook_figure(&context, from_at, to_at, &figure);
        volume_learn(r->volume, &contract->zone, to_at, figure.denominator);
    }
}

static void step_outlook(struct tenant_rule *r, const struct judge_context *ctx,
                         const struct figure *so_far, int64_t step_at) {
    struct outlook_context context = {r, ctx->contract};
    const struct objective_source source = source_of(&context);
    struct outlook_shown before = r->outlook.shown;
    learn_volume(r, ctx->contract, step_at);
    judge_outlook_step(ctx, r->objective, &r->view->scope, &r->outlook, so_far, &source,
                       r->state.firing, step_at);
    r->changed |= before.known != r->outlook.shown.known ||
                  before.needed != r->outlook.shown.needed ||
                  before.expected != r->outlook.shown.expected;
}

void tenant_rule_tell(struct tenant_rule *r, const struct judge_context *ctx, int64_t last_at) {
    if (r->run_at == INSTANT_NONE || !ctx->out->judged)
        return;
    int64_t step_ms = objective_window_step_ms(r->objective->window);
    int64_t end_at = instant_floor(last_at, step_ms);
    struct judged_steps steps = {.tenant = ctx->tenant,
                                 .objective = r->objective,
                                 .scope = &r->view->scope,
                                 .figure = &r->figure,
                                 .first_at = r->run_at,
                                 .last_at = end_at,
                                 .count = (uint64_t)((end_at - r->run_at) / step_ms) + 1};
    ctx->out->judged(ctx->out->context, &steps);
    r->run_at = INSTANT_NONE;
}

/* The last step of a period stands for itself. */
static void note_figure(struct tenant_rule *r, const struct judge_context *ctx, bool same,
                        int64_t step_at) {
    if (!same || objective_window_is_period(r->objective->window))
        tenant_rule_tell(r, ctx, step_at - objective_window_step_ms(r->objective->window));
    if (r->run_at == INSTANT_NONE)
        r->run_at = step_at;
}

int64_t tenant_rule_hear(struct tenant_rule *r, int64_t pane_at) {
    int64_t step_ms = objective_window_step_ms(r->objective->window);
    int64_t at = pane_at == INSTANT_NONE ? pane_at : instant_floor(pane_at, step_ms) + step_ms;
    if (at < r->due_at)
        r->due_at = at;
    return r->due_at;
}

/* With the same figure a step is the same as the one before it, until time tells: so it is due when
 * the figure may change, when time may tell, or when the last one has changed something. */
static int64_t due_after(const struct tenant_rule *r, const struct judge_context *ctx, bool moved,
                         int64_t step_at) {
    int64_t step_ms = objective_window_step_ms(r->objective->window);
    if (r->volume)
        return step_at + step_ms; /* the rest of a period grows shorter at each */
    int64_t at = judge_objective_due(ctx->contract, r->objective, &r->state, step_at);
    int64_t still_until = cell_still_until(r->cell);
    if (still_until < INSTANT_MAX && still_until + 1 < at)
        at = still_until + 1;
    if (at == INSTANT_MAX && !moved)
        return at;
    at = moved ? step_at : instant_floor(at + step_ms - 1, step_ms);
    return at > step_at ? at : step_at + step_ms;
}

static void fill_evidence(void *context, const struct judge_context *ctx, int64_t from_at,
                          int64_t to_at, struct alert *alert) {
    const struct tenant_rule *r = context;
    tenant_members_contribute(r, ctx, from_at, to_at, alert);
    tenant_examples_show(&r->examples, from_at, to_at, alert);
}

void tenant_rule_step(struct tenant_rule *r, const struct judge_context *ctx, int64_t step_at) {
    const struct objective *o = r->objective;
    const struct judge_evidence evidence = {r, fill_evidence};
    struct judge_context with = *ctx;
    struct objective_state before = r->state;
    struct figure figure;
    with.evidence = &evidence;
    ctx = &with;
    cell_advance(r->cell, step_at);
    figure_at_edge(r, ctx->contract, step_at, &figure);
    bool same = same_figure(&figure, &r->figure);
    if (ctx->out->judged)
        note_figure(r, ctx, same, step_at);
    judge_objective_step(ctx, o, &r->view->scope, &r->state, &figure, step_at);
    bool moved = !objective_state_equal(&before, &r->state);
    if (r->volume)
        step_outlook(r, ctx, &figure, step_at);
    r->changed |= !same || (moved && !slice_equal(objective_state_name(&before),
                                                  objective_state_name(&r->state)));
    r->figure = figure;
    r->figured = r->cell->changes;
    r->due_at = due_after(r, ctx, moved, step_at);
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

void tenant_rule_begin(struct tenant_rule *r, const struct contract *contract, int64_t step_at,
                       int64_t pane_at) {
    if (r->volume && r->volume->learned_at == INSTANT_NONE)
        volume_init(r->volume, &contract->zone, later(pane_at, step_at));
}

void tenant_rule_miss(struct tenant_rule *r, const struct contract *contract, int64_t step_at,
                      const struct miss *m) {
    const struct objective *o = r->objective;
    int64_t at = o->attribution == BY_ARRIVAL ? m->queued_at : m->at;
    if (at < r->from_at || !miss_is_of(m, o, tenant_scope_within_ms(contract, &r->view->scope, o)))
        return;
    if (m->gone)
        tenant_examples_remove(&r->examples, at, m->interaction_id);
    else
        tenant_examples_add(&r->examples, at, m->interaction_id, step_at);
}

void tenant_rule_late(struct tenant_rule *r, int64_t pane_at) {
    int64_t from_at, to_at;
    bool rests = r->state.firing && pane_at < r->state.condition_at;
    if (!rests && r->volume)
        rests = judge_outlook_rests_on(&r->outlook, &from_at, &to_at) && pane_at < to_at;
    if (!rests)
        return;
    if (pane_at < r->late_from_at)
        r->late_from_at = pane_at;
    r->late_to_at = later(r->late_to_at, pane_at);
}

/* How long a late count is part of windows; a period's end ends the episode anyway. */
static int64_t reach_ms(const struct tenant_rule *r) {
    return objective_window_is_period(r->objective->window) ? 0
                                                            : r->cell->shape.windows[0].length_ms;
}

/* The first and the last step that late counts changed, of those that opened the episode. */
static int64_t first_revised(const struct tenant_rule *r, int64_t step_ms) {
    int64_t step_at = instant_floor(r->late_from_at, step_ms) + step_ms;
    step_at = later(step_at, r->state.opened_at);
    step_at = later(step_at, cell_kept_from(r->cell) + reach_ms(r));
    return instant_floor(step_at + step_ms - 1, step_ms);
}

static int64_t last_revised(const struct tenant_rule *r) {
    int64_t until_at = r->late_to_at + reach_ms(r);
    bool all = objective_window_is_period(r->objective->window);
    return all || until_at > r->state.condition_at ? r->state.condition_at : until_at;
}

static void revise_objective(struct tenant_rule *r, const struct judge_context *ctx,
                             struct cell_sums *sums, int64_t judged_at) {
    int64_t step_ms = objective_window_step_ms(r->objective->window);
    int64_t step_at = first_revised(r, step_ms);
    int64_t until_at = last_revised(r);
    for (size_t n = 0; n < REVISED_STEPS_MAX && step_at <= until_at && r->state.firing; n++) {
        struct figure figure;
        sum_window(r, ctx->contract, step_at, sums);
        figure_of(r, sums, &figure);
        judge_objective_revise(ctx, r->objective, &r->view->scope, &r->state, &figure, step_at,
                               judged_at);
        step_at += step_ms;
    }
}

static void revise_outlook(struct tenant_rule *r, const struct judge_context *ctx,
                           struct cell_sums *sums, int64_t judged_at) {
    struct outlook_context context = {r, ctx->contract};
    const struct objective_source source = source_of(&context);
    const struct cell_shape *shape = &r->cell->shape;
    int64_t step_ms = objective_window_step_ms(r->objective->window);
    int64_t longest_ms = shape->windows[shape->window_count - 1].length_ms;
    int64_t step_at, until_at;
    if (!judge_outlook_rests_on(&r->outlook, &step_at, &until_at))
        return;
    step_at = later(step_at, instant_floor(r->late_from_at, step_ms) + step_ms);
    step_at = later(step_at, cell_kept_from(r->cell) + longest_ms + step_ms - 1);
    step_at = instant_floor(step_at, step_ms);
    for (size_t n = 0; n < REVISED_STEPS_MAX && step_at <= until_at; n++, step_at += step_ms) {
        struct figure figure;
        sum_window(r, ctx->contract, step_at, sums);
        figure_of(r, sums, &figure);
        judge_outlook_revise(ctx, r->objective, &r->view->scope, &r->outlook, &figure, &source,
                             step_at, judged_at);
    }
}

void tenant_rule_revise(struct tenant_rule *r, const struct judge_context *ctx, int64_t judged_at) {
    if (r->late_from_at == INSTANT_MAX)
        return;
    struct cell_sums sums;
    cell_advance(r->cell, judged_at);
    cell_sums_init(&sums, &r->cell->shape);
    if (r->state.firing)
        revise_objective(r, ctx, &sums, judged_at);
    if (r->volume)
        revise_outlook(r, ctx, &sums, judged_at);
    r->changed = true;
    r->due_at = INSTANT_NONE;
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

void tenant_demand_step(struct tenant_demand *d, const struct judge_context *ctx,
                        const struct demand_plan *plan, size_t scopes, bool heard,
                        int64_t step_at) {
    struct demand_source source = {.context = d, .count = count_offered, .plan = *plan};
    cell_advance(d->cell, step_at);
    judge_demand_step(ctx, d->rule, &d->view->scope, &d->state, &source, scopes, heard, step_at);
}
