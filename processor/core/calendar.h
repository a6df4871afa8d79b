/* Hours of business, compiled: open spans in UTC with the open time before each, so that elapsed
 * business time and "the instant after so much of it" are one binary search each. Made by config
 * from weekly hours, holidays and a zone. */
#pragma once

#include "base/instant.h"
#include "base/slice.h"
#include "core/zone.h"

/* Open in [from_s, to_s), epoch seconds; before_s: open seconds in all spans before this one. */
struct calendar_span {
    uint32_t from_s, to_s, before_s;
};

/* A local day on which it opens, epoch days, and when it first does, epoch seconds. */
struct calendar_day {
    uint32_t day, opens_s;
};

/* Closed before the first span and after the last. */
struct calendar {
    struct slice name;
    struct calendar_span *spans; /* ascending, apart from each other */
    size_t count;
    struct calendar_day *days; /* ascending */
    size_t day_count;
    struct zone zone; /* of the days */
};

/* Open time within [from_at, to_at); 0 when to_at is not later. NULL is always open. */
int64_t calendar_open_ms(const struct calendar *c, int64_t from_at, int64_t to_at);

/* The first instant at which open_ms have been open since from_at, which itself is the answer for
 * 0; INSTANT_MAX: never. */
int64_t calendar_after(const struct calendar *c, int64_t from_at, int64_t open_ms);

bool calendar_is_open(const struct calendar *c, int64_t at);

/* It opens on the local day of `at`, or of so many weeks later. */
bool calendar_opens_on(const struct calendar *c, int64_t at, int weeks);

/* `at` when it is open then, else when it opens next; INSTANT_MAX: never. */
int64_t calendar_opens_at(const struct calendar *c, int64_t at);

/* The same local time so many open days later, counted from the next opening where it is closed
 * at from_at. A day begins with its first opening, and so holds its night. Local times that come
 * twice are the last, those that are jumped over the jump. INSTANT_MAX: never. */
int64_t calendar_days_after(const struct calendar *c, int64_t from_at, uint32_t days);
