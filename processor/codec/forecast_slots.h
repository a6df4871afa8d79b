/* Which fields of ForecastInterval go where in struct forecast. */
#pragma once

#include "codec/event_slots.h"
#include "core/forecast.h"

/* A forecast, and what of its envelope is looked at. */
struct forecast_record {
    struct forecast forecast;
    struct slice event_id;
    int64_t event_at;
};

extern const struct slot_table forecast_slots;

/* False with the reason when it lacks something or cannot be: it is a dead letter then. Fills in
 * what stands in the envelope. */
MUST_USE bool forecast_record_complete(struct forecast_record *r, struct err *err);
