#include "codec/forecast_slots.h"

/* X(field, kind, member, count of enum symbols) */
#define FORECAST_SLOTS(X)                                                                          \
    X(event_id, TEXT, event_id, 0)                                                                 \
    X(tenant_id, TEXT, forecast.tenant, 0)                                                         \
    X(vendor_id, TEXT, forecast.vendor, 0)                                                         \
    X(site_id, TEXT, forecast.site, 0)                                                             \
    X(event_at, LONG, event_at, 0)                                                                 \
    X(forecast_id, TEXT, forecast.forecast_id, 0)                                                  \
    X(version, INT, forecast.version, 0)                                                           \
    X(published_at, LONG, forecast.published_at, 0)                                                \
    X(queue_id, TEXT, forecast.queue, 0)                                                           \
    X(channel, ENUM, forecast.channel, CHANNEL_COUNT)                                              \
    X(interval_start_at, LONG, forecast.start_at, 0)                                               \
    X(interval_ms, LONG, forecast.interval_ms, 0)                                                  \
    X(volume, DOUBLE, forecast.volume, 0)                                                          \
    X(aht_ms, LONG, forecast.aht_ms, 0)                                                            \
    X(required_fte, DOUBLE, forecast.required_fte, 0)                                              \
    X(shrinkage, DOUBLE, forecast.shrinkage, 0)                                                    \
    X(p10, DOUBLE, forecast.p10, 0)                                                                \
    X(p90, DOUBLE, forecast.p90, 0)                                                                \
    X(superseded, FLAG, forecast.superseded, 0)

#define SLOT(field, kind, member, symbols)                                                         \
    {#field, SLOT_##kind, offsetof(struct forecast_record, member), symbols},
static const struct event_slot slots[] = {FORECAST_SLOTS(SLOT)};

static const struct forecast_record blank = {
    .forecast = {.published_at = INSTANT_NONE,
                 .start_at = INSTANT_NONE,
                 .volume = FORECAST_NONE, /* it has no default: such a record is refused */
                 .aht_ms = FORECAST_NONE,
                 .required_fte = FORECAST_NONE,
                 .shrinkage = FORECAST_NONE,
                 .p10 = FORECAST_NONE,
                 .p90 = FORECAST_NONE,
                 .log_at = INSTANT_NONE},
    .event_at = INSTANT_NONE,
};

const struct slot_table forecast_slots = {
    .slots = slots,
    .count = sizeof(slots) / sizeof(slots[0]),
    .size = sizeof(blank),
    .blank = &blank,
};

bool forecast_record_complete(struct forecast_record *r, struct err *err) {
    struct forecast *f = &r->forecast;
    if (f->forecast_id.size == 0)
        f->forecast_id = r->event_id;
    if (f->published_at == INSTANT_NONE)
        f->published_at = r->event_at;
    return forecast_is_valid(f, err);
}
