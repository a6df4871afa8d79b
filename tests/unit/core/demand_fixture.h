/* A demand rule in one scope, fed with arrivals that the test sets, step by step. */
#pragma once

#include "judge_fixture.h"

#include "base/property.h"
#include "core/judge_demand.h"
#include "random_counts.h"

#define MONDAY INT64_C(1767571200000) /* 2026-01-05T00:00Z */
#define DAYS_MAX 60

#define ARRIVAL_MS (10 * SECOND_MS)

/* Arrivals per 10 s of event time, asked for by windows. */
struct arrivals {
    int32_t *steps; /* since MONDAY */
    int64_t now;
};

static inline int64_t count_arrivals(void *context, int64_t from_at, int64_t to_at) {
    struct arrivals *a = context;
    assert_true(from_at % DEMAND_STEP_MS == 0 && to_at % DEMAND_STEP_MS == 0 && from_at < to_at);
    assert_true(to_at <= a->now && from_at >= a->now - DEMAND_LOOK_BACK_MS);
    int64_t sum = 0;
    for (int64_t at = from_at > MONDAY ? from_at : MONDAY; at < to_at; at += ARRIVAL_MS)
        sum += a->steps[(at - MONDAY) / ARRIVAL_MS];
    return sum;
}

struct demand_test {
    struct judge_fixture f;
    struct arrivals arrivals;
    struct demand_source source;
    struct demand_rule rule;
    struct demand_state state;
    struct scope scope;
    size_t scopes;
};

static inline int demand_setup(void **state) {
    struct demand_test *t = calloc(1, sizeof(*t));
    judge_fixture_init(&t->f);
    t->arrivals.steps = calloc(DAYS_MAX * 1440 * 6, sizeof(int32_t));
    t->source = (struct demand_source){.context = &t->arrivals, .count = count_arrivals};
    t->rule = (struct demand_rule){.name = SLICE("queue-demand"),
                                   .windows_ms = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS},
                                   .window_count = 3,
                                   .false_alarms_per_day = 1,
                                   .min_excess = 10,
                                   .severity = SEVERITY_MAJOR};
    demand_state_init(&t->state, MONDAY);
    t->scopes = 1;
    t->scope = scope_site_queue("main", "PS");
    *state = t;
    return 0;
}

static inline int demand_teardown(void **state) {
    struct demand_test *t = *state;
    demand_state_deinit(&t->state);
    judge_fixture_deinit(&t->f);
    free(t->arrivals.steps);
    free(t);
    return 0;
}

static inline void run_to(struct demand_test *t, int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += DEMAND_STEP_MS) {
        t->arrivals.now = at;
        t->f.ctx.clock = at + 700;
        judge_demand_step(&t->f.ctx, &t->rule, &t->scope, &t->state, &t->source, t->scopes, true,
                          at);
    }
}

static inline void fill(struct demand_test *t, int64_t from, int64_t to, int32_t per_minute) {
    /* Spread over the minute: some of its steps have one more than others. */
    for (int64_t at = from; at < to; at += ARRIVAL_MS) {
        int64_t step = (at - MONDAY) / ARRIVAL_MS;
        t->arrivals.steps[step] = (int32_t)((step % 6 + 1) * per_minute / 6 -
                                            step % 6 * per_minute / 6);
    }
}

/* Learns without looking closely: a check each quarter of an hour. */
static inline void warm_up(struct demand_test *t, int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += BASELINE_SLOT_MS) {
        t->arrivals.now = at;
        t->f.ctx.clock = at + 700;
        judge_demand_step(&t->f.ctx, &t->rule, &t->scope, &t->state, &t->source, 10, true, at);
    }
}

/* From the first step below: 40 a quarter of an hour, evenly; three weeks are known. */
#define LIVE_AT (MONDAY + 21 * DAY_MS)

static inline void even_weeks(struct demand_test *t, int days) {
    struct rng r;
    rng_init(&r, 11);
    for (int n = 0; n < days * 8640; n++)
        t->arrivals.steps[n] = (int32_t)random_poisson(&r, 40.0 / 90);
    t->scopes = 10;
    warm_up(t, MONDAY, LIVE_AT);
    t->f.count = 0;
}

/* Times this, for what came in the time. */
static inline void scale(struct demand_test *t, int64_t from, int64_t to, double factor) {
    double owed = 0;
    for (int64_t n = (from - MONDAY) / ARRIVAL_MS; n < (to - MONDAY) / ARRIVAL_MS; n++) {
        owed += t->arrivals.steps[n] * factor;
        t->arrivals.steps[n] = (int32_t)owed;
        owed -= t->arrivals.steps[n];
    }
}
