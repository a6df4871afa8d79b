/* What is judged of a queue that has a forecast: whether it came so, and whether those who are
 * planned are enough. */
#pragma once

#include "core/judge_forecast.h"
#include "core/judge_staffing.h"

struct tenant;
struct tenant_forecast;
struct tenant_task;

#define TENANT_WAITED_SLOTS 48 /* of STAFFING_STEP_MS: patience is that of so long */

struct tenant_planned {
    /* The first in the contract that covers all of the queue; NULL: none does. No part of the
     * state. */
    const struct demand_rule *rule;
    const struct objective *objective;

    struct forecast_miss miss;
    struct staffing_state staffing;
    int64_t waited_ms[TENANT_WAITED_SLOTS]; /* by all who waited in it; the newest is written */
    int64_t waited_at;                      /* start of the newest; INSTANT_NONE */
    /* Who waited and was served before this queue had a place of its own left it uncounted: the
     * lowest that the gauges have been is nobody. */
    int64_t waiting_low, busy_low;
};

void tenant_planned_init(struct tenant_planned *p);

/* All visits of the queue fit, not only some. */
bool tenant_planned_covers(const struct match *m, const struct tenant_forecast *f);

/* Looks up what the contract asks for. */
void tenant_planned_find(struct tenant_forecast *f, const struct contract *contract);

/* Another contract is in force: what is judged no more, or by another name, ends. */
void tenant_planned_turn(struct tenant_forecast *f, const struct contract *now,
                         const struct judge_context *before, bool renamed, int64_t at);

/* At each step: who waits now. The cell stands at it. */
void tenant_planned_sample(struct tenant_forecast *f, int64_t step_at);

/* At each multiple of FORECAST_GRID_MS. `changed_at`: counts since then have changed. */
void tenant_planned_step(struct tenant_task *t, struct tenant *tenant, struct tenant_forecast *f,
                         size_t series_of_rule, int64_t changed_at, int64_t step_at);

void tenant_planned_save(const struct tenant_planned *p, struct buf *b);
void tenant_planned_load(struct tenant_planned *p, struct cursor *c);
