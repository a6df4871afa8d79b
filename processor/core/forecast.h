/* What somebody expects of a queue in one interval: ForecastInterval of the contract. */
#pragma once

#include "base/err.h"
#include "base/instant.h"
#include "base/slice.h"

#define FORECAST_GRID_MS (5 * MINUTE_MS) /* intervals begin and end on it */
#define FORECAST_INTERVAL_MAX_MS DAY_MS
#define FORECAST_AHEAD_MAX_MS (400 * DAY_MS) /* beyond the record that brings it */
#define FORECAST_VOLUME_MAX 1e9
#define FORECAST_NONE (-1) /* of what may be absent */

/* Slices are views. */
struct forecast {
    struct slice tenant, vendor, site, queue; /* vendor and site: empty is all */
    struct slice forecast_id;
    uint8_t channel; /* enum channel; UNKNOWN is all */
    bool superseded;
    int32_t version;
    int64_t published_at;
    int64_t start_at, interval_ms;
    double volume;       /* visits expected */
    int64_t aht_ms;      /* or FORECAST_NONE */
    double required_fte; /* agents on duty; or FORECAST_NONE */
    double shrinkage;    /* [0, 1), or FORECAST_NONE */
    double p10, p90;     /* of the volume, or FORECAST_NONE */
    int64_t log_at;      /* when the log had it */
};

/* False with the reason when it cannot be what it says. */
MUST_USE bool forecast_is_valid(const struct forecast *f, struct err *err);

/* False with the reason when it begins too far ahead of log_at, its record's. */
MUST_USE bool forecast_is_near(const struct forecast *f, int64_t log_at, struct err *err);
