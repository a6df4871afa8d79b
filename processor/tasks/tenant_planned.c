#include "tasks/tenant_planned.h"

#include "core/delta.h"
#include "core/event.h"
#include "tasks/tenant_state.h"

#define RATE_MS (30 * MINUTE_MS)
#define HANDLE_MS HOUR_MS
#define HANDLED_LEAST 10
#define PATIENCE_MS (TENANT_WAITED_SLOTS * STAFFING_STEP_MS)
#define GONE_MS (14 * DAY_MS) /* after so long a silence a site is none any more */
#define LOOK_BACK_MS (4 * HOUR_MS)
#define WAITING_MOST INT64_C(1000000000) /* at once */

void tenant_planned_init(struct tenant_planned *p) {
    *p = (struct tenant_planned){.waited_at = INSTANT_NONE};
    forecast_miss_init(&p->miss);
    staffing_state_init(&p->staffing);
}

static bool has_value(const struct match_values *values, const struct scope *scope,
                      enum scope_dimension dimension) {
    if (values->count == 0)
        return true;
    for (size_t i = 0; i < values->count; i++)
        if (scope->mask & SCOPE_BIT(dimension) &&
            slice_equal(values->values[i], scope->values[dimension]))
            return true;
    return false;
}

bool tenant_planned_covers(const struct match *m, const struct tenant_forecast *f) {
    uint8_t channel = f->leaf.leaf.channel;
    bool channels = m->channels == 0 ||
                    (channel != CHANNEL_UNKNOWN && (m->channels >> channel & 1));
    bool directions = m->directions == 0 || (m->directions >> DIRECTION_INBOUND & 1);
    return channels && directions && m->priorities == 0 &&
           has_value(&m->vendor, &f->scope, SCOPE_VENDOR) &&
           has_value(&m->site, &f->scope, SCOPE_SITE) &&
           has_value(&m->queue, &f->scope, SCOPE_QUEUE);
}

static const struct demand_rule *rule_of(const struct tenant_forecast *f,
                                         const struct contract *c) {
    for (size_t i = 0; i < c->demand_count; i++)
        if (tenant_planned_covers(&c->demands[i].when, f))
            return &c->demands[i];
    return NULL;
}

/* Erlang is about one caller at a time: voice alone. */
static const struct objective *objective_of(const struct tenant_forecast *f,
                                            const struct contract *c) {
    if (f->leaf.leaf.channel != CHANNEL_VOICE)
        return NULL;
    for (size_t i = 0; i < c->objective_count; i++)
        if (judge_staffing_is_for(&c->objectives[i]) &&
            tenant_planned_covers(&c->objectives[i].when, f))
            return &c->objectives[i];
    return NULL;
}

void tenant_planned_find(struct tenant_forecast *f, const struct contract *contract) {
    f->planned.rule = rule_of(f, contract);
    f->planned.objective = objective_of(f, contract);
}

void tenant_planned_turn(struct tenant_forecast *f, const struct contract *now,
                         const struct judge_context *before, bool renamed, int64_t at) {
    struct tenant_planned *p = &f->planned;
    const struct demand_rule *rule = p->rule;
    const struct objective *objective = p->objective;
    tenant_planned_find(f, now);
    if (rule && (renamed || !p->rule || !slice_equal(rule->name, p->rule->name)))
        judge_forecast_drop(before, rule, &f->scope, &p->miss, at);
    if (objective &&
        (renamed || !p->objective || !slice_equal(objective->name, p->objective->name)))
        judge_staffing_drop(before, objective, &f->scope, &p->staffing, at);
}

static int64_t gauge_of(const struct tenant_forecast *f, enum counter change) {
    return f->cell->windows[0].sums.gauges[cell_key_counter(change)];
}

/* Before 1970 too. */
static size_t slot_of(int64_t at) {
    int64_t slot = at / STAFFING_STEP_MS % TENANT_WAITED_SLOTS;
    return (size_t)(slot < 0 ? slot + TENANT_WAITED_SLOTS : slot);
}

void tenant_planned_sample(struct tenant_forecast *f, int64_t step_at) {
    struct tenant_planned *p = &f->planned;
    int64_t slot_at = instant_floor(step_at - 1, STAFFING_STEP_MS);
    int64_t waiting = gauge_of(f, COUNTER_WAITING_CHANGE);
    int64_t busy = gauge_of(f, COUNTER_IN_SERVICE_CHANGE);
    if (p->waited_at == INSTANT_NONE || slot_at - p->waited_at > PATIENCE_MS)
        p->waited_at = slot_at - PATIENCE_MS;
    while (p->waited_at < slot_at) {
        p->waited_at += STAFFING_STEP_MS;
        p->waited_ms[slot_of(p->waited_at)] = 0;
    }
    p->waiting_low = waiting < p->waiting_low ? waiting : p->waiting_low;
    p->busy_low = busy < p->busy_low ? busy : p->busy_low;
    p->waited_ms[slot_of(slot_at)] += (waiting - p->waiting_low) * DELTA_PANE_MS;
}

static int64_t counted(const struct tenant_forecast *f, const enum counter *counters, size_t count,
                       int64_t from_at, int64_t to_at) {
    struct cell_sums sums;
    int64_t all = 0;
    cell_sums_init(&sums, &f->cell->shape);
    cell_range(f->cell, from_at, to_at, &sums);
    for (size_t i = 0; i < count; i++)
        all += cell_sums_counter(&sums, counters[i]);
    cell_sums_deinit(&sums);
    return all;
}

static int64_t count_one(const struct tenant_forecast *f, enum counter counter, int64_t from_at,
                         int64_t to_at) {
    return counted(f, &counter, 1, from_at, to_at);
}

static int64_t count_offered(void *context, int64_t from_at, int64_t to_at) {
    return count_one(context, COUNTER_OFFERED, from_at, to_at);
}

/* Of legs that ended lately, or as it was planned; 0: not known. */
static double handle_of(const struct tenant_forecast *f, const struct forecast_version *v,
                        int64_t step_at) {
    static const enum counter parts[] = {COUNTER_TALK_MS, COUNTER_HOLD_MS, COUNTER_WRAP_MS};
    int64_t handled = count_one(f, COUNTER_HANDLED, step_at - HANDLE_MS, step_at);
    if (handled >= HANDLED_LEAST)
        return (double)counted(f, parts, 3, step_at - HANDLE_MS, step_at) / (double)handled;
    return v && v->aht_ms > 0 ? (double)v->aht_ms : 0;
}

/* Who gave up, over all the time that all have waited: the estimate for waits that are cut short
 * by an answer. */
static double patience_of(const struct tenant_forecast *f, int64_t step_at) {
    int64_t waited_ms = 0;
    int64_t abandoned = count_one(f, COUNTER_ABANDONED, step_at - PATIENCE_MS, step_at);
    for (size_t i = 0; i < TENANT_WAITED_SLOTS; i++)
        waited_ms += f->planned.waited_ms[i];
    return abandoned > 0 && waited_ms > 0 ? (double)waited_ms / (double)abandoned : ERLANG_ENDLESS;
}

static void judge_staff(const struct judge_context *ctx, struct tenant_forecast *f,
                        int64_t step_at) {
    struct tenant_planned *p = &f->planned;
    const struct objective *o = p->objective;
    if (!o || step_at - RATE_MS < f->from_at)
        return;
    const struct forecast_version *v = forecast_series_holding(&f->series, step_at, INSTANT_MAX);
    struct staffing_now now = {
        .from_at = step_at - RATE_MS,
        .to_at = step_at,
        .arrivals = count_one(f, COUNTER_OFFERED, step_at - RATE_MS, step_at),
        .handle_ms = handle_of(f, v, step_at),
        .patience_ms = patience_of(f, step_at),
        .planned = v ? v->required_fte : FORECAST_NONE,
        .shrinkage = v ? v->shrinkage : FORECAST_NONE,
        .busy = (double)(gauge_of(f, COUNTER_IN_SERVICE_CHANGE) - p->busy_low),
        .within_ms = tenant_scope_within_ms(ctx->contract, &f->scope, o),
    };
    judge_staffing_step(ctx, o, &f->scope, &p->staffing, &now, step_at);
}

/* The sites behind the queue spoke since the interval ended: what is missing did not happen. */
static bool is_heard(const struct tenant *tenant, const struct scope *scope, int64_t step_at) {
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        const struct tenant_feed *feed = tenant->feeds.items[i];
        int64_t heard_at = judge_feed_last(&feed->state, step_at);
        bool ours = !(scope->mask & SCOPE_BIT(SCOPE_SITE)) ||
                    slice_equal(feed->site, scope->values[SCOPE_SITE]);
        if (ours && heard_at < step_at - FORECAST_SETTLE_MS && heard_at > step_at - GONE_MS)
            return false;
    }
    return true;
}

void tenant_planned_step(struct tenant_task *t, struct tenant *tenant, struct tenant_forecast *f,
                         size_t series_of_rule, int64_t changed_at, int64_t step_at) {
    struct tenant_planned *p = &f->planned;
    struct judge_context ctx = tenant_state_context(t, tenant, t->out);
    ctx.now_at = step_at;
    ctx.completeness = tenant_sources_window(&t->sources, step_at - LOOK_BACK_MS, step_at);
    struct forecast_source source = {.context = f,
                                     .count = count_offered,
                                     .series = &f->series,
                                     .from_at = f->from_at,
                                     .series_of_rule = series_of_rule,
                                     .heard = is_heard(tenant, &f->scope, step_at)};
    if (p->rule) {
        judge_forecast_revise(&ctx, p->rule, &f->scope, &p->miss, &source, changed_at, step_at);
        judge_forecast_step(&ctx, p->rule, &f->scope, &p->miss, &source, step_at);
    }
    judge_staff(&ctx, f, step_at);
}

void tenant_planned_save(const struct tenant_planned *p, struct buf *b) {
    forecast_miss_save(&p->miss, b);
    staffing_state_save(&p->staffing, b);
    for (size_t i = 0; i < TENANT_WAITED_SLOTS; i++)
        buf_put_zigzag(b, p->waited_ms[i]);
    buf_put_zigzag(b, p->waited_at);
    buf_put_zigzag(b, p->waiting_low);
    buf_put_zigzag(b, p->busy_low);
}

static bool waited_is_sound(const struct tenant_planned *p) {
    for (size_t i = 0; i < TENANT_WAITED_SLOTS; i++)
        if (p->waited_ms[i] < 0 || p->waited_ms[i] > WAITING_MOST * PATIENCE_MS)
            return false;
    bool at = p->waited_at == INSTANT_NONE ||
              (p->waited_at >= -PATIENCE_MS && p->waited_at <= EVENT_CLOCK_MAX &&
               p->waited_at % STAFFING_STEP_MS == 0);
    return at && p->waiting_low <= 0 && p->waiting_low >= -WAITING_MOST && p->busy_low <= 0 &&
           p->busy_low >= -WAITING_MOST;
}

void tenant_planned_load(struct tenant_planned *p, struct cursor *c) {
    forecast_miss_load(&p->miss, c);
    staffing_state_load(&p->staffing, c);
    for (size_t i = 0; i < TENANT_WAITED_SLOTS; i++)
        p->waited_ms[i] = cursor_zigzag(c);
    p->waited_at = cursor_zigzag(c);
    p->waiting_low = cursor_zigzag(c);
    p->busy_low = cursor_zigzag(c);
    if (!waited_is_sound(p))
        cursor_fail(c);
}
