/* `calendars`: the hours in which clocks run. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* Into c->calendars, and their names into r->calendars in the same order. */
void calendars_read(struct reader *r, const struct tree_node *map, struct contract *c);

/* "2026-12-25", a day that exists: days since 1970-01-01. */
MUST_USE bool calendars_parse_date(struct slice text, int64_t *day);
