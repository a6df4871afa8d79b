/* The alerts of parents, for all rules of a tenant. */
#pragma once

#include "tasks/tenant_state.h"

/* After the judges of a step, which stand between episode_book_hold and this: what fires is said,
 * or its parent is. */
void tenant_storms_settle(struct tenant *tenant, const struct judge_context *ctx, int64_t step_at);

/* The contract no longer has the rule in this scope: the parents end. */
void tenant_storms_drop_objective(const struct judge_context *ctx, const struct tenant_rule *r,
                                  int64_t at);
void tenant_storms_drop_demand(const struct judge_context *ctx, const struct tenant_demand *d,
                               int64_t at);
void tenant_storms_drop_feeds(const struct judge_context *ctx, int64_t at);
