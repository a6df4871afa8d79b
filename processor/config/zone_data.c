#include "config/zone_data.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define FROM_S INT64_C(0)           /* 1970 */
#define UNTIL_S INT64_C(4102444800) /* 2100 */
#define STRIDE_S INT64_C(86400)     /* no zone changes twice within a day */

static int32_t offset_ms(GTimeZone *tz, int64_t at_s) {
    int interval = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at_s);
    CHECK(interval >= 0);
    return (int32_t)(g_time_zone_get_offset(tz, interval) * 1000);
}

/* The second at which the offset changes: after `low`, at most `high`. */
static int64_t change_between(GTimeZone *tz, int64_t low, int64_t high) {
    int32_t before = offset_ms(tz, low);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_ms(tz, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Fills `changes` when it is not NULL; returns how many there are. */
static size_t walk(GTimeZone *tz, struct zone_change *changes) {
    size_t count = 0;
    int32_t offset = offset_ms(tz, FROM_S);
    if (changes)
        changes[0] = (struct zone_change){INSTANT_NONE, offset};
    for (int64_t at_s = FROM_S; at_s < UNTIL_S; at_s += STRIDE_S) {
        int32_t next = offset_ms(tz, at_s + STRIDE_S);
        if (next == offset)
            continue;
        count++;
        if (changes)
            changes[count] = (struct zone_change){change_between(tz, at_s, at_s + STRIDE_S) * 1000,
                                                  next};
        offset = next;
    }
    return count + 1;
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
    z->count = walk(tz, NULL);
    z->changes = arena_get(arena, z->count, sizeof(*z->changes));
    walk(tz, z->changes);
    g_time_zone_unref(tz);
    return true;
}
