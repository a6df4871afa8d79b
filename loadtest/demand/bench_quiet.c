#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench.h"
#include "bench_parts.h"

double bench_size(const struct bench *b, size_t scope) {
    static const double sizes[BENCH_SIZES] = {5, 20, 100};
    return b->size > 0 ? b->size : sizes[scope % BENCH_SIZES];
}

void bench_arrivals(const struct bench *b, size_t scope, const struct arrivals_event *events,
                    size_t event_count, struct arrivals *a) {
    struct rng r;
    rng_init(&r, b->seed * 1000003 + scope);
    struct arrivals_plan plan = {.per_slot = bench_size(b, scope),
                                 .cv2 = b->cv2,
                                 .block_ms = b->block_ms,
                                 .day_cv2 = b->day_cv2,
                                 .days = b->days,
                                 .events = events,
                                 .event_count = event_count};
    arrivals_make(a, &plan, &r);
}

int64_t bench_live_at(const struct bench *b) {
    return ARRIVALS_FROM + b->warm_up_days * DAY_MS;
}

static size_t window_of(const struct ours_alarm *a) {
    return a->window_ms == 0               ? 0
           : a->window_ms < 15 * MINUTE_MS ? 1
           : a->window_ms < HOUR_MS        ? 2
                                           : 3;
}

int bench_quiet(const struct bench *b) {
    struct ours *o = malloc(sizeof(*o));
    CHECK(o);
    struct ours_plan plan = {b->budget, b->scopes, b->min_excess};
    size_t by_size[BENCH_SIZES] = {0};
    size_t spikes = 0;
    size_t drops = 0;
    size_t early = 0;
    size_t in_week[64] = {0};
    size_t by_window[4] = {0}; /* a ramp, 5, 15, 60 minutes */
    for (size_t scope = 0; scope < b->scopes; scope++) {
        struct arrivals a;
        bench_arrivals(b, scope, NULL, 0, &a);
        ours_judge(o, &plan, &a);
        for (size_t i = 0; i < o->count; i++) {
            bool counts = o->alarms[i].at >= bench_live_at(b);
            early += !counts;
            spikes += counts && o->alarms[i].kind == ALERT_DEMAND_SPIKE;
            drops += counts && o->alarms[i].kind == ALERT_DEMAND_DROP;
            by_size[scope % BENCH_SIZES] += counts;
            by_window[window_of(&o->alarms[i])] += counts;
            in_week[(size_t)((o->alarms[i].at - ARRIVALS_FROM) / (7 * DAY_MS)) % 64]++;
        }
        arrivals_free(&a);
    }
    double days = b->days - b->warm_up_days;
    printf("budget %.2f/day: %.2f/day measured, factor %.2f (%zu spikes, %zu drops; by ramp "
           "%zu, 5m %zu, 15m %zu, 1h %zu; by size %zu "
           "%zu %zu; %zu in the warm-up; weeks",
           b->budget, (double)(spikes + drops) / days, (double)(spikes + drops) / days / b->budget,
           spikes, drops, by_window[0], by_window[1], by_window[2], by_window[3], by_size[0],
           by_size[1], by_size[2], early);
    for (int w = 0; w * 7 < b->days; w++)
        printf(" %zu", in_week[w]);
    printf(")\n");
    free(o);
    return 0;
}
