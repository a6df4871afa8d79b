#include "core/period.h"

#include "base/check.h"
#include "base/civil.h"

const char *period_name(enum period p) {
#define PERIOD_NAME(symbol, name) name,
    static const char *const names[] = {PERIODS(PERIOD_NAME)};
    CHECK(p < PERIOD_COUNT);
    return names[p];
}

/* The local day, as days since 1970: where clocks go back over midnight, that of the first pass. */
static int64_t local_day(const struct zone *z, int64_t at) {
    int64_t start_at = zone_floor(z, at, DAY_MS);
    return instant_floor(start_at + zone_offset_ms(z, start_at), DAY_MS) / DAY_MS;
}

static int64_t first_day(enum period p, unsigned week_starts, int64_t day) {
    struct civil date = civil_of_days(day);
    switch (p) {
    case PERIOD_DAY: return day;
    case PERIOD_WEEK: return day - (civil_weekday(day) + 7 - week_starts) % 7;
    case PERIOD_MONTH: return day - date.day + 1;
    case PERIOD_QUARTER:
        return civil_days((struct civil){date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case PERIOD_COUNT: break;
    }
    UNREACHABLE("no such period");
}

static int64_t next_day(enum period p, int64_t first) {
    struct civil date = civil_of_days(first);
    int64_t months = p == PERIOD_MONTH ? 1 : 3;
    switch (p) {
    case PERIOD_DAY: return first + 1;
    case PERIOD_WEEK: return first + 7;
    default:
        date.month += months;
        if (date.month > 12)
            date = (struct civil){date.year + 1, date.month - 12, 1};
        return civil_days(date);
    }
}

int64_t period_start(enum period p, const struct zone *z, unsigned week_starts, int64_t at) {
    return zone_instant(z, first_day(p, week_starts, local_day(z, at)) * DAY_MS, false);
}

int64_t period_end(enum period p, const struct zone *z, unsigned week_starts, int64_t at) {
    int64_t first = first_day(p, week_starts, local_day(z, at));
    return zone_instant(z, next_day(p, first) * DAY_MS, false);
}
