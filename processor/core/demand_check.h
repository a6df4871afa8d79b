/* One look at a scope's arrivals: which of the rule's windows holds more or less than chance
 * explains, and whether a small rise has lasted. */
#pragma once

#include "core/baseline.h"
#include "core/contract.h"
#include "core/demand_day.h"
#include "core/judge_forecast.h"

#define DEMAND_STEP_MS (10 * SECOND_MS) /* checked at multiples of this */
/* How far back `count` is asked at most: the longest window or the slot that is learned late. */
#define DEMAND_LOOK_BACK_MS (4 * HOUR_MS)

/* Forecasts of just what the scope counts; series NULL: there are none. Of windows shorter than
 * their intervals they say nothing, beyond half an hour; nor of steps before the log had them. */
struct demand_plan {
    const struct forecast_series *series;
    const struct forecast_miss *miss;
};

/* OFFERED visits that the rule's `when` matches, in this scope, with QUEUED in [from_at, to_at);
 * both are multiples of DEMAND_STEP_MS. */
struct demand_source {
    void *context;
    int64_t (*count)(void *context, int64_t from_at, int64_t to_at);
    struct demand_plan plan;
};

#define DEMAND_RAMP DEMAND_WINDOWS_MAX /* index of the ramp; before it the rule's windows */
#define DEMAND_DAY (DEMAND_RAMP + 1)   /* of today so far */
#define DEMAND_CHECKS_MAX (DEMAND_DAY + 1)

/* The rise that goes on: evidence for half as much again, in quarters of an hour. */
struct demand_ramp {
    double evidence; /* log likelihood ratio; 0: none */
    double count, mean;
    int64_t since_at, judged_at; /* the quarters it is made of; INSTANT_NONE */
    bool rising;                 /* by the newest of them */
};

struct finding {
    int64_t from_at, to_at;
    int64_t count;
    struct expectation expected;
    bool known, from_contract; /* expected: at all; not from history */
    double p;                  /* of so many or more; drops: of so few or fewer */
    bool spike, drop;
};

struct demand_look {
    const struct demand_rule *rule;
    const struct contract *contract; /* its zone and its holidays */
    const struct demand_source *source;
    size_t scopes;        /* among which the rule's budget is shared */
    int64_t counted_from; /* counts before this are not whole */
    int64_t step_at;
    bool exact; /* p is wanted even where nothing is unusual */
    bool drops; /* too few is looked for too: what is not here yet cannot be taken for it */
};

/* False alarms a day that one scope is allowed. */
double demand_check_share(const struct demand_rule *rule, size_t scopes);

/* The tail probability below which a window is a spike, when arrivals vary beyond chance; where
 * they do not, it is smaller (they change more often). */
double demand_check_alpha(const struct demand_rule *rule, size_t scopes, int64_t window_ms);

void demand_check_window(const struct demand_look *look, const struct baseline *b, size_t index,
                         struct finding *f);

/* The smallest count that would have been a spike, the largest that would have been a drop. */
double demand_check_spike_from(const struct demand_look *look, size_t index,
                               const struct finding *f);
double demand_check_drop_to(const struct demand_look *look, const struct finding *f);

void demand_ramp_init(struct demand_ramp *ramp);

/* At each multiple of BASELINE_SLOT_MS the quarter that ended is added, unless it was forecast
 * in intervals of up to half an hour: FORECAST_MISS tells of hours, and so with days. */
void demand_check_ramp(const struct demand_look *look, const struct baseline *b,
                       struct demand_ramp *ramp, struct finding *f);

/* Today so far, as of the newest quarter. */
void demand_check_day(const struct demand_look *look, const struct baseline *b,
                      struct demand_day *day, struct finding *f);
