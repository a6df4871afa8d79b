/* What people say about alerts: applied in the order of the log, each when the tenant's time is
 * there, and told in the audit trail. */
#pragma once

#include "tasks/tenant_state.h"

/* It waits for its time. When TENANT_COMMANDS_MAX do, the one that has waited longest is applied
 * ahead of it (commands_early). */
#define TENANT_COMMANDS_MAX 4096
void tenant_commands_hear(struct tenant_task *t, const struct command *command);

/* Time passes up to `until_at`, no step falls into it: those whose time has come are applied one by
 * one, each after what was due before it. */
bool tenant_commands_pass(struct tenant_task *t, int64_t until_at);

void tenant_commands_deinit(struct tenant_waiting *w);
void tenant_commands_save(const struct tenant_waiting *w, struct buf *b);
MUST_USE bool tenant_commands_load(struct tenant_waiting *w, struct cursor *c, struct err *err);
