/* Interactions that missed an objective, to be named in its alerts: of those before the step that
 * is being made the ten newest, and a bounded number of those that steps have not reached yet. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/alert.h"

#define EXAMPLES_PAST_MAX ALERT_INTERACTIONS_MAX
#define EXAMPLES_AHEAD_MAX 256

struct tenant_example {
    int64_t at;
    struct slice interaction_id; /* owned */
};

struct tenant_examples {
    struct tenant_example *items; /* owned; by `at`, then id */
    size_t count, capacity;
};

void tenant_examples_deinit(struct tenant_examples *e);

/* One missed, or did not after all (no effect where it is not known); step_at: the newest step. */
void tenant_examples_add(struct tenant_examples *e, int64_t at, struct slice id, int64_t step_at);
void tenant_examples_remove(struct tenant_examples *e, int64_t at, struct slice id);

/* Those of [from_at, to_at), the newest first. Views until the next change. */
void tenant_examples_show(const struct tenant_examples *e, int64_t from_at, int64_t to_at,
                          struct alert *alert);

void tenant_examples_save(const struct tenant_examples *e, struct buf *b);
void tenant_examples_load(struct tenant_examples *e, struct cursor *c); /* into none; it tells */
