/* The outbox that a tenant task's effects pass through: they are counted on their way. */
#pragma once

#include "tasks/tenant_state.h"

struct counting_outbox {
    struct outbox outbox; /* its context is this struct */
    struct outbox *inner;
    struct tenant_task *task;
};

/* The outbox for the call that is under way; `c` and `inner` outlive it. */
struct outbox *tenant_counting_begin(struct counting_outbox *c, struct tenant_task *t,
                                     struct outbox *inner);
