#include "core/forecast.h"

#include <math.h>

#include "core/event.h"

/* Also false for what is no number. */
static bool is_within(double value, double least, double most) {
    return value >= least && value <= most;
}

static bool is_absent(double value) {
    return value <= FORECAST_NONE && value >= FORECAST_NONE;
}

static bool interval_is_valid(const struct forecast *f, struct err *err) {
    if (f->interval_ms <= 0 || f->interval_ms > FORECAST_INTERVAL_MAX_MS ||
        f->interval_ms % FORECAST_GRID_MS != 0)
        return err_set(err, "interval_ms is %lld; multiples of 5 min up to a day are right",
                       (long long)f->interval_ms);
    if (f->start_at <= 0 || f->start_at > EVENT_AT_MAX || f->start_at % FORECAST_GRID_MS != 0)
        return err_set(err, "interval_start_at is no multiple of 5 min from 1970 to 2199");
    return true;
}

bool forecast_is_valid(const struct forecast *f, struct err *err) {
    if (f->tenant.size == 0 || f->queue.size == 0)
        return err_set(err, "%s is missing; every ForecastInterval needs it",
                       f->tenant.size == 0 ? "tenant_id" : "queue_id");
    if (f->forecast_id.size == 0)
        return err_set(err, "forecast_id and event_id are missing; a ForecastInterval needs one");
    if (f->published_at == INSTANT_NONE)
        return err_set(err, "published_at and event_at are missing; a ForecastInterval needs one");
    if (!interval_is_valid(f, err))
        return false;
    if (!is_within(f->volume, 0, FORECAST_VOLUME_MAX))
        return err_set(err, "volume must be a number from 0 to 1e9");
    if (f->aht_ms != FORECAST_NONE && (f->aht_ms <= 0 || f->aht_ms > DAY_MS))
        return err_set(err, "aht_ms is %lld; more than 0, up to a day is right",
                       (long long)f->aht_ms);
    if (!is_absent(f->required_fte) && !is_within(f->required_fte, 0, FORECAST_VOLUME_MAX))
        return err_set(err, "required_fte must be a number from 0 to 1e9");
    if (!is_absent(f->shrinkage) && !is_within(f->shrinkage, 0, 0.99))
        return err_set(err, "shrinkage must be a share from 0 to 0.99");
    if (is_absent(f->p10) && is_absent(f->p90))
        return true;
    if (is_within(f->p10, 0, FORECAST_VOLUME_MAX) && is_within(f->p90, f->p10, FORECAST_VOLUME_MAX))
        return true;
    return err_set(err, "p10 and p90 must both be there, from 0 to 1e9, p10 not above p90");
}

bool forecast_is_near(const struct forecast *f, int64_t log_at, struct err *err) {
    if (f->start_at - log_at <= FORECAST_AHEAD_MAX_MS)
        return true;
    return err_set(err, "interval_start_at is %lld days after the record; at most %lld are right",
                   (long long)((f->start_at - log_at) / DAY_MS),
                   (long long)(FORECAST_AHEAD_MAX_MS / DAY_MS));
}
