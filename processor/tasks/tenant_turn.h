/* Contracts change: by a reload (tenant_task_change_contracts), or because a version's time has
 * come. */
#pragma once

#include "tasks/tenant_state.h"

/* Each tenant goes over to what is in force for it at `at`, the newest step: from here on that is
 * what judges. `actor` stands in the audit trail; empty: nothing was in force before. */
void tenant_turn_all(struct tenant_task *t, struct slice actor, int64_t at);
