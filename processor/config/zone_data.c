#include "config/zone_data.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define FROM_S INT64_C(0)           /* 1970 */
#define UNTIL_S INT64_C(4102444800) /* 2100 */

static int interval_at(GTimeZone *tz, int64_t at_s) {
    int interval = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at_s);
    CHECK(interval >= 0);
    return interval;
}

#define GRAIN_S INT64_C(900) /* clocks change at whole quarters of an hour, nearly always */
#define YEAR_S (INT64_C(366) * 86400) /* and where they do, mostly twice a year */
#define WEEK_S (INT64_C(7) * 86400)

/* Bisects (low, high] down to `most_s`, by multiples of it; low is in the interval, high is not. */
static void narrow(GTimeZone *tz, int interval, int64_t most_s, int64_t *low, int64_t *high) {
    while (*high - *low > 2 * most_s) {
        int64_t middle = instant_floor(*low + (*high - *low) / 2, most_s);
        if (interval_at(tz, middle) == interval)
            *low = middle;
        else
            *high = middle;
    }
}

/* The second at which the interval of `at_s` is over; it is before UNTIL_S. */
static int64_t find_end(GTimeZone *tz, int interval, int64_t at_s) {
    int64_t low = at_s, high = UNTIL_S;
    if (at_s + YEAR_S < UNTIL_S && interval_at(tz, at_s + YEAR_S) != interval)
        high = at_s + YEAR_S;
    narrow(tz, interval, GRAIN_S, &low, &high);
    for (int64_t s = instant_floor(low, GRAIN_S) + GRAIN_S; s <= high; s += GRAIN_S)
        if (interval_at(tz, s) != interval && interval_at(tz, s - 1) == interval)
            return s;
    narrow(tz, interval, 1, &low, &high);
    return high - low > 1 && interval_at(tz, low + 1) != interval ? low + 1 : high;
}

/* Rules speak of weekdays: mostly clocks change whole weeks after they did a year before. */
static int64_t interval_end(GTimeZone *tz, int interval, int64_t at_s, int64_t year_before_s) {
    for (int weeks = 52; weeks <= 53; weeks++) {
        int64_t s = year_before_s + weeks * WEEK_S;
        if (s > at_s && s < UNTIL_S && interval_at(tz, s - 1) == interval &&
            interval_at(tz, s) != interval)
            return s;
    }
    return find_end(tz, interval, at_s);
}

/* Fills `changes`, where there is room for as many as there are intervals; returns how many there
 * are. Intervals that differ in their name alone are one. */
static size_t walk(GTimeZone *tz, struct zone_change *changes) {
    size_t count = 0;
    int last = interval_at(tz, UNTIL_S - 1);
    int64_t before_s = FROM_S; /* where the interval before began */
    for (int64_t at_s = FROM_S; at_s < UNTIL_S;) {
        int interval = interval_at(tz, at_s);
        int32_t offset_ms = (int32_t)(g_time_zone_get_offset(tz, interval) * 1000);
        int64_t from_at = count == 0 ? INSTANT_NONE : at_s * 1000;
        if (count == 0 || changes[count - 1].offset_ms != offset_ms)
            changes[count++] = (struct zone_change){from_at, offset_ms};
        int64_t end_s = interval == last ? UNTIL_S : interval_end(tz, interval, at_s, before_s);
        before_s = at_s;
        at_s = end_s;
    }
    return count;
}

/* Read at each call: that is seldom, and the data may have been brought up to date. */
void zone_data_version(char version[ZONE_DATA_VERSION_MAX]) {
    FILE *file = fopen("/usr/share/zoneinfo/tzdata.zi", "re");
    if (!file || fscanf(file, "# version %31[0-9a-zA-Z.-]", version) != 1)
        snprintf(version, ZONE_DATA_VERSION_MAX, "unknown");
    if (file)
        fclose(file);
}

/* GLib takes "", "+02:00" and rules of POSIX too: only names of the tz data are meant here. */
static bool is_name(struct slice name) {
    if (name.size == 0 || !g_ascii_isupper(name.at[0]))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        if (!g_ascii_isalnum(c) && c != '/' && c != '_' && c != '-' && c != '+')
            return false;
    }
    return true;
}

bool zone_data_load(struct slice name, struct arena *arena, struct zone *z) {
    *z = (struct zone){.name = arena_copy(arena, name)};
    if (slice_equal(name, SLICE("UTC")))
        return true;
    GTimeZone *tz = is_name(name) ? g_time_zone_new_identifier(z->name.at) : NULL;
    if (!tz)
        return false;
    size_t intervals = (size_t)(interval_at(tz, UNTIL_S) - interval_at(tz, FROM_S)) + 1;
    z->changes = arena_get(arena, intervals, sizeof(*z->changes));
    z->count = walk(tz, z->changes);
    g_time_zone_unref(tz);
    return true;
}
