/* What people say about alerts: applied in the order of the log, and told in the audit trail. */
#pragma once

#include "tasks/tenant_state.h"

void tenant_commands_apply(struct tenant_task *t, const struct command *command);
