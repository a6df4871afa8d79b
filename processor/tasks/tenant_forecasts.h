/* What is expected of a tenant's queues, and what came of it: each version of each interval, the
 * arrivals beside it, and by how much it missed. */
#pragma once

#include "core/cell.h"
#include "core/forecast_series.h"
#include "core/outbox.h"
#include "core/scope.h"
#include "tasks/tenant_leaf.h"
#include "tasks/tenant_planned.h"

struct tenant;
struct tenant_task;

#define TENANT_FORECASTS_MAX 200000      /* versions kept, over all tenants of the task */
#define TENANT_FORECAST_SERIES_MAX 10000 /* queues that they are of */

/* An interval that is over, as it was counted. */
struct tenant_measured {
    int64_t start_at, end_at;
    int64_t came;
    int64_t volumes[FORECAST_LEAD_COUNT]; /* thousandths; FORECAST_NONE: no such version */
};

/* The forecasts of one queue, at one site or all, of one channel or all. */
struct tenant_forecast {
    struct tenant_leaf leaf; /* where it counts itself; empty names: all */
    struct scope scope;
    struct forecast_series series;
    struct cell *cell; /* of what comes to it */
    struct tenant_planned planned;
    int64_t from_at;                  /* counts of panes before this are not whole; INSTANT_NONE */
    struct tenant_measured *measured; /* owned; by start */
    size_t measured_count, measured_capacity;
    int64_t late_from_at; /* what ended since then is to be measured, or measured anew */
};

/* Of a record of the tenant log, before its rows; those of records before it were of panes up to
 * this one. */
void tenant_forecasts_hear(struct tenant_task *t, const struct forecast *said, int64_t heard_until);

/* True when what counts in this leaf counts there too. */
bool tenant_forecast_has(const struct tenant_forecast *f, const struct leaf *leaf);

/* That of just the visits that a rule's `when` leaves in a scope, or NULL. */
const struct tenant_forecast *tenant_forecast_of(const struct tenant *tenant, const struct match *m,
                                                 const struct scope *scope);

/* A row of this pane fell into it. */
void tenant_forecast_touch(const struct tenant_task *t, struct tenant_forecast *f, int64_t pane_at);

/* Before the other rules of the same step: what ended is measured, what changed is measured anew,
 * what is final is forgotten. Returns when the next step is due. */
int64_t tenant_forecasts_step(struct tenant_task *t, struct tenant *tenant, int64_t step_at);

/* Another contract is in force than in `before`: where it counts itself is looked up anew when it
 * does. */
void tenant_forecasts_turn(struct tenant *tenant, const struct judge_context *before, bool renamed,
                           int64_t at);

void tenant_forecasts_free(struct tenant *tenant);
void tenant_forecasts_save(const struct tenant *tenant, struct buf *b);
void tenant_forecasts_load(struct tenant_task *t, struct tenant *tenant, struct cursor *c);
