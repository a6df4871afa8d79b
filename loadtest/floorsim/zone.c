#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000 };

void zone_init(struct zone *zone, const char *name, int64_t from_at) {
    char tz[80];

    snprintf(tz, sizeof(tz), ":%s", name);
    setenv("TZ", tz, 1);
    tzset();
    zone->from_at = from_at - from_at % HOUR_MS;
    for (int i = 0; i < ZONE_HOURS; i++) {
        time_t seconds = (time_t)((zone->from_at + (int64_t)i * HOUR_MS) / 1000);
        struct tm tm;

        localtime_r(&seconds, &tm);
        zone->minutes[i] = (int16_t)(tm.tm_gmtoff / 60);
    }
    unsetenv("TZ");
    tzset();
}

int zone_week_hour(const struct zone *zone, int64_t at, int *minute) {
    int64_t hour = (at - zone->from_at) / HOUR_MS;
    int64_t local_minute;

    if (hour < 0)
        hour = 0;
    if (hour >= ZONE_HOURS)
        hour = ZONE_HOURS - 1;
    local_minute = at / MINUTE_MS + zone->minutes[hour];
    *minute = (int)(local_minute % 60);
    /* The epoch was a Thursday: three days into the week. */
    return (int)((local_minute / 60 + 3 * 24) % (7 * 24));
}
