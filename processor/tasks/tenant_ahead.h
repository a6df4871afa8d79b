/* Rows of panes in which another version of the contract will be in force: what it counts and
 * judges is there only when the tenant's steps have come to it, so they are held apart until then.
 * As many as the sources are ahead of the slowest one. */
#pragma once

#include "tasks/tenant_state.h"

/* True when the row is held: not to be counted now. */
bool tenant_ahead_hold(const struct tenant_leaf *leaf, const struct report *report,
                       const struct report_row *row);

/* Hands out every held row, in the order in which they came, and forgets them: whoever takes
 * them may hold them again. The report has the one leaf and row, and is valid within the call. */
typedef void tenant_ahead_fn(struct tenant_task *t, struct tenant_leaf *leaf,
                             const struct report *report, const struct report_row *row);
void tenant_ahead_release(struct tenant_task *t, struct tenant *tenant, tenant_ahead_fn *take);

/* Of bytes that were saved: false when they are none of ours. */
bool tenant_ahead_is_whole(struct slice bytes);
