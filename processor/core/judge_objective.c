#include "core/judge_objective.h"

#include <math.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/objective_window.h"
#include "core/objective_words.h"
#include "core/wilson.h"

void objective_state_init(struct objective_state *s) {
    *s = (struct objective_state){INSTANT_NONE, INSTANT_NONE, INSTANT_NONE,
                                  INSTANT_NONE, false,        false};
}

void objective_state_save(const struct objective_state *s, struct buf *b) {
    buf_put_u8(b, (uint8_t)(s->firing | s->thin << 1));
    buf_put_zigzag(b, s->opened_at);
    buf_put_zigzag(b, s->condition_at);
    buf_put_zigzag(b, s->below_at);
    buf_put_zigzag(b, s->clear_at);
}

void objective_state_load(struct objective_state *s, struct cursor *c) {
    uint8_t flags = cursor_u8(c);
    if (flags > 3)
        cursor_fail(c);
    s->firing = flags & 1;
    s->thin = flags >> 1 & 1;
    s->opened_at = cursor_zigzag(c);
    s->condition_at = cursor_zigzag(c);
    s->below_at = cursor_zigzag(c);
    s->clear_at = cursor_zigzag(c);
}

struct slice objective_state_name(const struct objective_state *s) {
    if (s->firing)
        return SLICE("firing");
    if (s->thin)
        return SLICE("thin");
    return s->opened_at == INSTANT_NONE ? SLICE("ok") : SLICE("pending");
}

/* Counts and gauges have no sample that could be too small. */
static bool is_thin(const struct objective *o, const struct figure *f) {
    if (!f->present)
        return true;
    return f->sample != ALERT_LONG_NONE && f->sample < o->min_sample;
}

/* A share of cases, of which each either is one or is not; false: it is no such figure. */
static bool bounds_of(const struct objective *o, const struct figure *f, struct wilson *bounds) {
    if (metric_unit(o->metric) != UNIT_RATIO || f->denominator == ALERT_LONG_NONE ||
        f->denominator <= 0 || f->numerator < 0 || f->numerator > f->denominator)
        return false;
    double deviations = o->deviations > 0 ? o->deviations : WILSON_DEVIATIONS;
    *bounds = wilson_bounds(f->numerator, f->denominator, deviations);
    return true;
}

/* Where the contract asks to be sure, chance must not explain it. */
static bool misses(const struct objective *o, const struct figure *f) {
    struct wilson bounds;
    if (o->deviations > 0 && bounds_of(o, f, &bounds))
        return o->at_least ? bounds.high < o->target : bounds.low > o->target;
    return o->at_least ? objective_value(f) < o->target : objective_value(f) > o->target;
}

static bool clears(const struct objective *o, const struct figure *f) {
    return o->at_least ? objective_value(f) >= o->clear : objective_value(f) <= o->clear;
}

static struct episode_name name_of(const struct objective *o, const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_OBJECTIVE_BREACH, .rule = o->name, .scope = scope};
}

static void put_breach(struct buf *b, const struct objective_sentence *s) {
    objective_put_subject(b, s);
    summary_text(b, " was ");
    objective_put_figure(b, s, s->objective->target);
    objective_put_window(b, s->objective->window);
    summary_text(b, s->objective->at_least ? ", below the agreed " : ", above the agreed ");
    summary_value(b, s->objective->target, metric_unit(s->objective->metric));
    summary_text(b, ".");
}

static void put_resolved(struct buf *b, const struct objective_sentence *s) {
    objective_put_subject(b, s);
    summary_text(b, " is back at ");
    objective_put_figure(b, s, s->objective->target);
    objective_put_window(b, s->objective->window);
    summary_text(b, s->objective->at_least ? "; at least " : "; at most ");
    summary_value(b, s->objective->target, metric_unit(s->objective->metric));
    summary_text(b, " is agreed.");
}

static void put_expired(struct buf *b, const struct objective_sentence *s) {
    objective_put_subject(b, s);
    buf_put_format(b, " could not be judged for %s: ", objective_window_name(s->objective->window));
    int64_t sample = s->figure->present && s->figure->sample > 0 ? s->figure->sample : 0;
    summary_count(b, sample);
    summary_text(b, " in the window, at least ");
    summary_count(b, s->objective->min_sample);
    summary_text(b, " are needed.");
}

static void put_voided(struct buf *b, const struct objective_sentence *s) {
    objective_put_subject(b, s);
    if (is_thin(s->objective, s->figure)) {
        summary_text(b, " had too few cases to be judged, as late events have shown.");
        return;
    }
    summary_text(b, " was ");
    objective_put_figure(b, s, s->objective->target);
    objective_put_window(b, s->objective->window);
    summary_text(b, ", as late events have shown: the alert had no ground.");
}

static void fill_figure(const struct judge_context *ctx, const struct objective_sentence *s,
                        int64_t step_at, struct alert *a) {
    const struct figure *f = s->figure;
    a->observed = f->present ? objective_value(f) : ALERT_DOUBLE_NONE;
    a->numerator = f->numerator;
    a->denominator = f->denominator;
    a->sample = f->sample;
    struct wilson bounds;
    bool bounded = f->present && bounds_of(s->objective, f, &bounds);
    a->low = bounded ? bounds.low : ALERT_DOUBLE_NONE;
    a->high = bounded ? bounds.high : ALERT_DOUBLE_NONE;
    a->window_end_at = step_at;
    a->window_start_at = objective_window_start(ctx->contract, s->objective->window, step_at);
}

static bool fire(const struct judge_context *ctx, const struct objective_sentence *s,
                 const struct objective_state *state, int64_t step_at) {
    const struct objective *o = s->objective;
    struct episode_name name = name_of(o, s->scope);
    struct alert a;
    judge_alert_init(ctx, name.kind, s->scope, &a);
    fill_figure(ctx, s, step_at, &a);
    a.severity = o->severity;
    a.formula = slice_of(o->metric == METRIC_SERVICE_LEVEL ? level_variant_name(o->variant)
                                                           : metric_name(o->metric));
    a.opened_at = state->opened_at;
    a.condition_at = state->condition_at;
    a.threshold = o->target;
    a.unit = metric_unit(o->metric);
    a.contact_role = o->contact_role;
    a.runbook = o->runbook;
    a.outcome = o->outcome;
    struct buf summary;
    buf_init(&summary);
    if (!ctx->wordless)
        put_breach(&summary, s);
    judge_show(ctx, a.window_start_at, a.window_end_at, &a);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, &name, &a);
    buf_deinit(&summary);
    return fired;
}

typedef void put_sentence_fn(struct buf *b, const struct objective_sentence *s);

static void end(const struct judge_context *ctx, const struct objective_sentence *s,
                struct objective_state *state, enum transition how, int64_t step_at,
                int64_t ended_at, put_sentence_fn *put) {
    struct episode_name name = name_of(s->objective, s->scope);
    struct alert a;
    if (episode_find(ctx, &name, &a)) {
        struct buf summary;
        buf_init(&summary);
        if (!ctx->wordless)
            put(&summary, s);
        fill_figure(ctx, s, step_at, &a);
        a.completeness = ctx->completeness;
        a.summary = buf_slice(&summary);
        episode_end(ctx, &name, how, ended_at, &a);
        buf_deinit(&summary);
    }
    objective_state_init(state);
}

/* A period says too little only as long as it is young: it ends an episode itself. */
static bool is_thin_for_long(const struct objective *o, const struct objective_state *state,
                             int64_t step_at) {
    return !objective_window_is_period(o->window) &&
           step_at - state->below_at >= window_spec((enum window_id)o->window)->length_ms;
}

static void step_firing(const struct judge_context *ctx, const struct objective_sentence *s,
                        struct objective_state *state, int64_t step_at) {
    const struct objective *o = s->objective;
    if (is_thin(o, s->figure)) {
        state->clear_at = INSTANT_NONE;
        if (state->below_at == INSTANT_NONE)
            state->below_at = step_at;
        if (is_thin_for_long(o, state, step_at))
            end(ctx, s, state, TRANSITION_EXPIRED, step_at, step_at, put_expired);
        return;
    }
    state->below_at = INSTANT_NONE;
    if (!clears(o, s->figure)) {
        state->clear_at = INSTANT_NONE;
        return;
    }
    if (state->clear_at == INSTANT_NONE)
        state->clear_at = step_at;
    if (step_at - state->clear_at >= ctx->contract->clear_hold_ms)
        end(ctx, s, state, TRANSITION_RESOLVED, step_at, step_at, put_resolved);
}

static void step_watching(const struct judge_context *ctx, const struct objective_sentence *s,
                          struct objective_state *state, int64_t step_at) {
    const struct objective *o = s->objective;
    if (is_thin(o, s->figure) || !misses(o, s->figure)) {
        objective_state_init(state);
        return;
    }
    if (state->opened_at == INSTANT_NONE)
        state->opened_at = step_at;
    if (step_at - state->opened_at < o->hold_ms)
        return;
    if (state->condition_at == INSTANT_NONE)
        state->condition_at = step_at;
    struct episode_name name = name_of(o, s->scope);
    if (episode_may_fire(ctx, &name, step_at))
        state->firing = fire(ctx, s, state, step_at);
}

/* A new period begins clean: nothing is pending or open, and nothing has been seen of it. */
static void turn(const struct judge_context *ctx, const struct objective_sentence *s,
                 struct objective_state *state, int64_t step_at) {
    if (state->firing)
        end(ctx, s, state, TRANSITION_EXPIRED, step_at, step_at, objective_put_over);
    objective_state_init(state);
    state->thin = true;
}

void judge_objective_step(const struct judge_context *ctx, const struct objective *objective,
                          const struct scope *scope, struct objective_state *state,
                          const struct figure *figure, int64_t step_at) {
    struct objective_sentence s = {objective, scope, figure};
    if (state->firing)
        step_firing(ctx, &s, state, step_at);
    else
        step_watching(ctx, &s, state, step_at);
    state->thin = is_thin(objective, figure);
    if (objective_window_is_over(ctx->contract, objective->window, step_at))
        turn(ctx, &s, state, step_at);
}

bool objective_state_equal(const struct objective_state *a, const struct objective_state *b) {
    return a->opened_at == b->opened_at && a->condition_at == b->condition_at &&
           a->below_at == b->below_at && a->clear_at == b->clear_at && a->firing == b->firing &&
           a->thin == b->thin;
}

int64_t judge_objective_due(const struct contract *contract, const struct objective *objective,
                            const struct objective_state *state, int64_t step_at) {
    bool period = objective_window_is_period(objective->window);
    if (period || (!state->firing && state->condition_at != INSTANT_NONE))
        return step_at; /* it may end at any step, and what is held back may fire at any */
    if (!state->firing)
        return state->opened_at == INSTANT_NONE ? INSTANT_MAX
                                                : state->opened_at + objective->hold_ms;
    if (state->below_at != INSTANT_NONE)
        return state->below_at + window_spec((enum window_id)objective->window)->length_ms;
    return state->clear_at == INSTANT_NONE ? INSTANT_MAX
                                           : state->clear_at + contract->clear_hold_ms;
}

void judge_objective_revise(const struct judge_context *ctx, const struct objective *objective,
                            const struct scope *scope, struct objective_state *state,
                            const struct figure *figure, int64_t step_at, int64_t judged_at) {
    if (!state->firing || step_at < state->opened_at || step_at > state->condition_at)
        return;
    if (!is_thin(objective, figure) && misses(objective, figure))
        return;
    struct objective_sentence s = {objective, scope, figure};
    end(ctx, &s, state, TRANSITION_VOIDED, step_at, judged_at, put_voided);
}

void judge_objective_drop(const struct judge_context *ctx, const struct objective *objective,
                          const struct scope *scope, struct objective_state *state, int64_t at) {
    struct episode_name name = name_of(objective, scope);
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    objective_state_init(state);
}
