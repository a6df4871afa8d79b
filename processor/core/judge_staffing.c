#include "core/judge_staffing.h"

#include <math.h>

#include "core/episode.h"
#include "core/summary.h"

#define ARRIVALS_LEAST 20
#define LOW_DEVIATIONS 1.645 /* the rate is above the low one in 95 of 100 cases */
#define ROUNDING 0.5         /* of an agent: plans are in FTE */
#define OFFERED_MOST 50000.0

/* What judge_staffing_needed asks each number of agents. */
struct goal {
    const struct objective *objective;
    double within_ms, short_ms;
};

/* What an alert says. */
struct gap {
    const struct staffing_now *now;
    const struct objective *objective;
    double offered;
    int64_t needed, low, high; /* for the rate, and its bounds */
    double on_duty;
};

void staffing_state_init(struct staffing_state *s) {
    *s = (struct staffing_state){.opened_at = INSTANT_NONE, .calm_at = INSTANT_NONE};
}

bool judge_staffing_is_for(const struct objective *o) {
    return (o->metric == METRIC_SERVICE_LEVEL && o->at_least) ||
           (o->metric == METRIC_ASA_MS && !o->at_least) ||
           (o->metric == METRIC_ABANDON_RATE && !o->at_least);
}

/* Share of arrivals that give up before this. */
static double gone_by(const struct erlang_queue *q, int64_t agents, double at_ms) {
    struct erlang_state s = erlang_state(q, agents, at_ms);
    return fmax(1 - s.within - s.still_waiting, 0);
}

static double divided(double over, double under) {
    return under > 0 ? over / under : 0;
}

/* CONTRACT *Service level*, in the stationary state. */
static double level(const struct erlang_queue *q, int64_t agents, const struct goal *g) {
    struct erlang_state s = erlang_state(q, agents, g->within_ms);
    double short_ms = fmin(g->short_ms, g->within_ms);
    switch (g->objective->variant) {
    case VARIANT_ABANDON_IGNORED: return divided(s.within, s.within + s.still_waiting);
    case VARIANT_ABANDON_POSITIVE:
    case VARIANT_REMOVED_WITHIN: return 1 - s.still_waiting;
    case VARIANT_SHORT_EXCLUDED: return divided(s.within, 1 - gone_by(q, agents, short_ms));
    case VARIANT_ANSWERED_ONLY: return divided(s.within, 1 - s.abandons);
    case VARIANT_ANSWERED_OF_OFFERED:
    case VARIANT_COUNT: break;
    }
    return s.within;
}

static double value_of(const struct erlang_queue *q, int64_t agents, const struct goal *g) {
    if (g->objective->metric == METRIC_SERVICE_LEVEL)
        return level(q, agents, g);
    if (g->objective->metric == METRIC_ASA_MS)
        return erlang_state(q, agents, 0).asa_ms;
    double short_share = gone_by(q, agents, g->short_ms);
    return divided(erlang_state(q, agents, 0).abandons - short_share, 1 - short_share);
}

static bool keeps(const struct erlang_queue *q, int64_t agents, const void *context) {
    const struct goal *g = context;
    double value = value_of(q, agents, g), target = g->objective->target;
    return g->objective->at_least ? value >= target : value <= target;
}

static struct goal goal_of(const struct judge_context *ctx, const struct objective *o,
                           const struct staffing_now *now) {
    return (struct goal){o, (double)now->within_ms, (double)ctx->contract->short_abandon_ms};
}

int64_t judge_staffing_needed(const struct judge_context *ctx, const struct objective *o,
                              const struct staffing_now *now, double offered) {
    struct goal goal = goal_of(ctx, o, now);
    struct erlang_queue q = {fmin(offered, OFFERED_MOST), now->handle_ms, now->patience_ms};
    return erlang_agents(&q, keeps, &goal);
}

/* False: nothing can be said. */
static bool reckon(const struct judge_context *ctx, const struct objective *o,
                   const struct staffing_now *now, struct gap *g) {
    if (now->planned < 0 || now->handle_ms <= 0 || now->to_at <= now->from_at)
        return false;
    double per_arrival = now->handle_ms / (double)(now->to_at - now->from_at);
    double arrivals = (double)(now->arrivals > 0 ? now->arrivals : 0);
    double doubt = LOW_DEVIATIONS * sqrt(arrivals);
    *g = (struct gap){.now = now, .objective = o, .offered = arrivals * per_arrival};
    g->needed = judge_staffing_needed(ctx, o, now, g->offered);
    g->low = judge_staffing_needed(ctx, o, now, fmax(arrivals - doubt, 0) * per_arrival);
    g->high = judge_staffing_needed(ctx, o, now, (arrivals + doubt) * per_arrival);
    g->on_duty = fmax(now->planned, now->busy);
    return g->low >= 0 && g->needed >= 0 && g->high >= 0;
}

/* "312 an hour of 4 min, 95 s of patience" */
static void put_load(struct buf *b, const struct staffing_now *now) {
    double hour = (double)HOUR_MS / (double)(now->to_at - now->from_at);
    summary_count(b, llround((double)now->arrivals * hour));
    summary_text(b, " an hour of ");
    summary_duration(b, llround(now->handle_ms / 1000) * 1000);
    if (isinf(now->patience_ms)) {
        summary_text(b, ", nobody gives up");
        return;
    }
    summary_text(b, ", ");
    summary_duration(b, llround(now->patience_ms / 1000) * 1000);
    summary_text(b, " of patience");
}

/* "; with 28 the service level would be 61 %, agreed are 80 %" */
static void put_outlook(struct buf *b, const struct judge_context *ctx, const struct gap *g) {
    const struct objective *o = g->objective;
    struct goal goal = goal_of(ctx, o, g->now);
    struct erlang_queue q = {fmin(g->offered, OFFERED_MOST), g->now->handle_ms,
                             g->now->patience_ms};
    double agents = fmin(floor(g->on_duty + ROUNDING), ERLANG_AGENTS_MOST);
    double value = value_of(&q, (int64_t)agents, &goal);
    if (!isfinite(value)) {
        summary_text(b, "; the queue would grow without end");
        return;
    }
    summary_text(b, "; with so many it would come to ");
    summary_beside(b, value, o->target, metric_unit(o->metric));
    summary_text(b, o->at_least ? ", at least " : ", at most ");
    summary_value(b, o->target, metric_unit(o->metric));
    summary_text(b, " are agreed");
}

static void put_gap(struct buf *b, const struct judge_context *ctx, const struct scope *scope,
                    const struct gap *g) {
    buf_put_format(b, "%lld agents are needed in ", (long long)g->needed);
    summary_scope(b, scope);
    summary_text(b, ", ");
    summary_number(b, g->on_duty);
    summary_text(b, g->on_duty > g->now->planned ? " are at work (" : " are planned (");
    put_load(b, g->now);
    summary_text(b, ")");
    put_outlook(b, ctx, g);
    summary_text(b, ".");
    if (g->now->shrinkage > 0) {
        buf_put_format(b, " That is %lld to be scheduled, where ",
                       (long long)erlang_scheduled(g->needed, g->now->shrinkage));
        summary_ratio(b, g->now->shrinkage);
        summary_text(b, " are away.");
    }
}

static void fill(const struct gap *g, struct alert *a) {
    a->observed = g->on_duty;
    a->threshold = (double)g->needed;
    a->baseline = g->now->planned;
    a->low = (double)g->low;
    a->high = (double)g->high;
    a->sample = g->now->arrivals;
    a->unit = UNIT_FTE;
    a->window_start_at = g->now->from_at;
    a->window_end_at = g->now->to_at;
}

static void fire(const struct judge_context *ctx, const struct episode_name *name,
                 struct staffing_state *s, const struct gap *g, int64_t step_at) {
    struct alert a;
    judge_alert_init(ctx, name->kind, name->scope, &a);
    fill(g, &a);
    a.severity = g->objective->severity;
    a.formula = isinf(g->now->patience_ms) ? SLICE("erlang_c") : SLICE("erlang_a");
    a.opened_at = s->opened_at;
    a.condition_at = step_at;
    a.contact_role = g->objective->contact_role;
    a.runbook = g->objective->runbook;
    a.outcome = g->objective->outcome;
    struct buf summary;
    buf_init(&summary);
    put_gap(&summary, ctx, name->scope, g);
    a.summary = buf_slice(&summary);
    s->told = episode_fire(ctx, name, &a);
    buf_deinit(&summary);
}

static void end(const struct judge_context *ctx, const struct episode_name *name,
                struct staffing_state *s, enum transition how, const struct gap *g, const char *why,
                int64_t step_at) {
    struct alert a;
    staffing_state_init(s);
    if (!episode_find(ctx, name, &a))
        return;
    struct buf summary;
    buf_init(&summary);
    if (g) {
        fill(g, &a);
        buf_put_format(&summary, "Enough agents again in ");
        summary_scope(&summary, name->scope);
        buf_put_format(&summary, ": %lld are needed, ", (long long)g->needed);
        summary_number(&summary, g->on_duty);
        summary_text(&summary, " are there.");
    } else {
        summary_text(&summary, why);
        summary_scope(&summary, name->scope);
        summary_text(&summary, ".");
    }
    a.summary = buf_slice(&summary);
    episode_end(ctx, name, how, step_at, &a);
    buf_deinit(&summary);
}

/* For long enough. */
static bool is_over(const struct judge_context *ctx, struct staffing_state *s, bool calm,
                    int64_t step_at) {
    if (!calm)
        s->calm_at = INSTANT_NONE;
    else if (s->calm_at == INSTANT_NONE)
        s->calm_at = step_at;
    int64_t hold_ms = ctx->contract->clear_hold_ms > STAFFING_CLEAR_MS
                          ? ctx->contract->clear_hold_ms
                          : STAFFING_CLEAR_MS;
    return calm && step_at - s->calm_at >= hold_ms;
}

/* A gap must show at the low rate, and be over at the rate itself: between them nothing changes. */
static void watch(const struct judge_context *ctx, const struct episode_name *name,
                  struct staffing_state *s, const struct gap *g, int64_t step_at) {
    bool enough_seen = g->now->arrivals >= ARRIVALS_LEAST;
    bool gap = enough_seen && (double)g->low > g->on_duty + ROUNDING;
    bool calm = (double)g->needed <= g->on_duty + ROUNDING;
    if (!s->told) {
        if (!gap)
            s->opened_at = INSTANT_NONE;
        else if (s->opened_at == INSTANT_NONE)
            s->opened_at = step_at;
        if (gap && step_at - s->opened_at >= STAFFING_HOLD_MS &&
            episode_may_fire(ctx, name, step_at))
            fire(ctx, name, s, g, step_at);
        return;
    }
    if (is_over(ctx, s, calm, step_at))
        end(ctx, name, s, TRANSITION_RESOLVED, g, NULL, step_at);
}

static struct episode_name name_of(const struct objective *o, const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_STAFFING_GAP, .rule = o->name, .scope = scope};
}

void judge_staffing_step(const struct judge_context *ctx, const struct objective *o,
                         const struct scope *scope, struct staffing_state *s,
                         const struct staffing_now *now, int64_t step_at) {
    struct episode_name name = name_of(o, scope);
    struct gap g;
    if (reckon(ctx, o, now, &g)) {
        watch(ctx, &name, s, &g, step_at);
        return;
    }
    if (!s->told)
        s->opened_at = INSTANT_NONE;
    else if (now->planned < 0)
        end(ctx, &name, s, TRANSITION_EXPIRED, NULL,
            "Nobody says any more how many agents are planned for ", step_at);
    else if (is_over(ctx, s, true, step_at)) /* nobody comes, nothing is known of those who do */
        end(ctx, &name, s, TRANSITION_EXPIRED, NULL,
            "It cannot be told any more how many agents are needed in ", step_at);
}

void judge_staffing_drop(const struct judge_context *ctx, const struct objective *o,
                         const struct scope *scope, struct staffing_state *s, int64_t at) {
    struct episode_name name = name_of(o, scope);
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    staffing_state_init(s);
}

void staffing_state_save(const struct staffing_state *s, struct buf *b) {
    buf_put_zigzag(b, s->opened_at);
    buf_put_zigzag(b, s->calm_at);
    buf_put_u8(b, s->told);
}

void staffing_state_load(struct staffing_state *s, struct cursor *c) {
    s->opened_at = cursor_zigzag(c);
    s->calm_at = cursor_zigzag(c);
    uint8_t told = cursor_u8(c);
    s->told = told;
    if (told > 1)
        cursor_fail(c);
}
