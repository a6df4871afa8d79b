/* Time zones from the system's tz data, compiled into changes from 1970 to 2100. */
#pragma once

#include "config/arena.h"
#include "core/zone.h"

#define ZONE_DATA_VERSION_MAX 32

/* The version of the system's tz data, "2025b"; "unknown" where it does not tell. */
void zone_data_version(char version[ZONE_DATA_VERSION_MAX]);

/* False when the system knows no zone of this IANA name. The changes are in the arena. */
MUST_USE bool zone_data_load(struct slice name, struct arena *arena, struct zone *z);
