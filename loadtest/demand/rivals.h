/* What others do, on the same arrivals: a score per minute, and an alarm where it is above a limit.
 * The limit is the caller's, so that all are compared at one rate of false alarms. */
#pragma once

#include "arrivals.h"

enum rival { RIVAL_POISSON, RIVAL_EWMA, RIVAL_HOLT_WINTERS, RIVALS };

extern const char *const rival_names[RIVALS];

/* scores[m]: what is known at the end of minute m. `minutes` of them.
 * Poisson: the last 15 minutes in standard deviations of a Poisson count above the mean of the same
 * quarter hours of all weeks before. EWMA: a quarter hour in standard deviations above a moving
 * mean, both exponentially weighted (0.2). Holt-Winters: multiplicative, season of one week in
 * quarter hours (0.05, 0, 0.2), in standard deviations of its own errors at that level. */
void rivals_score(enum rival rival, const struct arrivals *a, float *scores, size_t minutes);

/* Alarms from from_at on: one begins where the score is above the limit and ends when it has not
 * been for half an hour. Returns how many; the first `most` are written. */
size_t rivals_alarms(const struct arrivals *a, const float *scores, size_t minutes, double limit,
                     int64_t from_at, int64_t *alarms_at, size_t most);
