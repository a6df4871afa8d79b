/* Time zones from the system's tz data, compiled into changes from 1970 to 2100. */
#pragma once

#include "config/arena.h"
#include "core/zone.h"

/* False when the system knows no zone of this IANA name. The changes are in the arena. */
MUST_USE bool zone_data_load(struct slice name, struct arena *arena, struct zone *z);
