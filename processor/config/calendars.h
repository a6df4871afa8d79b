/* `calendars`: checked, so that mistakes are found early; no clock runs by one as yet. */
#pragma once

#include "config/reader.h"

/* Into r->calendars. */
void calendars_read(struct reader *r, const struct tree_node *map);

/* "2026-12-25", a day that exists. */
bool calendars_is_date(struct slice text);
