/* What an objective is judged over: a rolling window, or a period of its tenant. A window here is
 * an enum window_id, or WINDOW_COUNT + enum period. */
#pragma once

#include "core/contract.h"
#include "core/period.h"

#define OBJECTIVE_WINDOW_COUNT ((unsigned)WINDOW_COUNT + (unsigned)PERIOD_COUNT)

const char *objective_window_name(unsigned window);

static inline bool objective_window_is_period(unsigned window) {
    return window >= WINDOW_COUNT;
}

static inline enum period objective_window_period(unsigned window) {
    return (enum period)(window - WINDOW_COUNT);
}

/* It is judged at multiples of this. */
int64_t objective_window_step_ms(unsigned window);

/* Begin of the window that ends at `end_at`: of a period under way its part up to there, and where
 * it ends just then all of it. */
int64_t objective_window_start(const struct contract *c, unsigned window, int64_t end_at);

/* True when a period ends at this step: nothing of it is judged afterwards. */
bool objective_window_is_over(const struct contract *c, unsigned window, int64_t step_at);

/* Both are periods of the same days, or both roll. */
bool objective_window_same_days(const struct contract *a, unsigned window_a,
                                const struct contract *b, unsigned window_b);
