#include "core/judge_demand.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "core/demand_episode.h"
#include "core/episode.h"
#include "core/negbin.h"

#define LEARN_DELAY_MS HOUR_MS /* late events still count in the slot that is learned */
/* A feed that was silent is given twice as long to make good what it owes, and no more than this:
 * until then what lacks is not missing. */
#define SHADOW_LEAST_MS MINUTE_MS
#define SHADOW_MOST_MS HOUR_MS
#define CALM_P 0.1      /* an alert ends when the shortest window is this ordinary ... */
#define CALM_ALL_P 0.01 /* ... and each other one this */
#define ADAPT_MS DAY_MS /* what lasts longer than this is the new normal: learned */
#define LEARN_COMPLETENESS 0.99
#define LACKING_P 1e-3
/* So many rises of one size in so long a time are what this scope is like, not news. */
#define SEEN_MS (7 * DAY_MS)
#define SEEN_TIMES 3

/* What all functions here work on. */
struct checking {
    const struct judge_context *ctx;
    const struct demand_rule *rule;
    const struct scope *scope;
    struct demand_state *state;
    struct demand_look look;
    struct finding findings[DEMAND_CHECKS_MAX]; /* [DEMAND_RAMP]: the ramp */
    size_t shortest;
};

static void watch_init(struct demand_watch *w) {
    *w = (struct demand_watch){
        .opened_at = INSTANT_NONE, .news_at = INSTANT_NONE, .calm_at = INSTANT_NONE};
}

void demand_state_init(struct demand_state *s, int64_t first_at) {
    *s = (struct demand_state){.counted_from = first_at,
                               .alerted_until = INSTANT_NONE,
                               .unheard_from = INSTANT_NONE,
                               .unheard_until = INSTANT_NONE,
                               .shadow_until = INSTANT_NONE};
    watch_init(&s->up);
    watch_init(&s->down);
    demand_ramp_init(&s->ramp);
    demand_day_init(&s->day);
    for (size_t i = 0; i < DEMAND_PAST_MAX; i++)
        s->past[i].at = INSTANT_NONE;
    baseline_init(&s->baseline, first_at);
}

void demand_state_deinit(struct demand_state *s) {
    baseline_deinit(&s->baseline);
}

/* Silence at the time is made good by what comes within LEARN_DELAY_MS. What still lacks then was
 * not sent, and says nothing about what happened. Beside the busiest day so far any other one
 * lacks: only weeks can tell. */
static bool lacks(const struct checking *k, int64_t at, int64_t count) {
    struct expectation e;
    if (at >= k->state->unheard_until)
        return false;
    if (!baseline_expect(&k->state->baseline, &k->look.contract->zone, at, at + BASELINE_SLOT_MS,
                         &e) ||
        e.kind != BASELINE_WEEKS)
        return false;
    return negbin_lower(e.mean, e.size, count) < LACKING_P;
}

static void learn(const struct checking *k) {
    struct demand_state *s = k->state;
    const struct demand_source *source = k->look.source;
    int64_t at;
    while (baseline_due(&s->baseline, k->look.step_at - LEARN_DELAY_MS, &at)) {
        if (at < k->look.step_at - DEMAND_LOOK_BACK_MS ||
            k->ctx->completeness < LEARN_COMPLETENESS ||
            contract_is_holiday(k->ctx->contract, at)) {
            baseline_skip(&s->baseline, at);
            continue;
        }
        int64_t parts[DISPERSION_PARTS];
        int64_t sum = 0;
        for (int64_t i = 0; i < DISPERSION_PARTS; i++) {
            int64_t from_at = at + i * BASELINE_SLOT_MS / DISPERSION_PARTS;
            int64_t to_at = at + (i + 1) * BASELINE_SLOT_MS / DISPERSION_PARTS;
            parts[i] = source->count(source->context, from_at, to_at);
            sum += parts[i];
        }
        const struct zone *zone = &k->look.contract->zone;
        if (lacks(k, at, sum) && baseline_skip_lacking(&s->baseline, zone, at))
            continue;
        baseline_learn(&s->baseline, zone, at, parts, at >= s->alerted_until);
    }
}

static double excess_of(const struct finding *f) {
    return (double)f->count - f->expected.mean;
}

/* A burst that comes every other day is no news, however improbable each of them is. */
static bool seen_before(const struct demand_state *s, size_t check, const struct finding *f,
                        int64_t step_at) {
    size_t times = 0;
    for (size_t i = 0; i < DEMAND_PAST_MAX; i++) {
        const struct demand_past *past = &s->past[i];
        times += past->at != INSTANT_NONE && past->at >= step_at - SEEN_MS &&
                 (double)past->excess[check] >= excess_of(f);
    }
    return times >= SEEN_TIMES;
}

static void look(struct checking *k) {
    struct demand_state *s = k->state;
    k->look.exact = s->up.opened_at != INSTANT_NONE || s->down.opened_at != INSTANT_NONE;
    for (size_t i = 0; i < k->rule->window_count; i++) {
        demand_check_window(&k->look, &s->baseline, i, &k->findings[i]);
        if (k->rule->windows_ms[i] < k->rule->windows_ms[k->shortest])
            k->shortest = i;
    }
    demand_check_ramp(&k->look, &s->baseline, &s->ramp, &k->findings[DEMAND_RAMP]);
    demand_check_day(&k->look, &s->baseline, &s->day, &k->findings[DEMAND_DAY]);
}

/* Most improbable of those that are unusual and new; DEMAND_CHECKS_MAX: none. */
static size_t worst_of(const struct checking *k, bool up, bool news, int64_t step_at) {
    size_t worst = DEMAND_CHECKS_MAX;
    for (size_t i = 0; i < DEMAND_CHECKS_MAX; i++) {
        const struct finding *f = &k->findings[i];
        if (!(up ? f->spike : f->drop))
            continue;
        if (news && up && seen_before(k->state, i, f, step_at))
            continue;
        if (worst == DEMAND_CHECKS_MAX || f->p < k->findings[worst].p)
            worst = i;
    }
    return worst;
}

static bool calm(const struct checking *k, bool up) {
    if (up && k->findings[DEMAND_DAY].p <= CALM_ALL_P)
        return false;
    for (size_t i = 0; i < k->rule->window_count; i++) {
        const struct finding *f = &k->findings[i];
        bool ours = up ? excess_of(f) > 0 : excess_of(f) < 0;
        if (f->known && ours && f->p <= (i == k->shortest ? CALM_P : CALM_ALL_P))
            return false;
    }
    return true;
}

static void remember_rise(struct demand_state *s, int64_t at) {
    struct demand_past *past = &s->past[s->past_at];
    past->at = at;
    memcpy(past->excess, s->excess, sizeof(past->excess));
    memset(s->excess, 0, sizeof(s->excess));
    s->past_at = (uint8_t)((s->past_at + 1) % DEMAND_PAST_MAX);
    demand_ramp_init(&s->ramp);
}

static void end(const struct checking *k, struct demand_watch *w, bool up) {
    int64_t step_at = k->look.step_at;
    if (w->told)
        demand_episode_resolve(k->ctx, k->rule, k->scope,
                               up ? ALERT_DEMAND_SPIKE : ALERT_DEMAND_DROP,
                               &k->findings[k->shortest], step_at);
    if (up)
        remember_rise(k->state, w->opened_at);
    watch_init(w);
}

static void note_excess(const struct checking *k) {
    struct demand_state *s = k->state;
    for (size_t i = 0; i < DEMAND_CHECKS_MAX; i++)
        if (k->findings[i].known)
            s->excess[i] = fmaxf(s->excess[i], (float)excess_of(&k->findings[i]));
}

static void tell(const struct checking *k, struct demand_watch *w, bool up, size_t worst) {
    enum alert_kind kind = up ? ALERT_DEMAND_SPIKE : ALERT_DEMAND_DROP;
    struct episode_name name = {.kind = kind, .rule = k->rule->name, .scope = k->scope};
    if (w->news_at == INSTANT_NONE)
        w->news_at = k->look.step_at;
    if (!episode_may_fire(k->ctx, &name, k->look.step_at))
        return;
    struct demand_since since = {w->opened_at, w->news_at};
    w->told = demand_episode_fire(k->ctx, &k->look, k->scope, kind, since, worst,
                                  &k->findings[worst]);
}

/* A day that is busy as a whole is one of those that days vary by: it is learned. */
static bool stands_out(const struct checking *k, bool up) {
    if (k->findings[DEMAND_DAY].spike && up)
        return worst_of(k, up, false, k->look.step_at) != DEMAND_DAY;
    return true;
}

/* What is there while a condition holds is not learned as usual. */
static void watch(const struct checking *k, struct demand_watch *w, bool up) {
    int64_t step_at = k->look.step_at;
    size_t any = worst_of(k, up, false, step_at);
    if (w->opened_at == INSTANT_NONE && any == DEMAND_CHECKS_MAX)
        return;
    if (w->opened_at == INSTANT_NONE)
        w->opened_at = step_at;
    if (step_at - w->opened_at < ADAPT_MS && stands_out(k, up))
        k->state->alerted_until = step_at;
    if (up)
        note_excess(k);
    size_t news = any == DEMAND_CHECKS_MAX || w->told ? DEMAND_CHECKS_MAX
                                                      : worst_of(k, up, true, step_at);
    if (news != DEMAND_CHECKS_MAX)
        tell(k, w, up, news);
    if (any != DEMAND_CHECKS_MAX || (k->look.exact && !calm(k, up))) {
        w->calm_at = INSTANT_NONE;
        return;
    }
    if (w->calm_at == INSTANT_NONE)
        w->calm_at = step_at;
    /* One whole window of calm: none of the demand that was alerted is in it. */
    int64_t hold_ms = k->ctx->contract->clear_hold_ms;
    if (hold_ms < k->rule->windows_ms[k->shortest])
        hold_ms = k->rule->windows_ms[k->shortest];
    if (step_at - w->calm_at >= hold_ms)
        end(k, w, up);
}

/* A short silence does not end the shadow of a longer one before it: while a site catches up it is
 * heard now and then. */
static void note_silence(struct demand_state *s, bool heard, int64_t step_at) {
    if (heard)
        return;
    if (s->unheard_until != step_at - DEMAND_STEP_MS)
        s->unheard_from = step_at;
    s->unheard_until = step_at;
    int64_t shadow_ms = 2 * (s->unheard_until - s->unheard_from);
    if (shadow_ms < SHADOW_LEAST_MS)
        shadow_ms = SHADOW_LEAST_MS;
    if (shadow_ms > SHADOW_MOST_MS)
        shadow_ms = SHADOW_MOST_MS;
    if (step_at + shadow_ms > s->shadow_until)
        s->shadow_until = step_at + shadow_ms;
}

void judge_demand_step(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state,
                       const struct demand_source *source, size_t scopes, bool heard,
                       int64_t step_at) {
    CHECK(step_at % DEMAND_STEP_MS == 0);
    CHECK(rule->window_count > 0 && rule->window_count <= DEMAND_WINDOWS_MAX);
    struct checking k = {.ctx = ctx, .rule = rule, .scope = scope, .state = state};
    k.look = (struct demand_look){.rule = rule,
                                  .contract = ctx->contract,
                                  .source = source,
                                  .scopes = scopes,
                                  .counted_from = state->counted_from,
                                  .step_at = step_at};
    note_silence(state, heard, step_at);
    k.look.drops = ctx->completeness >= LEARN_COMPLETENESS && step_at >= state->shadow_until;
    learn(&k);
    look(&k);
    watch(&k, &state->up, true);
    watch(&k, &state->down, false);
}

static void drop(const struct checking *k, struct demand_watch *w, enum alert_kind kind,
                 int64_t at) {
    struct episode_name name = {.kind = kind, .rule = k->rule->name, .scope = k->scope};
    judge_drop(k->ctx, &name, TRANSITION_VOIDED, at);
    watch_init(w);
}

void judge_demand_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state, int64_t at) {
    struct checking k = {.ctx = ctx, .rule = rule, .scope = scope, .state = state};
    drop(&k, &state->up, ALERT_DEMAND_SPIKE, at);
    drop(&k, &state->down, ALERT_DEMAND_DROP, at);
}

static void save_watch(const struct demand_watch *w, struct buf *b) {
    buf_put_zigzag(b, w->opened_at);
    buf_put_zigzag(b, w->news_at);
    buf_put_zigzag(b, w->calm_at);
    buf_put_u8(b, w->told);
}

static void load_watch(struct demand_watch *w, struct cursor *c) {
    w->opened_at = cursor_zigzag(c);
    w->news_at = cursor_zigzag(c);
    w->calm_at = cursor_zigzag(c);
    w->told = cursor_u8(c) != 0;
}

static void save_excess(const float *excess, struct buf *b) {
    for (size_t i = 0; i < DEMAND_CHECKS_MAX; i++)
        buf_put_double(b, (double)excess[i]);
}

static void load_excess(float *excess, struct cursor *c) {
    for (size_t i = 0; i < DEMAND_CHECKS_MAX; i++)
        excess[i] = (float)cursor_double(c);
}

void demand_state_save(const struct demand_state *s, struct buf *b) {
    save_watch(&s->up, b);
    save_watch(&s->down, b);
    save_excess(s->excess, b);
    buf_put_zigzag(b, s->counted_from);
    buf_put_zigzag(b, s->alerted_until);
    buf_put_zigzag(b, s->unheard_from);
    buf_put_zigzag(b, s->unheard_until);
    buf_put_zigzag(b, s->shadow_until);
    buf_put_double(b, s->ramp.evidence);
    buf_put_double(b, s->ramp.count);
    buf_put_double(b, s->ramp.mean);
    buf_put_zigzag(b, s->ramp.since_at);
    buf_put_zigzag(b, s->ramp.judged_at);
    buf_put_u8(b, s->ramp.rising);
    demand_day_save(&s->day, b);
    buf_put_u8(b, s->past_at);
    for (size_t i = 0; i < DEMAND_PAST_MAX; i++) {
        buf_put_zigzag(b, s->past[i].at);
        if (s->past[i].at != INSTANT_NONE)
            save_excess(s->past[i].excess, b);
    }
    baseline_save(&s->baseline, b);
}

bool demand_state_load(struct demand_state *s, struct cursor *c) {
    load_watch(&s->up, c);
    load_watch(&s->down, c);
    load_excess(s->excess, c);
    s->counted_from = cursor_zigzag(c);
    s->alerted_until = cursor_zigzag(c);
    s->unheard_from = cursor_zigzag(c);
    s->unheard_until = cursor_zigzag(c);
    s->shadow_until = cursor_zigzag(c);
    s->ramp.evidence = cursor_double(c);
    s->ramp.count = cursor_double(c);
    s->ramp.mean = cursor_double(c);
    s->ramp.since_at = cursor_zigzag(c);
    s->ramp.judged_at = cursor_zigzag(c);
    s->ramp.rising = cursor_u8(c) != 0;
    demand_day_load(&s->day, c);
    s->past_at = cursor_u8(c);
    if (s->past_at >= DEMAND_PAST_MAX)
        cursor_fail(c);
    for (size_t i = 0; i < DEMAND_PAST_MAX; i++) {
        s->past[i].at = cursor_zigzag(c);
        if (s->past[i].at != INSTANT_NONE)
            load_excess(s->past[i].excess, c);
    }
    baseline_load(&s->baseline, c);
    return !c->failed;
}
