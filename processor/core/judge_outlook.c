#include "core/judge_outlook.h"

#include <math.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/objective_window.h"
#include "core/outlook.h"
#include "core/outlook_words.h"
#include "core/wilson.h"

#define ROUNDING 1e-9  /* what is equal but for that is equal: 0.8 * 0.75 is not 0.6 */
#define MARGIN_SHARE 4 /* of what the target leaves to be missed, where no margin is given */

static const struct outlook_track no_track = {INSTANT_NONE, INSTANT_NONE, INSTANT_NONE, false};

bool judge_outlook_applies(const struct objective *o) {
    return objective_window_is_period(o->window) && metric_is_share(o->metric);
}

void outlook_state_init(struct outlook_state *s) {
    *s = (struct outlook_state){no_track, no_track, {false, 0, 0}};
}

static void save_track(const struct outlook_track *t, struct buf *b) {
    buf_put_u8(b, t->firing);
    buf_put_zigzag(b, t->opened_at);
    buf_put_zigzag(b, t->condition_at);
    buf_put_zigzag(b, t->clear_at);
}

static struct outlook_track load_track(struct cursor *c) {
    uint8_t firing = cursor_u8(c);
    if (firing > 1)
        cursor_fail(c);
    struct outlook_track t = {.firing = firing, .opened_at = cursor_zigzag(c)};
    t.condition_at = cursor_zigzag(c);
    t.clear_at = cursor_zigzag(c);
    return t;
}

void outlook_state_save(const struct outlook_state *s, struct buf *b) {
    save_track(&s->at_risk, b);
    save_track(&s->unrecoverable, b);
    buf_put_u8(b, s->shown.known);
    buf_put_double(b, s->shown.needed);
    buf_put_double(b, s->shown.expected);
}

void outlook_state_load(struct outlook_state *s, struct cursor *c) {
    s->at_risk = load_track(c);
    s->unrecoverable = load_track(c);
    s->shown.known = cursor_u8(c) != 0;
    s->shown.needed = cursor_double(c);
    s->shown.expected = cursor_double(c);
}

/* Everything below is about good cases: of "at most 5 % lost" those that were not lost. */
static double share_of(const struct objective *o, double value) {
    return o->at_least ? value : 1 - value;
}

static int64_t good_of(const struct objective *o, const struct figure *f) {
    return o->at_least ? f->numerator : f->denominator - f->numerator;
}

static bool has_cases(const struct figure *f) {
    return f->denominator > 0 && f->numerator >= 0 && f->numerator <= f->denominator;
}

static double level_of(const struct objective *o, const struct figure *f) {
    return (double)good_of(o, f) / (double)f->denominator;
}

/* From enough cases its value says so; from few, or where the contract asks to be sure, Wilson's
 * bound. */
static bool is_below(const struct objective *o, const struct figure *f, double level) {
    if (!has_cases(f))
        return false;
    if (o->deviations <= 0 && f->denominator >= o->min_sample)
        return level_of(o, f) < level - ROUNDING;
    double deviations = o->deviations > 0 ? o->deviations : WILSON_DEVIATIONS;
    return wilson_bounds(good_of(o, f), f->denominator, deviations).high < level - ROUNDING;
}

static enum period period_of(const struct objective *o) {
    return objective_window_period(o->window);
}

static double margin_of(const struct objective *o) {
    return o->margin > 0 ? o->margin : (1 - share_of(o, o->target)) / MARGIN_SHARE;
}

static void look_ahead(const struct objective *o, const struct objective_source *source,
                       struct outlook_look *look) {
    double target = share_of(o, o->target);
    const struct figure *f = &look->so_far;
    look->known = has_cases(f) && f->denominator >= o->min_sample &&
                  source->expected(source->context, look->step_at, look->end_at, &look->expected);
    if (!look->known)
        return;
    look->needed = outlook_needed(target, look->expected, f->denominator, good_of(o, f));
    int64_t recent_at = look->step_at - look->recent_ms;
    source->figure(source->context, recent_at, look->step_at, &look->recent);
    look->lost = look->needed > 1 + ROUNDING;
    look->projected = !look->lost && is_below(o, &look->recent, look->needed - margin_of(o));
}

/* Only of windows that lie in the period. */
static void look_at_pace(const struct objective *o, const struct objective_source *source,
                         struct outlook_look *look) {
    const struct outlook_pace *paces;
    size_t count = outlook_paces(period_of(o), &paces);
    for (size_t i = 0; i < count && !look->pace; i++) {
        const struct outlook_pace *p = &paces[i];
        double level = outlook_pace_level(p, share_of(o, o->target));
        int64_t to_at = look->step_at;
        if (to_at - p->long_ms < look->start_at)
            continue;
        source->figure(source->context, to_at - p->long_ms, to_at, &look->over_long);
        if (!is_below(o, &look->over_long, level))
            continue;
        source->figure(source->context, to_at - p->short_ms, to_at, &look->over_short);
        if (has_cases(&look->over_short) && level_of(o, &look->over_short) < level - ROUNDING)
            look->pace = p;
    }
}

static void look_at(const struct judge_context *ctx, const struct objective *o,
                    const struct figure *so_far, const struct objective_source *source,
                    int64_t step_at, struct outlook_look *look) {
    const struct contract *c = ctx->contract;
    *look = (struct outlook_look){.so_far = *so_far, .step_at = step_at};
    look->start_at = objective_window_start(c, o->window, step_at);
    look->end_at = period_end(period_of(o), &c->zone, c->week_starts, step_at - 1);
    look->recent_ms = outlook_recent_ms(period_of(o));
    look_ahead(o, source, look);
    if (o->at_risk && has_cases(so_far))
        look_at_pace(o, source, look);
}

static bool holds(const struct objective *o, enum alert_kind kind,
                  const struct outlook_look *look) {
    if (kind == ALERT_OBJECTIVE_UNRECOVERABLE)
        return look->lost;
    return o->at_risk && !look->lost && (look->projected || look->pace);
}

/* Half the margin on the other side, so that what is on the brink does not flap. Where nothing came
 * of late nothing got better. */
static bool is_over(const struct objective *o, enum alert_kind kind,
                    const struct outlook_look *look) {
    double half = margin_of(o) / 2;
    if (kind == ALERT_OBJECTIVE_UNRECOVERABLE)
        return look->known && look->needed <= 1 - half + ROUNDING;
    if (look->lost || look->pace)
        return false;
    if (!look->known || look->needed <= 0)
        return true;
    return has_cases(&look->recent) && level_of(o, &look->recent) >= look->needed - half - ROUNDING;
}

static struct episode_name name_of(const struct objective *o, enum alert_kind kind,
                                   const struct scope *scope) {
    return (struct episode_name){.kind = kind, .rule = o->name, .scope = scope};
}

static void fill_figure(const struct objective *o, const struct figure *f, struct alert *a) {
    a->observed = has_cases(f) ? (double)f->numerator / (double)f->denominator : ALERT_DOUBLE_NONE;
    a->numerator = f->numerator;
    a->denominator = f->denominator;
    a->sample = f->sample;
    if (!has_cases(f))
        return;
    double deviations = o->deviations > 0 ? o->deviations : WILSON_DEVIATIONS;
    struct wilson bounds = wilson_bounds(f->numerator, f->denominator, deviations);
    a->low = bounds.low;
    a->high = bounds.high;
}

/* By when it cannot be kept any more, at the recent level. */
static int64_t lost_by(const struct objective *o, const struct objective_source *source,
                       const struct outlook_look *look) {
    double target = share_of(o, o->target), recent = level_of(o, &look->recent);
    int64_t n = look->so_far.denominator, good = good_of(o, &look->so_far);
    double spare = (double)good + look->expected - target * ((double)n + look->expected);
    int64_t at = source->reaches(source->context, look->step_at, look->end_at,
                                 spare / (1 - recent));
    return at < look->end_at ? at : ALERT_LONG_NONE;
}

static void fill_projection(const struct objective *o, const struct objective_source *source,
                            struct outlook_look *look, struct alert *a) {
    fill_figure(o, &look->so_far, a);
    a->window_start_at = look->start_at;
    a->threshold = o->target;
    a->baseline = isfinite(look->needed) ? share_of(o, look->needed) : ALERT_DOUBLE_NONE;
    look->lost_at = look->lost ? ALERT_LONG_NONE : lost_by(o, source, look);
    a->deadline_at = look->lost_at;
    if (look->lost_at != ALERT_LONG_NONE)
        a->remaining_ms = look->lost_at - look->step_at;
}

static void fill_pace(const struct objective *o, const struct outlook_look *look, struct alert *a) {
    fill_figure(o, &look->over_long, a);
    a->window_start_at = look->step_at - look->pace->long_ms;
    a->threshold = share_of(o, outlook_pace_level(look->pace, share_of(o, o->target)));
    a->baseline = o->target;
}

static void put_formula(const struct objective *o, const char *what, struct buf *b) {
    summary_text(b, o->metric == METRIC_SERVICE_LEVEL ? level_variant_name(o->variant)
                                                      : metric_name(o->metric));
    summary_text(b, what);
}

/* It is a warning before the worst, unless the contract takes it more lightly. */
static enum severity severity_of(const struct objective *o, enum alert_kind kind) {
    bool less = kind == ALERT_OBJECTIVE_AT_RISK && o->severity > SEVERITY_WARNING;
    return less ? SEVERITY_WARNING : o->severity;
}

struct sayer {
    const struct judge_context *ctx;
    const struct objective *objective;
    const struct scope *scope;
    const struct objective_source *source;
};

static bool fire(const struct sayer *s, const struct episode_name *name,
                 const struct outlook_track *t, struct outlook_look *look) {
    const struct objective *o = s->objective;
    bool burns = name->kind == ALERT_OBJECTIVE_AT_RISK && !look->projected;
    struct alert a;
    struct buf summary, formula;
    buf_init(&summary);
    buf_init(&formula);
    judge_alert_init(s->ctx, name->kind, s->scope, &a);
    if (burns)
        fill_pace(o, look, &a);
    else
        fill_projection(o, s->source, look, &a);
    put_formula(o, burns ? ".burn" : ".needed", &formula);
    outlook_put_fired(&summary, s->ctx->contract, o, s->scope, look, name->kind);
    a.window_end_at = look->step_at;
    judge_show(s->ctx, look->projected ? look->step_at - look->recent_ms : a.window_start_at,
               look->step_at, &a);
    a.severity = severity_of(o, name->kind);
    a.formula = buf_slice(&formula);
    a.opened_at = t->opened_at;
    a.condition_at = t->condition_at;
    a.unit = metric_unit(o->metric);
    a.contact_role = o->contact_role;
    a.runbook = o->runbook;
    a.outcome = o->outcome;
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(s->ctx, name, &a);
    buf_deinit(&summary);
    buf_deinit(&formula);
    return fired;
}

static void end(const struct sayer *s, const struct episode_name *name, struct outlook_track *t,
                const struct outlook_look *look, enum outlook_end why, int64_t ended_at) {
    static const enum transition transitions[] = {
        [OUTLOOK_BETTER] = TRANSITION_RESOLVED,
        [OUTLOOK_MISSED] = TRANSITION_RESOLVED,
        [OUTLOOK_OVER] = TRANSITION_EXPIRED,
        [OUTLOOK_GROUNDLESS] = TRANSITION_VOIDED,
    };
    struct alert a;
    if (episode_find(s->ctx, name, &a)) {
        struct buf summary;
        buf_init(&summary);
        outlook_put_ended(&summary, s->objective, s->scope, look, name->kind, why);
        fill_figure(s->objective, &look->so_far, &a);
        a.window_start_at = look->start_at;
        a.window_end_at = look->step_at;
        a.threshold = s->objective->target;
        a.baseline = look->known && isfinite(look->needed) ? share_of(s->objective, look->needed)
                                                           : ALERT_DOUBLE_NONE;
        a.completeness = s->ctx->completeness;
        a.summary = buf_slice(&summary);
        episode_end(s->ctx, name, transitions[why], ended_at, &a);
        buf_deinit(&summary);
    }
    *t = no_track;
}

static void step_firing(const struct sayer *s, const struct episode_name *name,
                        struct outlook_track *t, const struct outlook_look *look) {
    if (!is_over(s->objective, name->kind, look)) {
        t->clear_at = INSTANT_NONE;
        return;
    }
    if (t->clear_at == INSTANT_NONE)
        t->clear_at = look->step_at;
    if (look->step_at - t->clear_at >= s->ctx->contract->clear_hold_ms)
        end(s, name, t, look, OUTLOOK_BETTER, look->step_at);
}

static void step_watching(const struct sayer *s, const struct episode_name *name,
                          struct outlook_track *t, struct outlook_look *look) {
    if (!holds(s->objective, name->kind, look)) {
        *t = no_track;
        return;
    }
    if (t->opened_at == INSTANT_NONE)
        t->opened_at = look->step_at;
    if (look->step_at - t->opened_at < s->objective->hold_ms)
        return;
    if (t->condition_at == INSTANT_NONE)
        t->condition_at = look->step_at;
    if (episode_may_fire(s->ctx, name, look->step_at))
        t->firing = fire(s, name, t, look);
}

static void step_track(const struct sayer *s, enum alert_kind kind, struct outlook_track *t,
                       struct outlook_look *look, bool missed) {
    struct episode_name name = name_of(s->objective, kind, s->scope);
    bool beside = kind == ALERT_OBJECTIVE_AT_RISK && (missed || look->lost);
    if (beside && t->firing)
        end(s, &name, t, look, OUTLOOK_MISSED, look->step_at);
    if (beside)
        *t = no_track;
    else if (t->firing)
        step_firing(s, &name, t, look);
    else
        step_watching(s, &name, t, look);
}

static void turn(const struct sayer *s, enum alert_kind kind, struct outlook_track *t,
                 const struct outlook_look *look) {
    struct episode_name name = name_of(s->objective, kind, s->scope);
    if (t->firing)
        end(s, &name, t, look, OUTLOOK_OVER, look->step_at);
    *t = no_track;
}

void judge_outlook_step(const struct judge_context *ctx, const struct objective *o,
                        const struct scope *scope, struct outlook_state *state,
                        const struct figure *so_far, const struct objective_source *source,
                        bool missed, int64_t step_at) {
    const struct sayer s = {ctx, o, scope, source};
    struct outlook_look look;
    if (objective_window_is_over(ctx->contract, o->window, step_at)) {
        look = (struct outlook_look){.so_far = *so_far, .step_at = step_at};
        look.start_at = objective_window_start(ctx->contract, o->window, step_at);
        turn(&s, ALERT_OBJECTIVE_UNRECOVERABLE, &state->unrecoverable, &look);
        turn(&s, ALERT_OBJECTIVE_AT_RISK, &state->at_risk, &look);
        outlook_state_init(state);
        return;
    }
    if (!has_cases(so_far) && !state->at_risk.firing && !state->unrecoverable.firing) {
        outlook_state_init(state);
        return;
    }
    look_at(ctx, o, so_far, source, step_at, &look);
    step_track(&s, ALERT_OBJECTIVE_UNRECOVERABLE, &state->unrecoverable, &look, missed);
    step_track(&s, ALERT_OBJECTIVE_AT_RISK, &state->at_risk, &look, missed);
    state->shown.known = look.known;
    state->shown.needed = look.known ? share_of(o, look.needed) : 0;
    state->shown.expected = look.known ? look.expected : 0;
}

bool judge_outlook_rests_on(const struct outlook_state *state, int64_t *from_at, int64_t *to_at) {
    const struct outlook_track *tracks[] = {&state->at_risk, &state->unrecoverable};
    *from_at = INSTANT_MAX;
    *to_at = INSTANT_NONE;
    for (size_t i = 0; i < 2; i++) {
        const struct outlook_track *t = tracks[i];
        if (t->firing && t->opened_at < *from_at)
            *from_at = t->opened_at;
        if (t->firing && t->condition_at > *to_at)
            *to_at = t->condition_at;
    }
    return *to_at != INSTANT_NONE;
}

void judge_outlook_revise(const struct judge_context *ctx, const struct objective *o,
                          const struct scope *scope, struct outlook_state *state,
                          const struct figure *so_far, const struct objective_source *source,
                          int64_t step_at, int64_t judged_at) {
    const struct sayer s = {ctx, o, scope, source};
    struct {
        enum alert_kind kind;
        struct outlook_track *track;
    } tracks[] = {{ALERT_OBJECTIVE_UNRECOVERABLE, &state->unrecoverable},
                  {ALERT_OBJECTIVE_AT_RISK, &state->at_risk}};
    struct outlook_look look;
    look_at(ctx, o, so_far, source, step_at, &look);
    for (size_t i = 0; i < 2; i++) {
        struct outlook_track *t = tracks[i].track;
        if (!t->firing || step_at < t->opened_at || step_at > t->condition_at ||
            holds(o, tracks[i].kind, &look))
            continue;
        struct episode_name name = name_of(o, tracks[i].kind, scope);
        end(&s, &name, t, &look, OUTLOOK_GROUNDLESS, judged_at);
    }
}

void judge_outlook_drop(const struct judge_context *ctx, const struct objective *o,
                        const struct scope *scope, struct outlook_state *state, int64_t at) {
    struct episode_name name = name_of(o, ALERT_OBJECTIVE_AT_RISK, scope);
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    name.kind = ALERT_OBJECTIVE_UNRECOVERABLE;
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    outlook_state_init(state);
}
