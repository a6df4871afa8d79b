/* A site's time zone as a table of offsets, read once, so that no later step asks the C library. */
#ifndef FLOORSIM_ZONE_H
#define FLOORSIM_ZONE_H

#include <stdint.h>

enum { ZONE_HOURS = 400 * 24 };

struct zone {
    int64_t from_at;
    int16_t minutes[ZONE_HOURS]; /* east of UTC, for each hour from from_at */
};

/* Reads the zone's offsets for 400 days. Changes TZ while it works: call it before any thread
 * exists. A zone that the system does not know reads as UTC. */
void zone_init(struct zone *zone, const char *name, int64_t from_at);

/* Hour of the local week, 0 is Monday 00:00, and the minute in it. */
int zone_week_hour(const struct zone *zone, int64_t at, int *minute);

#endif
