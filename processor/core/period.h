/* The periods by which people settle accounts: day, week, month and quarter in a tenant's zone. */
#pragma once

#include "core/zone.h"

/* X(symbol, name of the period under way) */
#define PERIODS(X) X(DAY, "today") X(WEEK, "week") X(MONTH, "month") X(QUARTER, "quarter")
#define PERIOD_ENUM(symbol, name) PERIOD_##symbol,
enum period { PERIODS(PERIOD_ENUM) PERIOD_COUNT };

const char *period_name(enum period p);

/* Begin of the period that contains `at`, an instant of a local midnight or, where there is none,
 * of the jump over it; week_starts: 0 is Monday. */
int64_t period_start(enum period p, const struct zone *z, unsigned week_starts, int64_t at);

/* Its end, which is the begin of the next. */
int64_t period_end(enum period p, const struct zone *z, unsigned week_starts, int64_t at);
