/* "2026-11-27T17:30" on the clocks of a zone, and back. */
#pragma once

#include "base/err.h"
#include "core/zone.h"

/* Also takes what instant_parse takes, which says its zone itself. */
MUST_USE bool local_time_parse(struct slice text, const struct zone *z, int64_t *at,
                               struct err *err);

/* Without seconds and milliseconds where they are 0; text has room for at least 32 bytes. */
void local_time_format(int64_t at, const struct zone *z, char text[32]);
