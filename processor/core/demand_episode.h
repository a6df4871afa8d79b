/* How unusual demand is said: the alert of a finding, and its end. */
#pragma once

#include "core/demand_check.h"
#include "core/judge.h"

struct demand_since {
    int64_t opened_at;    /* the first check that was unusual */
    int64_t condition_at; /* the first that was to be told */
};

/* `check`: index of the window, or DEMAND_RAMP. False: refused. */
bool demand_episode_fire(const struct judge_context *ctx, const struct demand_look *look,
                         const struct scope *scope, enum alert_kind kind, struct demand_since since,
                         size_t check, const struct finding *f);

/* `f`: the shortest window as it is now. No effect when none is open. */
void demand_episode_resolve(const struct judge_context *ctx, const struct demand_rule *rule,
                            const struct scope *scope, enum alert_kind kind,
                            const struct finding *f, int64_t step_at);
