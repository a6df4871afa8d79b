/* The demand judge of the processor, fed with arrivals: what it would have said. */
#pragma once

#include "arrivals.h"
#include "core/alert.h"

#define OURS_ALARMS_MAX 4096

struct ours_alarm {
    int64_t at;
    enum alert_kind kind;
    double observed, baseline, p;
    int64_t window_ms; /* 0: a ramp */
};

struct ours {
    struct ours_alarm alarms[OURS_ALARMS_MAX];
    size_t count;
};

struct ours_plan {
    double false_alarms_per_day; /* over all scopes */
    size_t scopes;
    int64_t min_excess;
};

/* All of the arrivals, one check each DEMAND_STEP_MS, windows 5, 15 and 60 minutes. */
void ours_judge(struct ours *o, const struct ours_plan *plan, const struct arrivals *a);
