#include "arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

static double uniform(struct rng *r) {
    return 1 - rng_unit(r); /* (0, 1] */
}

static double normal(struct rng *r) {
    double radius = sqrt(-2 * log(uniform(r)));
    return radius * cos(6.283185307179586 * uniform(r));
}

/* Mean 1, variance 1/shape (Marsaglia and Tsang 2000); shape >= 1. */
static double gamma_of(struct rng *r, double shape) {
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);
    for (;;) {
        double x = normal(r);
        double v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(uniform(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v / shape;
    }
}

static uint32_t poisson(struct rng *r, double none) {
    uint32_t n = 0;
    double p = uniform(r);
    while (p > none) {
        p *= uniform(r);
        n++;
    }
    return n;
}

/* A morning and an afternoon hump, quiet nights, weekends at half; the mean over the week is 1. */
static double shape_at(int64_t since_ms) {
    double hour = (double)(since_ms % DAY_MS) / (double)HOUR_MS;
    double morning = exp(-(hour - 10.5) * (hour - 10.5) / 8);
    double afternoon = exp(-(hour - 15.5) * (hour - 15.5) / 12.5);
    double day = 0.3 + 1.6 * morning + 1.4 * afternoon;
    bool weekend = since_ms % (7 * DAY_MS) >= 5 * DAY_MS;
    return day * (weekend ? 0.5 : 1) / 0.8568;
}

static double factor_at(const struct arrivals_plan *plan, int64_t at) {
    double factor = 1;
    for (size_t i = 0; i < plan->event_count; i++) {
        const struct arrivals_event *e = &plan->events[i];
        if (at < e->from_at || at >= e->to_at)
            continue;
        double way = e->ramp ? (double)(at - e->from_at) / (double)(e->to_at - e->from_at) : 1;
        factor *= 1 + (e->factor - 1) * way;
    }
    return factor;
}

void arrivals_make(struct arrivals *a, const struct arrivals_plan *plan, struct rng *r) {
    a->steps = (size_t)(plan->days * (DAY_MS / ARRIVALS_STEP_MS));
    a->from_at = ARRIVALS_FROM;
    a->sums = calloc(a->steps + 1, sizeof(*a->sums));
    CHECK(a->sums);
    double noise = 1;
    double day = 1;
    double none = 1;
    for (size_t n = 0; n < a->steps; n++) {
        int64_t since_ms = (int64_t)n * ARRIVALS_STEP_MS;
        if (since_ms % DAY_MS == 0 && plan->day_cv2 > 0)
            day = gamma_of(r, 1 / plan->day_cv2);
        if (plan->cv2 > 0 && since_ms % plan->block_ms == 0)
            noise = gamma_of(r, 1 / plan->cv2);
        if (since_ms % MINUTE_MS == 0) {
            double rate = plan->per_slot / 90 * shape_at(since_ms) * noise * day;
            none = exp(-rate * factor_at(plan, a->from_at + since_ms));
        }
        a->sums[n + 1] = a->sums[n] + poisson(r, none);
    }
}

void arrivals_free(struct arrivals *a) {
    free(a->sums);
    *a = (struct arrivals){0};
}

static size_t step_of(const struct arrivals *a, int64_t at) {
    if (at <= a->from_at)
        return 0;
    size_t step = (size_t)((at - a->from_at) / ARRIVALS_STEP_MS);
    return step < a->steps ? step : a->steps;
}

int64_t arrivals_count(const struct arrivals *a, int64_t from_at, int64_t to_at) {
    return (int64_t)a->sums[step_of(a, to_at)] - (int64_t)a->sums[step_of(a, from_at)];
}
