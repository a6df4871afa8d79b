/* The audit trail of a tenant: which contract came into force when, and what it changed. */
#pragma once

#include "tasks/tenant_state.h"

/* After the change, which took effect at `at`: one record. */
/* seq and hashes are filled in. */
void tenant_audit_say(struct tenant_task *t, struct tenant *tenant, const struct audit *what);

void tenant_audit_change(struct tenant_task *t, struct tenant *tenant, const struct contract *was,
                         struct slice actor, int64_t at);

void tenant_audit_save(const struct tenant *tenant, struct buf *b);
void tenant_audit_load(struct tenant *tenant, struct cursor *c); /* the cursor tells */
