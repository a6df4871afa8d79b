/* FORECAST_MISS: more or less came to a queue than its forecast explains, by how much forecasts of
 * this queue have erred so far, at a rate of false alarms that the demand rule sets. */
#pragma once

#include "core/forecast_series.h"
#include "core/judge.h"

#define FORECAST_LENGTHS 3 /* looked at: the interval, an hour, four hours */
/* Judged so long after the end of an interval: what is a little late is in it. */
#define FORECAST_SETTLE_MS FORECAST_GRID_MS

/* How far sums over one length were off, fading: (came - forecast)^2 - forecast, forecast^2, 1. */
struct forecast_errors {
    double excess, squares, samples;
};

struct forecast_miss {
    struct forecast_errors errors[FORECAST_LENGTHS];
    int64_t judged_at; /* end of the newest interval that was judged; INSTANT_NONE */
    int64_t calm_at;   /* since then nothing is unusual; INSTANT_NONE */
    int64_t over_at;   /* stretches from before this hold what was told; INSTANT_NONE */
    bool told, more;   /* an episode is open: of more, or of less */
    /* What it was told for. */
    int64_t from_at, to_at;
    double size, alpha;
};

struct forecast_source {
    void *context;
    int64_t (*count)(void *context, int64_t from_at, int64_t to_at); /* who came */
    const struct forecast_series *series;
    int64_t from_at;       /* counts before this are not whole */
    size_t series_of_rule; /* share the rule's budget */
    bool heard;            /* the sites speak: what is missing did not happen */
};

/* What forecasts say of a stretch, and how far off sums over learned_ms, the least length that is
 * known and not shorter (or the longest known), were so far: variance = mean + mean^2 * cv2. */
struct forecast_view {
    double mean, cv2;
    int64_t learned_ms;
    int64_t longest_ms; /* of its intervals: within one, nothing is known of the course */
};

void forecast_miss_init(struct forecast_miss *m);
void forecast_miss_save(const struct forecast_miss *m, struct buf *b);
void forecast_miss_load(struct forecast_miss *m, struct cursor *c); /* the cursor tells */

/* By what the log had at known_at. False: some of it has no forecast. */
bool forecast_miss_expect(const struct forecast_miss *m, const struct forecast_series *series,
                          int64_t from_at, int64_t to_at, int64_t known_at,
                          struct forecast_view *view);

/* At each multiple of FORECAST_GRID_MS, in order. */
void judge_forecast_step(const struct judge_context *ctx, const struct demand_rule *rule,
                         const struct scope *scope, struct forecast_miss *m,
                         const struct forecast_source *source, int64_t step_at);

/* Counts or forecasts since from_at have changed: VOIDED where the alert would not have been. */
void judge_forecast_revise(const struct judge_context *ctx, const struct demand_rule *rule,
                           const struct scope *scope, struct forecast_miss *m,
                           const struct forecast_source *source, int64_t from_at, int64_t step_at);

/* The rule is gone. */
void judge_forecast_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                         const struct scope *scope, struct forecast_miss *m, int64_t at);
