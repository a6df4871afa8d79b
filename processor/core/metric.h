/* The figures that are published: formulas over counters, each with an id, a unit and parts. */
#pragma once

#include "core/alert.h"
#include "core/counter.h"

/* X(symbol, formula id): CONTRACT *Service level*. */
#define LEVEL_VARIANTS(X)                                                                          \
    X(ANSWERED_OF_OFFERED, "answered_of_offered") X(ABANDON_IGNORED, "abandon_ignored")            \
    X(ABANDON_POSITIVE, "abandon_positive") X(REMOVED_WITHIN, "removed_within")                    \
    X(SHORT_EXCLUDED, "short_excluded") X(ANSWERED_ONLY, "answered_only")

#define LEVEL_VARIANT_ENUM(symbol, name) VARIANT_##symbol,
enum level_variant { LEVEL_VARIANTS(LEVEL_VARIANT_ENUM) VARIANT_COUNT };

/* X(symbol, name, form, unit, has an arrival form): METRIC_SERVICE_LEVEL comes once per variant
 * and threshold besides. Forms: COUNT (one counter), MEAN (sum / count), RATIO, QUANTILE, GAUGE,
 * LEVEL. Parts are in metric.c's table. */
#define METRICS(X)                                                                                 \
    X(OFFERED, "offered", COUNT, COUNT, 1)                                                         \
    X(ANSWERED, "answered", COUNT, COUNT, 1)                                                       \
    X(ASA_MS, "asa_ms", MEAN, MILLIS, 1)                                                           \
    X(WAIT_P50_MS, "wait_p50_ms", QUANTILE, MILLIS, 1)                                             \
    X(WAIT_P90_MS, "wait_p90_ms", QUANTILE, MILLIS, 1)                                             \
    X(WAIT_P95_MS, "wait_p95_ms", QUANTILE, MILLIS, 1)                                             \
    X(ABANDONED, "abandoned", COUNT, COUNT, 1)                                                     \
    X(ABANDONED_SHORT, "abandoned_short", COUNT, COUNT, 1)                                         \
    X(FLOWED_OUT, "flowed_out", COUNT, COUNT, 1)                                                   \
    X(CALLBACKS, "callbacks", COUNT, COUNT, 1)                                                     \
    X(ABANDON_RATE, "abandon_rate", RATIO, RATIO, 1)                                               \
    X(SERVICE_LEVEL, "service_level", LEVEL, RATIO, 1)                                             \
    X(HANDLED, "handled", COUNT, COUNT, 1)                                                         \
    X(AHT_MS, "aht_ms", MEAN, MILLIS, 1)                                                           \
    X(TALK_MS, "talk_ms", MEAN, MILLIS, 1)                                                         \
    X(HOLD_MS, "hold_ms", MEAN, MILLIS, 1)                                                         \
    X(WRAP_MS, "wrap_ms", MEAN, MILLIS, 1)                                                         \
    X(HANDLE_P90_MS, "handle_p90_ms", QUANTILE, MILLIS, 1)                                         \
    X(TRANSFERRED, "transferred", COUNT, COUNT, 1)                                                 \
    X(TRANSFER_RATE, "transfer_rate", RATIO, RATIO, 1)                                             \
    X(FIRST_REPLY_MS, "first_reply_ms", MEAN, MILLIS, 0)                                           \
    X(FIRST_REPLY_P90_MS, "first_reply_p90_ms", QUANTILE, MILLIS, 0)                               \
    X(NEXT_REPLY_MS, "next_reply_ms", MEAN, MILLIS, 0)                                             \
    X(RESOLUTION_MS, "resolution_ms", MEAN, MILLIS, 0)                                             \
    X(RESOLUTION_P90_MS, "resolution_p90_ms", QUANTILE, MILLIS, 0)                                 \
    X(REOPENED, "reopened", COUNT, COUNT, 0)                                                       \
    X(REOPEN_RATE, "reopen_rate", RATIO, RATIO, 0)                                                 \
    X(ITEMS_AT_RISK, "items_at_risk", COUNT, COUNT, 0)                                             \
    X(ITEMS_BREACHED, "items_breached", COUNT, COUNT, 0)                                           \
    X(ATTAINMENT, "attainment", RATIO, RATIO, 0)                                                   \
    X(WAITING, "waiting", GAUGE, COUNT, 0)                                                         \
    X(IN_SERVICE, "in_service", GAUGE, COUNT, 0)                                                   \
    X(BACKLOG, "backlog", GAUGE, COUNT, 0)                                                         \
    X(JOURNEYS, "journeys", COUNT, COUNT, 0)                                                       \
    X(JOURNEY_WAIT_MS, "journey_wait_ms", MEAN, MILLIS, 0)                                         \
    X(JOURNEY_HANDLE_MS, "journey_handle_ms", MEAN, MILLIS, 0)                                     \
    X(JOURNEY_TRANSFERS, "journey_transfers", COUNT, COUNT, 0)                                     \
    X(JOURNEY_TRANSFER_RATE, "journey_transfer_rate", RATIO, RATIO, 0)                             \
    X(JOURNEY_RESOLUTION_MS, "journey_resolution_ms", MEAN, MILLIS, 0)                             \
    X(EFFORT_MS, "effort_ms", MEAN, MILLIS, 0)                                                     \
    X(CONCURRENCY, "concurrency", MEAN, COUNT, 0)                                                  \
    X(FORECAST_WAPE, "forecast_wape", RATIO, RATIO, 0)                                             \
    X(FORECAST_BIAS, "forecast_bias", RATIO, RATIO, 0)                                             \
    X(FORECAST_WAPE_1D, "forecast_wape.lead_1d", RATIO, RATIO, 0)                                  \
    X(FORECAST_BIAS_1D, "forecast_bias.lead_1d", RATIO, RATIO, 0)                                  \
    X(FORECAST_WAPE_7D, "forecast_wape.lead_7d", RATIO, RATIO, 0)                                  \
    X(FORECAST_BIAS_7D, "forecast_bias.lead_7d", RATIO, RATIO, 0)

#define METRIC_ENUM(symbol, name, form, unit, arrival) METRIC_##symbol,
enum metric { METRICS(METRIC_ENUM) METRIC_COUNT };

const char *metric_name(enum metric m);
/* "arrival.asa_ms"; the metric must have this attribution. */
const char *metric_name_by(enum metric m, enum attribution a);
const char *level_variant_name(enum level_variant v);
bool metric_parse(struct slice name, enum metric *m);
/* Takes "arrival." off the name of a metric; BY_EVENT where there is none. */
enum attribution metric_take_attribution(struct slice *name);
bool level_variant_parse(struct slice name, enum level_variant *v);
enum unit metric_unit(enum metric m);
bool metric_is_of_forecasts(enum metric m);
/* Of cases, each of which is one or is not: never above the whole. */
bool metric_is_share(enum metric m);

enum metric_form { FORM_COUNT, FORM_MEAN, FORM_RATIO, FORM_QUANTILE, FORM_GAUGE, FORM_LEVEL };

#define METRIC_TERMS_MAX 3

/* A sum of counters; sign 0 ends it. */
struct metric_term {
    int8_t sign;
    uint8_t counter; /* enum counter */
};

/* What a metric is made of. Levels: the counters of their threshold besides (CONTRACT). */
struct metric_parts {
    enum metric_form form;
    struct metric_term over[METRIC_TERMS_MAX];  /* numerator, or the count itself */
    struct metric_term under[METRIC_TERMS_MAX]; /* denominator */
    uint8_t histogram;                          /* of quantiles: enum histogram_id */
    int32_t per_mille;
    int32_t fineness; /* the numerator is counted in such parts; 0: whole */
};

/* NULL: the metric has no such attribution. */
const struct metric_parts *metric_parts(enum metric m, enum attribution a);

/* A figure with its parts. For means and ratios numerator / denominator; for counts and gauges
 * the value alone; quantiles have value and sample. */
struct figure {
    bool present; /* false: nothing to divide by */
    double value;
    int64_t numerator, denominator; /* ALERT_LONG_NONE for counts and gauges */
    int64_t sample;                 /* ALERT_LONG_NONE for counts and gauges */
};
