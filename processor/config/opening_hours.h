/* Opening hours as a contract says them - weekdays, holidays, exceptions in a zone's local time -
 * and how they become a calendar. */
#pragma once

#include "config/arena.h"
#include "core/calendar.h"
#include "core/zone.h"

#define OPENING_SPANS_MAX 8             /* of one day */
#define OPENING_FIRST_DAY INT64_C(7305) /* 1990-01-01 */
#define OPENING_END_DAY INT64_C(29220)  /* 2050-01-01 */

/* Local minutes of the day on which it opens; above 24 h: it closes on the next day. */
struct opening_span {
    int32_t from_min, to_min;
};

struct opening_day {
    struct opening_span spans[OPENING_SPANS_MAX];
    size_t count; /* 0: closed */
};

/* A date on which the weekly hours do not hold. */
struct opening_date {
    int64_t day; /* since 1970-01-01 */
    struct opening_day hours;
};

struct opening_hours {
    struct zone zone;
    struct opening_day week[7]; /* from Monday */
    struct opening_date *dates;
    size_t date_count;
};

/* Spans of the local days from 1990 to 2049, in the arena. A span belongs to the day on which it
 * opens. Local times that the zone's clocks jump over stand for the jump; of those that come twice
 * the first opens and the last closes (domain.md 3.4). Sorts the dates. */
void opening_hours_compile(struct opening_hours *o, struct arena *arena, struct calendar *c);
