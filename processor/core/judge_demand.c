#include "core/judge_demand.h"

#include <math.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/negbin.h"
#include "core/summary.h"

#define LEARN_DELAY_MS HOUR_MS /* late events still count in the slot that is learned */
#define CALM_P 0.1             /* an alert ends when the shortest window is this ordinary */
#define ADAPT_MS DAY_MS        /* what lasts longer than this is the new normal: learned */
#define LEARN_COMPLETENESS 0.99
#define ALPHA_MOST 0.05
#define CHANCES_PER_WINDOW 4.0

/* One window at one check. */
struct finding {
    int64_t window_ms;
    int64_t count;
    struct expectation expected;
    bool from_contract; /* expected: not from history */
    double p;           /* of so many or more */
    bool unusual;
};

void demand_state_init(struct demand_state *s, int64_t first_at) {
    *s = (struct demand_state){
        .opened_at = INSTANT_NONE, .calm_at = INSTANT_NONE, .alerted_until = INSTANT_NONE};
    baseline_init(&s->baseline, first_at);
}

void demand_state_deinit(struct demand_state *s) {
    baseline_deinit(&s->baseline);
}

void demand_state_save(const struct demand_state *s, struct buf *b) {
    buf_put_u8(b, s->firing);
    buf_put_zigzag(b, s->opened_at);
    buf_put_zigzag(b, s->calm_at);
    buf_put_zigzag(b, s->alerted_until);
    baseline_save(&s->baseline, b);
}

bool demand_state_load(struct demand_state *s, struct cursor *c) {
    s->firing = cursor_u8(c) != 0;
    s->opened_at = cursor_zigzag(c);
    s->calm_at = cursor_zigzag(c);
    s->alerted_until = cursor_zigzag(c);
    baseline_load(&s->baseline, c);
    return !c->failed;
}

/* Checks each 10 s look at nearly the same events as the one before: a window of length w has
 * only about CHANCES_PER_WINDOW independent chances of a false alarm in each time w (measured:
 * docs/decisions/2026-11-22-demand-spikes.md). */
double judge_demand_alpha(const struct demand_rule *rule, size_t scopes) {
    double chances = 0;
    for (size_t i = 0; i < rule->window_count; i++)
        chances += CHANCES_PER_WINDOW * (double)DAY_MS / (double)rule->windows_ms[i];
    double alpha = rule->false_alarms_per_day / (chances * (double)(scopes > 0 ? scopes : 1));
    return fmin(alpha, ALPHA_MOST);
}

static struct episode_name name_of(const struct demand_rule *rule, const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_DEMAND_SPIKE, .rule = rule->name, .scope = scope};
}

static void learn(const struct judge_context *ctx, struct demand_state *s,
                  const struct demand_source *source, int64_t step_at) {
    int64_t at;
    while (baseline_due(&s->baseline, step_at - LEARN_DELAY_MS, &at)) {
        bool out_of_reach = at < step_at - DEMAND_LOOK_BACK_MS;
        if (out_of_reach || at < s->alerted_until || ctx->completeness < LEARN_COMPLETENESS) {
            baseline_skip(&s->baseline, at);
            continue;
        }
        int64_t count = source->count(source->context, at, at + BASELINE_SLOT_MS);
        baseline_learn(&s->baseline, &ctx->contract->zone, at, count);
    }
}

/* False: nothing is known about this window, neither from history nor from the contract. */
static bool expect(const struct judge_context *ctx, const struct demand_rule *rule,
                   const struct demand_state *s, int64_t step_at, struct finding *f) {
    f->from_contract = false;
    if (baseline_expect(&s->baseline, &ctx->contract->zone, step_at - f->window_ms, step_at,
                        &f->expected))
        return true;
    if (rule->expected_per_ms <= 0 || rule->expected_volume <= 0)
        return false;
    f->from_contract = true;
    f->expected = baseline_flat(rule->expected_volume, rule->expected_per_ms, f->window_ms);
    return true;
}

static void look(const struct judge_context *ctx, const struct demand_rule *rule,
                 const struct demand_state *s, const struct demand_source *source, double alpha,
                 int64_t step_at, struct finding *f) {
    f->p = 1;
    f->unusual = false;
    if (!expect(ctx, rule, s, step_at, f))
        return;
    f->count = source->count(source->context, step_at - f->window_ms, step_at);
    if ((double)f->count <= f->expected.mean)
        return; /* too many it is not: no need to know how few */
    f->p = negbin_upper(f->expected.mean, f->expected.size, f->count);
    f->unusual = f->p < alpha && (double)f->count - f->expected.mean >= (double)rule->min_excess;
}

/* "61 contacts came to queue billing in 15 min where 22 are usual; ..." */
static void put_counts(struct buf *b, const struct scope *scope, const struct finding *f) {
    summary_count(b, f->count);
    summary_text(b, " contacts came to ");
    summary_scope(b, scope);
    summary_text(b, " in ");
    summary_duration(b, f->window_ms);
    summary_text(b, " where ");
    summary_number(b, f->expected.mean);
    summary_text(b, f->from_contract ? " are expected by the contract" : " are usual");
}

static void put_spike(struct buf *b, const struct demand_rule *rule, const struct scope *scope,
                      const struct finding *f, size_t scopes) {
    put_counts(b, scope, f);
    summary_text(b, "; by chance that is seen in one check of ");
    summary_number(b, f->p > 1e-12 ? floor(1 / f->p) : 1e12);
    summary_text(b, ". About ");
    summary_number(b, rule->false_alarms_per_day);
    summary_text(b, rule->false_alarms_per_day == 1
                        ? " false alarm a day is to be expected over "
                        : " false alarms a day are to be expected over ");
    summary_count(b, (int64_t)scopes);
    summary_text(b, scopes == 1 ? " scope." : " scopes.");
}

static void fill(const struct finding *f, int64_t step_at, struct alert *a) {
    a->observed = (double)f->count;
    a->baseline = f->expected.mean;
    a->p_value = f->p;
    a->window_start_at = step_at - f->window_ms;
    a->window_end_at = step_at;
}

static bool fire(const struct judge_context *ctx, const struct demand_rule *rule,
                 const struct scope *scope, const struct demand_state *s, const struct finding *f,
                 size_t scopes, int64_t step_at) {
    struct episode_name name = name_of(rule, scope);
    struct alert a;
    judge_alert_init(ctx, name.kind, scope, &a);
    fill(f, step_at, &a);
    double alpha = judge_demand_alpha(rule, scopes);
    double high = (double)negbin_high(f->expected.mean, f->expected.size, alpha);
    a.threshold = fmax(high, ceil(f->expected.mean + (double)rule->min_excess));
    a.unit = UNIT_COUNT;
    a.severity = rule->severity;
    a.formula = SLICE("negative_binomial_upper");
    a.opened_at = a.condition_at = s->opened_at;
    a.contact_role = rule->contact_role;
    a.runbook = rule->runbook;
    struct buf summary;
    buf_init(&summary);
    put_spike(&summary, rule, scope, f, scopes);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, &name, &a);
    buf_deinit(&summary);
    return fired;
}

static void resolve(const struct judge_context *ctx, const struct demand_rule *rule,
                    const struct scope *scope, struct demand_state *s, const struct finding *f,
                    int64_t step_at) {
    struct episode_name name = name_of(rule, scope);
    struct alert a;
    if (episode_find(ctx, &name, &a)) {
        struct buf summary;
        buf_init(&summary);
        summary_text(&summary, "Demand is back to normal: ");
        put_counts(&summary, scope, f);
        summary_text(&summary, ".");
        fill(f, step_at, &a);
        a.summary = buf_slice(&summary);
        episode_end(ctx, &name, TRANSITION_RESOLVED, step_at, &a);
        buf_deinit(&summary);
    }
    s->firing = false;
    s->opened_at = s->calm_at = INSTANT_NONE;
}

static void step_firing(const struct judge_context *ctx, const struct demand_rule *rule,
                        const struct scope *scope, struct demand_state *s,
                        const struct finding *shortest, bool unusual, int64_t step_at) {
    if (step_at - s->opened_at < ADAPT_MS)
        s->alerted_until = step_at;
    if (unusual || shortest->p <= CALM_P) {
        s->calm_at = INSTANT_NONE;
        return;
    }
    if (s->calm_at == INSTANT_NONE)
        s->calm_at = step_at;
    /* One whole window of calm: none of the demand that was alerted is in it. */
    int64_t hold_ms = ctx->contract->clear_hold_ms;
    if (hold_ms < shortest->window_ms)
        hold_ms = shortest->window_ms;
    if (step_at - s->calm_at >= hold_ms)
        resolve(ctx, rule, scope, s, shortest, step_at);
}

static void step_watching(const struct judge_context *ctx, const struct demand_rule *rule,
                          const struct scope *scope, struct demand_state *s,
                          const struct finding *worst, size_t scopes, int64_t step_at) {
    if (!worst) {
        s->opened_at = INSTANT_NONE;
        return;
    }
    if (s->opened_at == INSTANT_NONE)
        s->opened_at = step_at;
    s->alerted_until = step_at;
    struct episode_name name = name_of(rule, scope);
    if (episode_may_fire(ctx, &name, step_at))
        s->firing = fire(ctx, rule, scope, s, worst, scopes, step_at);
}

void judge_demand_step(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state,
                       const struct demand_source *source, size_t scopes, int64_t step_at) {
    CHECK(step_at % DEMAND_STEP_MS == 0);
    CHECK(rule->window_count > 0 && rule->window_count <= DEMAND_WINDOWS_MAX);
    learn(ctx, state, source, step_at);
    double alpha = judge_demand_alpha(rule, scopes);
    struct finding findings[DEMAND_WINDOWS_MAX] = {0};
    const struct finding *worst = NULL;
    const struct finding *shortest = &findings[0];
    for (size_t i = 0; i < rule->window_count; i++) {
        struct finding *f = &findings[i];
        f->window_ms = rule->windows_ms[i];
        look(ctx, rule, state, source, alpha, step_at, f);
        if (f->unusual && (!worst || f->p < worst->p))
            worst = f;
        if (f->window_ms < shortest->window_ms)
            shortest = f;
    }
    if (state->firing)
        step_firing(ctx, rule, scope, state, shortest, worst != NULL, step_at);
    else
        step_watching(ctx, rule, scope, state, worst, scopes, step_at);
}

void judge_demand_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state, int64_t at) {
    struct episode_name name = name_of(rule, scope);
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    state->firing = false;
    state->opened_at = state->calm_at = INSTANT_NONE;
}
