#include "core/objective_window.h"

#define PERIOD_STEP_MS (5 * MINUTE_MS) /* as of every window above 4h */

const char *objective_window_name(unsigned window) {
    return objective_window_is_period(window) ? period_name(objective_window_period(window))
                                              : window_spec((enum window_id)window)->name;
}

int64_t objective_window_step_ms(unsigned window) {
    return objective_window_is_period(window) ? PERIOD_STEP_MS
                                              : window_spec((enum window_id)window)->step_ms;
}

int64_t objective_window_start(const struct contract *c, unsigned window, int64_t end_at) {
    if (!objective_window_is_period(window))
        return end_at - window_spec((enum window_id)window)->length_ms;
    return period_start(objective_window_period(window), &c->zone, c->week_starts, end_at - 1);
}

bool objective_window_is_over(const struct contract *c, unsigned window, int64_t step_at) {
    return objective_window_is_period(window) &&
           period_end(objective_window_period(window), &c->zone, c->week_starts, step_at - 1) <=
               step_at;
}

bool objective_window_same_days(const struct contract *a, unsigned window_a,
                                const struct contract *b, unsigned window_b) {
    if (objective_window_is_period(window_a) != objective_window_is_period(window_b))
        return false;
    return !objective_window_is_period(window_a) ||
           (slice_equal(a->zone.name, b->zone.name) && a->week_starts == b->week_starts);
}
