/* One published figure: KpiSnapshot of the contract. */
#pragma once

#include "core/alert.h"
#include "core/scope.h"

struct kpi {
    struct slice tenant;
    const struct scope *scope;
    struct slice window; /* "30m" */
    int64_t window_start_at, window_end_at;
    struct slice metric, formula;
    double value; /* NaN: nothing to divide by */
    enum unit unit;
    int64_t numerator, denominator, sample; /* ALERT_LONG_NONE: null */
    double completeness;
    int32_t revision;
    bool final;
};
