#include "core/judge_forecast.h"

#include <math.h>

#include "core/episode.h"
#include "core/event.h"
#include "core/negbin.h"
#include "core/summary.h"

/* Of the rule's budget, beside what DEMAND_* spend; of one queue at most, whatever the budget. */
#define PART 0.2
#define SHARE_MOST 0.1
#define CV2_USUAL 0.04 /* domain 3.5: what is taken until errors are known */
#define CV2_SAMPLES 50.0
#define CV2_MOST 25.0 /* whatever is said or was seen: beyond it tails are no figures any more */
#define CV2_LEAST 1e-9
#define FADE 0.999 /* of what is known, with each interval */
#define CLIP_SD 3.0
#define FAR_SD 2.5       /* nothing nearer is a miss */
#define P10_TO_P90 2.563 /* standard deviations of a normal distribution */
#define CALM_P 0.1       /* the interval alone */
#define CALM_ALL_P 0.01  /* hours of it */
#define STALE_MS (2 * HOUR_MS)
#define COMPLETE 0.99

/* One length that ends with the interval. */
struct stretch {
    unsigned length;
    int64_t from_at, to_at, came;
    double mean, size, alpha, p;
    bool more, unusual;
};

void forecast_miss_init(struct forecast_miss *m) {
    *m = (struct forecast_miss){
        .judged_at = INSTANT_NONE, .calm_at = INSTANT_NONE, .over_at = INSTANT_NONE};
}

static double cv2_of(const struct forecast_errors *e, const struct forecast_sum *sum) {
    double usual = e->samples > 0 ? e->squares / e->samples : sum->volume * sum->volume;
    double squares = e->squares + CV2_SAMPLES * usual;
    double cv2 = squares > 0 ? (e->excess + CV2_USUAL * CV2_SAMPLES * usual) / squares : CV2_USUAL;
    double deviation = sum->told ? (sum->p90 - sum->p10) / P10_TO_P90 : 0;
    double told = sum->volume > 0
                      ? (deviation * deviation - sum->volume) / (sum->volume * sum->volume)
                      : 0;
    return fmin(fmax(fmax(cv2, told), CV2_LEAST), CV2_MOST); /* also where one is no number */
}

bool forecast_miss_expect(const struct forecast_miss *m, const struct forecast_series *series,
                          int64_t from_at, int64_t to_at, int64_t known_at,
                          struct forecast_view *view) {
    struct forecast_sum sum;
    if (!forecast_series_expect(series, from_at, to_at, known_at, &sum))
        return false;
    int64_t interval_ms = forecast_series_holding(series, to_at - 1, known_at)->interval_ms;
    const int64_t lengths_ms[FORECAST_LENGTHS] = {interval_ms, HOUR_MS, 4 * HOUR_MS};
    unsigned length = 0;
    for (unsigned i = 1; i < FORECAST_LENGTHS && lengths_ms[length] < to_at - from_at; i++)
        if (lengths_ms[i] > lengths_ms[length])
            length = i;
    *view = (struct forecast_view){.mean = sum.volume,
                                   .cv2 = cv2_of(&m->errors[length], &sum),
                                   .learned_ms = lengths_ms[length],
                                   .longest_ms = sum.longest_ms};
    return true;
}

static double share_of(const struct demand_rule *rule, const struct forecast_source *source) {
    double series = source->series_of_rule > 0 ? (double)source->series_of_rule : 1;
    return fmin(rule->false_alarms_per_day * PART / series, SHARE_MOST);
}

/* Two sides, and as many chances a day as there are such stretches; hours are looked at with each
 * of their intervals. */
static double alpha_of(const struct demand_rule *rule, const struct forecast_source *source,
                       const struct stretch *k) {
    double chances = (double)DAY_MS / (double)(k->to_at - k->from_at) * (k->length ? 2 : 1);
    return share_of(rule, source) / (2 * FORECAST_LENGTHS * chances);
}

static double tail(const struct stretch *k) {
    return k->more ? negbin_upper(k->mean, k->size, k->came)
                   : negbin_lower(k->mean, k->size, k->came);
}

static bool is_unusual(const struct demand_rule *rule, const struct stretch *k) {
    double away = fabs((double)k->came - k->mean);
    double far = FAR_SD * sqrt(k->mean + k->mean * k->mean / k->size);
    return away >= (double)rule->min_excess && away > far && k->p < k->alpha;
}

static void learn(struct forecast_errors *e, const struct stretch *k) {
    double sd = sqrt(k->mean + k->mean * k->mean / k->size);
    double off = fmin(fabs((double)k->came - k->mean), CLIP_SD * sd);
    e->excess = e->excess * FADE + off * off - k->mean;
    e->squares = e->squares * FADE + k->mean * k->mean;
    e->samples = e->samples * FADE + 1;
}

/* False: not all of it has a forecast, or was heard. */
static bool look(const struct demand_rule *rule, const struct forecast_source *source,
                 const struct forecast_miss *m, struct stretch *k) {
    struct forecast_sum sum;
    if (k->from_at < source->from_at ||
        !forecast_series_expect(source->series, k->from_at, k->to_at, INSTANT_MAX, &sum))
        return false;
    k->came = source->count(source->context, k->from_at, k->to_at);
    k->mean = sum.volume;
    k->size = 1 / cv2_of(&m->errors[k->length], &sum);
    k->alpha = alpha_of(rule, source, k);
    k->more = (double)k->came > k->mean;
    k->p = tail(k);
    k->unusual = is_unusual(rule, k) && (k->more || source->heard) && k->from_at >= m->over_at;
    return true;
}

static void put_counts(struct buf *b, const struct scope *scope, const struct stretch *k) {
    summary_text(b, k->more ? "" : "Only ");
    summary_count(b, k->came);
    summary_text(b, k->came == 1 ? " contact came to " : " contacts came to ");
    summary_scope(b, scope);
    summary_text(b, " in ");
    summary_duration(b, k->to_at - k->from_at);
    summary_text(b, " where the forecast says ");
    summary_number(b, k->mean);
}

static void put_chance(struct buf *b, const struct demand_rule *rule,
                       const struct forecast_source *source, const struct stretch *k) {
    double budget = share_of(rule, source) * (double)source->series_of_rule;
    summary_text(b, "; forecasts as good as so far miss so much in one of ");
    summary_number(b, k->p > 1e-12 ? floor(1 / k->p) : 1e12);
    summary_text(b, ". About ");
    buf_put_format(b, "%.2g", budget);
    summary_text(b, " false alarms a day are to be expected over ");
    summary_count(b, (int64_t)source->series_of_rule);
    summary_text(b, source->series_of_rule == 1 ? " queue." : " queues.");
}

static void fill(const struct stretch *k, struct alert *a) {
    a->observed = (double)k->came;
    a->baseline = k->mean;
    a->p_value = k->p;
    a->window_start_at = k->from_at;
    a->window_end_at = k->to_at;
}

static void fire(const struct judge_context *ctx, const struct demand_rule *rule,
                 const struct episode_name *name, struct forecast_miss *m,
                 const struct forecast_source *source, const struct stretch *k, int64_t step_at) {
    struct alert a;
    judge_alert_init(ctx, name->kind, name->scope, &a);
    fill(k, &a);
    a.threshold = k->more ? (double)negbin_high(k->mean, k->size, k->alpha)
                          : (double)negbin_low(k->mean, k->size, k->alpha);
    a.unit = UNIT_COUNT;
    a.severity = rule->severity;
    a.formula = k->more ? SLICE("negative_binomial_upper") : SLICE("negative_binomial_lower");
    a.opened_at = a.condition_at = step_at;
    a.contact_role = rule->contact_role;
    a.runbook = rule->runbook;
    struct buf summary;
    buf_init(&summary);
    put_counts(&summary, name->scope, k);
    put_chance(&summary, rule, source, k);
    a.summary = buf_slice(&summary);
    m->told = episode_fire(ctx, name, &a);
    buf_deinit(&summary);
    m->more = k->more;
    m->from_at = k->from_at;
    m->to_at = k->to_at;
    m->size = k->size;
    m->alpha = k->alpha;
    m->calm_at = INSTANT_NONE;
}

static void end(const struct judge_context *ctx, const struct episode_name *name,
                struct forecast_miss *m, enum transition how, const struct stretch *k,
                const char *words, int64_t step_at) {
    struct alert a;
    m->told = false;
    m->calm_at = INSTANT_NONE;
    if (!episode_find(ctx, name, &a))
        return;
    struct buf summary;
    buf_init(&summary);
    summary_text(&summary, words);
    if (k) {
        put_counts(&summary, name->scope, k);
        summary_text(&summary, ".");
        fill(k, &a);
    }
    a.summary = buf_slice(&summary);
    episode_end(ctx, name, how, step_at, &a);
    buf_deinit(&summary);
}

static struct episode_name name_of(const struct demand_rule *rule, const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_FORECAST_MISS, .rule = rule->name, .scope = scope};
}

/* Longer stretches than the one that it was told for still hold that. */
static bool is_calm(const struct forecast_miss *m, const struct stretch *k) {
    bool longer = k->to_at - k->from_at > m->to_at - m->from_at;
    return (m->told && longer) || k->p > (k->length == 0 ? CALM_P : CALM_ALL_P);
}

/* Looks at all lengths; returns the most improbable miss, or NULL, and whether all is calm. */
static const struct stretch *look_at_all(const struct judge_context *ctx,
                                         const struct demand_rule *rule, struct forecast_miss *m,
                                         const struct forecast_source *source, int64_t interval_ms,
                                         int64_t to_at, struct stretch *found, bool *calm) {
    const int64_t lengths_ms[FORECAST_LENGTHS] = {interval_ms, HOUR_MS, 4 * HOUR_MS};
    const struct stretch *worst = NULL;
    *calm = true;
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++) {
        struct stretch *k = &found[i];
        *k = (struct stretch){.length = i, .from_at = to_at - lengths_ms[i], .to_at = to_at};
        if ((i > 0 && lengths_ms[i] <= interval_ms) || !look(rule, source, m, k))
            continue;
        if (k->unusual && (!worst || k->p < worst->p))
            worst = k;
        *calm = *calm && is_calm(m, k);
        if (ctx->completeness >= COMPLETE && source->heard)
            learn(&m->errors[i], k);
    }
    return worst;
}

static void expire(const struct judge_context *ctx, const struct episode_name *name,
                   struct forecast_miss *m, int64_t interval_ms, int64_t step_at) {
    if (m->told && step_at - m->judged_at >= STALE_MS + FORECAST_SETTLE_MS + interval_ms)
        end(ctx, name, m, TRANSITION_EXPIRED, NULL, "There is no forecast any more.", step_at);
}

void judge_forecast_step(const struct judge_context *ctx, const struct demand_rule *rule,
                         const struct scope *scope, struct forecast_miss *m,
                         const struct forecast_source *source, int64_t step_at) {
    int64_t to_at = step_at - FORECAST_SETTLE_MS;
    struct episode_name name = name_of(rule, scope);
    const struct forecast_version *v = forecast_series_holding(source->series, to_at - 1,
                                                               INSTANT_MAX);
    if (!v || v->start_at + v->interval_ms != to_at || v->start_at < source->from_at) {
        expire(ctx, &name, m, v ? v->interval_ms : 0, step_at);
        return;
    }
    struct stretch found[FORECAST_LENGTHS];
    bool calm;
    const struct stretch *worst = look_at_all(ctx, rule, m, source, v->interval_ms, to_at, found,
                                              &calm);
    m->judged_at = to_at;
    if (worst && ctx->completeness >= COMPLETE && !m->told && episode_may_fire(ctx, &name, step_at))
        fire(ctx, rule, &name, m, source, worst, step_at);
    if (!calm)
        m->calm_at = INSTANT_NONE;
    else if (m->calm_at == INSTANT_NONE)
        m->calm_at = step_at;
    int64_t hold_ms = ctx->contract->clear_hold_ms > v->interval_ms ? ctx->contract->clear_hold_ms
                                                                    : v->interval_ms;
    if (m->told && m->calm_at != INSTANT_NONE && step_at - m->calm_at >= hold_ms) {
        m->over_at = to_at;
        end(ctx, &name, m, TRANSITION_RESOLVED, &found[0], "As forecast again: ", step_at);
    }
}

void judge_forecast_revise(const struct judge_context *ctx, const struct demand_rule *rule,
                           const struct scope *scope, struct forecast_miss *m,
                           const struct forecast_source *source, int64_t from_at, int64_t step_at) {
    struct forecast_sum sum;
    struct stretch k = {.from_at = m->from_at,
                        .to_at = m->to_at,
                        .more = m->more,
                        .size = m->size,
                        .alpha = m->alpha};
    if (!m->told || from_at >= m->to_at)
        return;
    struct episode_name name = name_of(rule, scope);
    bool known = forecast_series_expect(source->series, k.from_at, k.to_at, INSTANT_MAX, &sum);
    k.mean = known ? sum.volume : 0;
    k.came = source->count(source->context, k.from_at, k.to_at);
    k.p = tail(&k);
    if (!known)
        end(ctx, &name, m, TRANSITION_VOIDED, NULL, "The forecast was withdrawn.", step_at);
    else if (!is_unusual(rule, &k))
        end(ctx, &name, m, TRANSITION_VOIDED, &k, "Corrected: ", step_at);
}

void judge_forecast_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                         const struct scope *scope, struct forecast_miss *m, int64_t at) {
    struct episode_name name = name_of(rule, scope);
    judge_drop(ctx, &name, TRANSITION_VOIDED, at);
    m->told = false;
    m->calm_at = INSTANT_NONE;
}

void forecast_miss_save(const struct forecast_miss *m, struct buf *b) {
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++) {
        buf_put_double(b, m->errors[i].excess);
        buf_put_double(b, m->errors[i].squares);
        buf_put_double(b, m->errors[i].samples);
    }
    buf_put_zigzag(b, m->judged_at);
    buf_put_zigzag(b, m->calm_at);
    buf_put_zigzag(b, m->over_at);
    buf_put_u8(b, (uint8_t)(m->told | m->more << 1));
    buf_put_zigzag(b, m->from_at);
    buf_put_zigzag(b, m->to_at);
    buf_put_double(b, m->size);
    buf_put_double(b, m->alpha);
}

/* Comparisons are false where it is no number. */
static bool errors_are_sound(const struct forecast_errors *e) {
    return isfinite(e->excess) && e->squares >= 0 && isfinite(e->squares) && e->samples >= 0 &&
           isfinite(e->samples);
}

static bool told_is_sound(const struct forecast_miss *m) {
    bool size = m->size >= 1 / CV2_MOST && m->size <= 1 / CV2_LEAST;
    bool stretch = m->from_at >= -DAY_MS && m->from_at < m->to_at && m->to_at <= EVENT_CLOCK_MAX;
    return size && stretch && m->alpha > 0 && m->alpha <= 1;
}

void forecast_miss_load(struct forecast_miss *m, struct cursor *c) {
    bool sound = true;
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++) {
        m->errors[i].excess = cursor_double(c);
        m->errors[i].squares = cursor_double(c);
        m->errors[i].samples = cursor_double(c);
        sound = sound && errors_are_sound(&m->errors[i]);
    }
    m->judged_at = cursor_zigzag(c);
    m->calm_at = cursor_zigzag(c);
    m->over_at = cursor_zigzag(c);
    uint8_t flags = cursor_u8(c);
    m->told = flags & 1;
    m->more = flags >> 1 & 1;
    m->from_at = cursor_zigzag(c);
    m->to_at = cursor_zigzag(c);
    m->size = cursor_double(c);
    m->alpha = cursor_double(c);
    if (flags > 3 || !sound || (m->told && !told_is_sound(m)))
        cursor_fail(c);
}
