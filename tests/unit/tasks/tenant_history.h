/* Random histories for tenant tasks: reports in order of log time, and what they said. */
#pragma once

#include "tenant_fixture.h"

#define HISTORY_MAX 700

struct run_options {
    uint64_t seed;
    bool split;   /* save and load between reports, and look at the view */
    bool quiet;   /* publish: objectives */
    bool in_time; /* nothing comes late */
};

/* A history is made anew from its seed: reports in order of log time. */
struct history {
    struct rng rng, journeys, forecasts;
    struct ledger ledger;
    int64_t now, log_at;
    size_t left;
    bool in_time;
};

static inline struct fact_row random_row(struct history *h) {
    struct rng *rng = &h->rng;
    if (!h->in_time && h->ledger.count > 0 && rng_below(rng, 8) == 0) {
        struct fact_row back = h->ledger.rows[rng_below(rng, h->ledger.count)];
        back.value = -back.value;
        if (back.pane_at > h->now - 23 * HOUR_MS)
            return back;
    }
    int64_t back_ms = !h->in_time && rng_below(rng, 6) == 0 ? (int64_t)rng_below(rng, 5 * HOUR_MS)
                                                            : (int64_t)rng_below(rng, 50000);
    struct fact_row f = {.leaf = (uint32_t)rng_below(rng, FIXTURE_LEAVES),
                         .pane_at = instant_floor(h->now + MINUTE_MS - back_ms, DELTA_PANE_MS),
                         .kind = (uint8_t)rng_below(rng, 3),
                         .value = 1 + (int64_t)rng_below(rng, 2)};
    if (f.kind == 0) {
        static const uint8_t counters[] = {COUNTER_OFFERED,        COUNTER_OFFERED,
                                           COUNTER_ANSWERED,       COUNTER_WAIT_MS,
                                           COUNTER_WAITING_CHANGE, COUNTER_BACKLOG_CHANGE,
                                           COUNTER_ARR_ANSWERED,   COUNTER_ARR_WAIT_MS};
        f.which = counters[rng_below(rng, sizeof(counters))];
        if (f.which == COUNTER_WAIT_MS)
            f.value *= 9000;
    } else if (f.kind == 1) {
        f.which = (uint8_t)rng_below(rng, LEVEL_COUNT);
        f.attribution = (uint8_t)rng_below(rng, 2);
        f.threshold_ms = rng_below(rng, 2) ? 20000 : 60000;
    } else {
        f.which = (uint8_t)rng_below(rng, 2);
        f.bucket = (uint16_t)rng_below(rng, 300);
    }
    return f;
}

static inline void history_init(struct history *h, const struct run_options *options) {
    rng_init(&h->rng, options->seed);
    rng_init(&h->journeys, options->seed + 77);
    rng_init(&h->forecasts, options->seed + 99);
    h->ledger.count = 0;
    h->now = h->log_at = FIXTURE_START;
    h->left = HISTORY_MAX;
    h->in_time = options->in_time;
}

/* Few names, so that journeys meet, go on, part and are taken back. */
static inline struct journey_row random_journey(struct history *h) {
    struct rng *rng = &h->journeys;
    int64_t began_at = h->now - (int64_t)rng_below(rng, 4) * 20 * MINUTE_MS;
    struct journey_row row = {.leaf = (uint32_t)rng_below(rng, FIXTURE_LEAVES),
                              .gone = rng_below(rng, 8) == 0};
    row.member = (struct journey_member){.part = {.journey = 1 + rng_below(rng, 3),
                                                  .began_at = began_at,
                                                  .ended_at = INSTANT_NONE,
                                                  .wait_ms = (int64_t)rng_below(rng, 60000),
                                                  .handle_ms = (int64_t)rng_below(rng, 60000),
                                                  .visits = (uint32_t)rng_below(rng, 3),
                                                  .legs = 1 + (uint32_t)rng_below(rng, 2),
                                                  .transfers = (uint32_t)rng_below(rng, 2)},
                                         .interaction = rng_below(rng, 4),
                                         .resolved_at = INSTANT_NONE};
    if (rng_below(rng, 4) != 0)
        row.member.part.ended_at = began_at + (int64_t)rng_below(rng, 10) * MINUTE_MS;
    if (rng_below(rng, 3) == 0)
        row.member.resolved_at = row.member.part.ended_at;
    return row;
}

static inline struct effort_row random_effort(struct history *h) {
    struct rng *rng = &h->journeys;
    int64_t began_at = h->now - (int64_t)rng_below(rng, 4) * 7 * MINUTE_MS;
    int64_t ended_at = began_at + (int64_t)rng_below(rng, 20) * MINUTE_MS;
    return (struct effort_row){.leg = {.agent = 1 + rng_below(rng, 2),
                                       .interaction = rng_below(rng, 3),
                                       .started_at = began_at,
                                       .ended_at = rng_below(rng, 4) ? ended_at : INSTANT_NONE},
                               .leaf = (uint32_t)rng_below(rng, FIXTURE_LEAVES),
                               .gone = rng_below(rng, 8) == 0};
}

/* Versions of a few intervals around now, at one site or all, published before or after them. */
static inline struct forecast random_forecast(struct history *h) {
    struct rng *rng = &h->forecasts;
    int64_t length_ms = rng_below(rng, 8) == 0 ? 30 * MINUTE_MS : 15 * MINUTE_MS;
    int64_t start_at = instant_floor(h->now, length_ms) +
                       ((int64_t)rng_below(rng, 12) - 3) * length_ms;
    return (struct forecast){.tenant = SLICE("acme"),
                             .site = rng_below(rng, 2) ? SLICE("north") : SLICE(""),
                             .queue = rng_below(rng, 2) ? SLICE("billing") : SLICE("tech"),
                             .channel = rng_below(rng, 3) ? CHANNEL_VOICE : CHANNEL_UNKNOWN,
                             .forecast_id = rng_below(rng, 2) ? SLICE("wfm") : SLICE("other"),
                             .version = (int32_t)rng_below(rng, 4),
                             .published_at = start_at - (int64_t)rng_below(rng, 9 * 24) * HOUR_MS +
                                             20 * MINUTE_MS,
                             .start_at = start_at,
                             .interval_ms = length_ms,
                             .volume = (double)rng_below(rng, 60) / 4,
                             .aht_ms = 240000,
                             .required_fte = (double)rng_below(rng, 9),
                             .shrinkage = FORECAST_NONE,
                             .p10 = FORECAST_NONE,
                             .p90 = FORECAST_NONE,
                             .superseded = rng_below(rng, 8) == 0,
                             .log_at = h->now};
}

static inline bool next_report(struct history *h, struct fixture_report *r) {
    if (h->left == 0)
        return false;
    h->left--;
    fixture_report_init(r);
    if (h->left == 0) {
        h->now += 27 * HOUR_MS;
        fixture_clock(r, 0, 2, h->now, true);
        fixture_clock(r, 1, 2, h->now, true);
        return true;
    }
    size_t rows = rng_below(&h->rng, 6);
    for (size_t i = 0; i < rows; i++) {
        struct fact_row f = random_row(h);
        h->ledger.rows[h->ledger.count++] = f;
        fixture_add(r, &f);
    }
    if (rng_below(&h->rng, 5) == 0) {
        r->gauges[0] = (struct gauge){(uint32_t)rng_below(&h->rng, FIXTURE_LEAVES), h->now,
                                      rng_below(&h->rng, 2) ? h->now : INSTANT_NONE};
        r->report.gauge_count = 1;
        r->feeds[0] = fixture_feed(h->now, h->left / 150 % 2 ? -2 * MINUTE_MS : 0);
        r->feeds[0].records = 4;
        r->feeds[0].refused[DEAD_TOO_LATE] = h->left / 120 % 2 ? (int64_t)h->left % 4 : 0;
        r->report.feed_count = 1;
        if (h->left % 3 == 0)
            r->feeds[r->report.feed_count++] = fixture_refused(h->now - (int64_t)h->left % 20000);
    }
    while (r->report.journey_count < 4 && rng_below(&h->journeys, 3) == 0)
        r->journeys[r->report.journey_count++] = random_journey(h);
    while (r->report.effort_count < 4 && rng_below(&h->journeys, 3) == 0)
        r->efforts[r->report.effort_count++] = random_effort(h);
    while (r->report.forecast_count < 4 && rng_below(&h->forecasts, 6) == 0)
        r->forecasts[r->report.forecast_count++] = random_forecast(h);
    static const char *const interactions[] = {"i1", "i2", "i3", "i4"};
    if (rng_below(&h->rng, 4) == 0)
        fixture_fact(r, interactions[rng_below(&h->rng, 4)],
                     (enum fact_kind)rng_below(&h->rng, FACT_KIND_COUNT), h->now);
    static const char *const keys[] = {
        "acme|acme-support|answer|item_breach|all|i1|1",
        "acme|acme-support|answer|item_at_risk|all|i2|1",
        "acme|acme-support|voice-80-20|objective_breach|site=north/queue=billing||",
        "acme|acme-support|short-waits|objective_breach|all||"};
    if (rng_below(&h->rng, 6) == 0) {
        enum command_op op = (enum command_op)rng_below(&h->rng, COMMAND_OP_COUNT);
        int64_t until_at = rng_below(&h->rng, 2) ? INSTANT_NONE
                                                 : h->now + (int64_t)rng_below(&h->rng, HOUR_MS);
        fixture_command(r, op, keys[rng_below(&h->rng, 4)], rng_below(&h->rng, 200), h->now,
                        until_at);
    }
    h->now += (int64_t)rng_below(&h->rng, rng_below(&h->rng, 20) == 0 ? 20 * MINUTE_MS : 80000);
    h->log_at += 100;
    fixture_clock(r, 0, 2, h->now, false);
    fixture_clock(r, 1, 2, h->now - (int64_t)rng_below(&h->rng, 3000), false);
    return true;
}

static inline struct tenant_task_options task_options(const struct contract_set *set,
                                                      bool publish_all) {
    return (struct tenant_task_options){.until_end = true,
                                        .publish_all = publish_all,
                                        .lateness_ms = 24 * HOUR_MS,
                                        .max_source_lag_ms = 30 * SECOND_MS,
                                        .max_alert_age_ms = 15 * MINUTE_MS,
                                        .scope_limit = 1000,
                                        .contracts = set};
}
