/* What wallboards are shown: the sink that renders figures for Redis. Filled at the epoch cut. */
#pragma once

#include "core/kpi.h"
#include "core/metric.h"

/* One named figure; `field` is "answered" or "arrival.asa_ms" or "service_level.removed_within". */
struct view_figure {
    struct slice field;
    struct figure figure;
    enum unit unit;
};

/* False: it is a count or a gauge, and is shown as its value alone. */
static inline bool view_figure_has_parts(const struct view_figure *f) {
    return f->figure.numerator != ALERT_LONG_NONE && f->figure.denominator != ALERT_LONG_NONE;
}

struct view_now {
    int64_t waiting, in_service, backlog;
    int64_t oldest_waiting_at, oldest_open_at; /* INSTANT_NONE: absent */
};

/* One objective in one scope, as it was judged last. */
struct view_objective {
    struct slice rule, state;
    const struct scope *scope;
    const struct figure *figure;
    double target;
    int64_t window_end_at;
    bool has_outlook; /* a period of which it is known what is still to come */
    double needed;    /* of the rest */
    double expected;  /* cases still to come */
};

/* The sink; implemented by codec/view. Slices are views for the length of the call. */
struct view {
    void *context;
    void (*scope)(void *context, struct slice tenant, const struct scope *scope); /* exists */
    void (*now)(void *context, struct slice tenant, const struct scope *scope,
                const struct view_now *now, int64_t as_of);
    void (*kpi)(void *context, struct slice tenant, const struct scope *scope, struct slice window,
                const struct view_figure *figures, size_t count, int64_t as_of,
                double completeness);
    void (*minute)(void *context, struct slice tenant, const struct scope *scope, int64_t minute_at,
                   const struct view_figure *figures, size_t count);
    void (*objective)(void *context, struct slice tenant, const struct view_objective *objective);
    void (*alert)(void *context, const struct alert *alert, bool open); /* open or just ended */
    void (*meta)(void *context, struct slice tenant, int64_t as_of, int64_t lag_ms,
                 struct slice contract, int32_t contract_version);
    bool (*full)(void *context); /* what is left waits for the next filling; NULL: never */
};
