/* Roll-up: so many children of a parent that fire at once are one alert of the parent, and are
 * SUPPRESSED by it. The queues of a site are the site's children (and whatever is finer than a
 * site), sites are the tenant's, and so is what fixes no site. */
#pragma once

#include "core/judge.h"

struct roll_up_child {
    const struct scope *scope;
    bool judged; /* there is something to judge: it counts in the share. What fires does anyway */
};

/* After the judges of a step (episode_book_hold to _release): parents begin, are updated and end,
 * and their children are suppressed or come back. `children`: all scopes of the rule, each fixing
 * the same, by scope_compare. */
void episode_roll_up(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                     const struct roll_up_child *children, size_t count, int64_t step_at);

/* The rule is judged no more: the parents of this child end. Children that stand all the same are
 * left to the next step. */
void episode_roll_up_drop(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                          const struct scope *child, int64_t at);

/* After episode_roll_up of all rules of the step: who is left without a parent comes back. */
void episode_roll_up_orphans(const struct judge_context *ctx);
