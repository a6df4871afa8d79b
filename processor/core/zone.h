/* A time zone, compiled: offsets from UTC and since when. Made by config from the system's data. */
#pragma once

#include "base/instant.h"

struct zone_change {
    int64_t from_at; /* epoch ms; the first entry has INSTANT_NONE */
    int32_t offset_ms;
};

/* No changes at all is UTC. */
struct zone {
    struct slice name; /* "America/New_York" */
    struct zone_change *changes;
    size_t count;
};

int32_t zone_offset_ms(const struct zone *z, int64_t at);

/* The largest multiple of step_ms in the zone's local time that is not after `at`. */
int64_t zone_floor(const struct zone *z, int64_t at, int64_t step_ms);

/* The instant at which the zone's clocks show local_ms (epoch ms as if the zone were UTC). A time
 * that comes twice is the first one, or with `last` the second; one that is jumped over is the
 * instant of the jump. */
int64_t zone_instant(const struct zone *z, int64_t local_ms, bool last);
