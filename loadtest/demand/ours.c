#include "ours.h"

#include "base/check.h"
#include "core/episode.h"
#include "core/judge_demand.h"

static void keep(void *context, const struct alert *a) {
    struct ours *o = context;
    if (a->transition != TRANSITION_FIRING)
        return;
    CHECK(o->count < OURS_ALARMS_MAX);
    bool ramp = slice_equal(a->formula, SLICE("negative_binomial_cusum"));
    struct ours_alarm alarm = {.at = a->condition_at,
                               .kind = a->kind,
                               .observed = a->observed,
                               .baseline = a->baseline,
                               .p = a->p_value,
                               .window_ms = ramp ? 0 : a->window_end_at - a->window_start_at};
    o->alarms[o->count++] = alarm;
}

static int64_t count(void *context, int64_t from_at, int64_t to_at) {
    return arrivals_count(context, from_at, to_at);
}

void ours_judge(struct ours *o, const struct ours_plan *plan, const struct arrivals *a) {
    struct outbox out = {.context = o, .alert = keep};
    struct contract contract = {.name = SLICE("bench"), .tenant = SLICE("bench"), .version = 1};
    struct judge_context ctx = {.out = &out,
                                .book = episode_book_new(SLICE("bench"), 1000),
                                .contract = &contract,
                                .tenant = SLICE("bench"),
                                .max_alert_age_ms = 15 * MINUTE_MS,
                                .completeness = 1};
    struct demand_rule rule = {.name = SLICE("demand"),
                               .windows_ms = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS},
                               .window_count = 3,
                               .false_alarms_per_day = plan->false_alarms_per_day,
                               .min_excess = plan->min_excess,
                               .severity = SEVERITY_WARNING};
    struct scope scope = {.mask = SCOPE_BIT(SCOPE_QUEUE)};
    scope.values[SCOPE_QUEUE] = SLICE("q");
    struct arrivals copy = *a;
    struct demand_source source = {.context = &copy, .count = count};
    struct demand_state state;
    o->count = 0;
    demand_state_init(&state, a->from_at);
    int64_t end_at = a->from_at + (int64_t)a->steps * ARRIVALS_STEP_MS;
    for (int64_t at = a->from_at; at <= end_at; at += DEMAND_STEP_MS) {
        ctx.clock = at;
        judge_demand_step(&ctx, &rule, &scope, &state, &source, plan->scopes, true, at);
        if (at % HOUR_MS == 0)
            episode_book_forget(ctx.book, at, 0);
    }
    demand_state_deinit(&state);
    episode_book_free(ctx.book);
}
