#include "core/outlook.h"

#include <math.h>

#include "base/check.h"

double outlook_needed(double target, double expected, int64_t n, int64_t good) {
    double missing = target * ((double)n + expected) - (double)good;
    if (missing <= 0)
        return 0;
    return expected > 0 ? missing / expected : (double)INFINITY;
}

double outlook_burn(double target, double level) {
    return (1 - level) / (1 - target);
}

double outlook_burn_ceiling(double target) {
    return 1 / (1 - target);
}

/* For 80 % they are domain.md's 3, 2 and 1.2 times: half, a quarter, a twentieth of the way to the
 * ceiling. The longer the period, the longer the windows: a bad quarter of an hour is a thirtieth
 * of what a day allows, and of what a month does not a thousandth. */
size_t outlook_paces(enum period period, const struct outlook_pace **paces) {
    static const struct outlook_pace table[PERIOD_COUNT][OUTLOOK_PACES_MAX] = {
        [PERIOD_DAY] = {{15 * MINUTE_MS, 5 * MINUTE_MS, 0.5}, {HOUR_MS, 15 * MINUTE_MS, 0.25}},
        [PERIOD_WEEK] = {{HOUR_MS, 15 * MINUTE_MS, 0.5},
                         {4 * HOUR_MS, HOUR_MS, 0.25},
                         {24 * HOUR_MS, 4 * HOUR_MS, 0.05}},
        [PERIOD_MONTH] = {{4 * HOUR_MS, HOUR_MS, 0.5}, {24 * HOUR_MS, 4 * HOUR_MS, 0.25}},
        [PERIOD_QUARTER] = {{24 * HOUR_MS, 4 * HOUR_MS, 0.25}},
    };
    CHECK(period < PERIOD_COUNT);
    size_t count = 0;
    while (count < OUTLOOK_PACES_MAX && table[period][count].long_ms > 0)
        count++;
    *paces = table[period];
    return count;
}

double outlook_pace_burn(const struct outlook_pace *pace, double target) {
    return 1 + pace->depth * (outlook_burn_ceiling(target) - 1);
}

double outlook_pace_level(const struct outlook_pace *pace, double target) {
    return target * (1 - pace->depth);
}

int64_t outlook_recent_ms(enum period period) {
    return period == PERIOD_DAY ? HOUR_MS : 24 * HOUR_MS;
}
