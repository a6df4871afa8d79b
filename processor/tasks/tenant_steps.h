/* Time passes: steps are judged one by one up to the clock of the sources. */
#pragma once

#include "tasks/tenant_state.h"

/* Returns what tenant_steps_due says then; INSTANT_NONE before the first clock. */
int64_t tenant_steps_pass(struct tenant_task *t);

/* The next step that may do something, or an earlier timer of an episode. */
int64_t tenant_steps_due(const struct tenant_task *t);

/* What was judged and not told yet (outbox.judged). */
void tenant_steps_tell_judged(struct tenant_task *t);

/* After rows: what late ones make of episodes that are open. */
void tenant_steps_revise(struct tenant_task *t);
