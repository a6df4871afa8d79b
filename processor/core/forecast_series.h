/* All that was forecast of one queue: every version of each interval, until nobody asks for it. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/forecast.h"

/* X(symbol, how long before the interval a version must have been published): what the accuracy of
 * forecasts is measured by. Metrics and counters have one row for each. */
#define FORECAST_LEADS(X) X(NONE, 0) X(DAY, DAY_MS) X(WEEK, 7 * DAY_MS)

#define FORECAST_LEAD_ENUM(symbol, lead_ms) FORECAST_LEAD_##symbol,
enum forecast_lead { FORECAST_LEADS(FORECAST_LEAD_ENUM) FORECAST_LEAD_COUNT };

/* One version of one interval; what may be absent is FORECAST_NONE. */
struct forecast_version {
    int64_t start_at, published_at;
    int64_t log_at; /* when the log had it, or what it took the place of */
    uint64_t id;    /* hash of forecast_id */
    int32_t version;
    int32_t interval_ms;
    double volume, required_fte, shrinkage, p10, p90;
    int64_t aht_ms;
    bool superseded;
};

struct forecast_series {
    struct forecast_version *versions; /* owned; by start, publication, version, id */
    size_t count, capacity;
    int32_t longest_ms; /* no interval is longer */
};

/* What is expected of a stretch of time. */
struct forecast_sum {
    double volume;
    bool told;          /* p10 and p90 are known of all of it */
    double p10, p90;    /* where they are: as if all erred together */
    int64_t longest_ms; /* of the intervals that it is made of */
};

void forecast_series_init(struct forecast_series *s);
void forecast_series_deinit(struct forecast_series *s);

struct forecast_version forecast_version_of(const struct forecast *f);

/* The last of one forecast_id, version and interval stands. A newer one of another length takes the
 * place of those that it overlaps, and an older one has none. Returns by how many there are more
 * now: 1, 0 or fewer. */
long forecast_series_put(struct forecast_series *s, const struct forecast_version *v);

/* Where there is room for no more: the version published first of those of intervals that start
 * then goes. Returns true when it is not this one. */
bool forecast_series_make_room(struct forecast_series *s, const struct forecast_version *v);

/* The newest version of the interval that starts then which was published `lead_ms` before it or
 * earlier, or NULL. With lead_ms 0: nor superseded; it is the one that counts for the interval. */
const struct forecast_version *forecast_series_at(const struct forecast_series *s, int64_t start_at,
                                                  int64_t lead_ms);

/* Of the interval that `at` is in: the one that counts for it by what the log had at known_at
 * (INSTANT_MAX: all), or NULL. */
const struct forecast_version *forecast_series_holding(const struct forecast_series *s, int64_t at,
                                                       int64_t known_at);

/* What counts for [from_at, to_at) by what the log had at known_at, parts of intervals by their
 * length. False: some of it has no forecast. */
bool forecast_series_expect(const struct forecast_series *s, int64_t from_at, int64_t to_at,
                            int64_t known_at, struct forecast_sum *sum);

/* The first version of the first interval that starts then or later, or NULL. */
const struct forecast_version *forecast_series_from(const struct forecast_series *s,
                                                    int64_t start_at);

/* Those that ended by then are forgotten; returns how many versions. */
size_t forecast_series_forget(struct forecast_series *s, int64_t until_at);

/* Equal contents give equal bytes. Load goes into a series just made. */
void forecast_series_save(const struct forecast_series *s, struct buf *b);
void forecast_series_load(struct forecast_series *s, struct cursor *c);
