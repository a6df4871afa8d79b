/* Instants (epoch milliseconds UTC) and durations (milliseconds): constants, floors, texts. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

#define INSTANT_NONE INT64_MIN /* no such instant */
#define INSTANT_MAX INT64_MAX
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* instant_floor of what lies before 1970. */
int64_t instant_floor_before(int64_t at, int64_t step_ms);

/* The largest multiple of step_ms that is not after `at` (also before 1970). Called all the time,
 * with steps that the compiler knows: unsigned, a division takes half the instructions. */
static inline int64_t instant_floor(int64_t at, int64_t step_ms) {
    if (at < 0)
        return instant_floor_before(at, step_ms);
    return (int64_t)((uint64_t)at / (uint64_t)step_ms) * step_ms;
}

/* "2026-11-27T17:30:00.123Z"; text has room for at least 32 bytes. */
void instant_format(int64_t at, char text[32]);

/* RFC 3339 with a zone, or epoch milliseconds. */
MUST_USE bool instant_parse(struct slice text, int64_t *at, struct err *err);

/* "1500ms", "20s", "15m", "4h", "30d" and sums like "1h30m" to milliseconds. */
MUST_USE bool duration_parse(struct slice text, int64_t *duration_ms, struct err *err);

/* The shortest of those texts for a duration; text has room for at least 32 bytes. */
void duration_format(int64_t duration_ms, char text[32]);
