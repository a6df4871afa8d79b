#include "tasks/tenant_closing.h"

#include "base/check.h"
#include "core/window.h"

unsigned tenant_closing_at(size_t index) {
    static const unsigned windows[TENANT_CLOSING_COUNT] = {
        WINDOW_15M,
        WINDOW_30M,
        WINDOW_1H,
        WINDOW_COUNT + PERIOD_DAY,
        WINDOW_COUNT + PERIOD_WEEK,
        WINDOW_COUNT + PERIOD_MONTH,
        WINDOW_COUNT + PERIOD_QUARTER,
    };
    CHECK(index < TENANT_CLOSING_COUNT);
    return windows[index];
}

struct slice tenant_closing_name(unsigned window) {
    return slice_of(window < WINDOW_COUNT ? window_spec((enum window_id)window)->name
                                          : period_name((enum period)(window - WINDOW_COUNT)));
}

int64_t tenant_closing_start(const struct contract *c, unsigned window, int64_t at) {
    if (window >= WINDOW_COUNT)
        return period_start((enum period)(window - WINDOW_COUNT), &c->zone, c->week_starts, at);
    return zone_floor(&c->zone, at, window_spec((enum window_id)window)->length_ms);
}

int64_t tenant_closing_end(const struct contract *c, unsigned window, int64_t at) {
    if (window >= WINDOW_COUNT)
        return period_end((enum period)(window - WINDOW_COUNT), &c->zone, c->week_starts, at);
    int64_t length_ms = window_spec((enum window_id)window)->length_ms;
    int64_t start = zone_floor(&c->zone, at, length_ms);
    int64_t end = start;
    for (int64_t at_most = start + length_ms; end <= start; at_most += length_ms)
        end = zone_floor(&c->zone, at_most, length_ms);
    return end;
}
