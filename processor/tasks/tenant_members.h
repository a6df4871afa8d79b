/* Who an objective's figure is made of: the leaves of its scope, each with its own part of the
 * counts, so that an alert can say what drives it. Of one leaf, the head, the part is what the
 * others leave of the whole; so a rule of a single leaf costs nothing. */
#pragma once

#include "base/table.h"
#include "tasks/tenant_scope.h"

struct tenant_leaf;
struct tenant_rule;
struct judge_context;

struct tenant_member {
    const struct tenant_leaf *leaf; /* lives as long as the task */
    struct cell *cell;              /* NULL: the head, or the metric has no parts */
};

struct tenant_members {
    struct tenant_member **items; /* owned, each allocated alone */
    size_t count, capacity;
    struct table by_leaf; /* places in items; only where there are many */
};

void tenant_members_deinit(struct tenant_members *m);

/* The leaf counts in this rule from here on: its member, which lives as long as the rule does. */
struct tenant_member *tenant_members_join(struct tenant_rule *r, const struct tenant_leaf *leaf);

/* What a leaf's part in its rule is saved as, and back: the cursor tells. */
void tenant_member_save(const struct tenant_member *m, struct buf *b);
void tenant_member_load(struct tenant_member *m, const struct tenant_rule *r, struct cursor *c);

/* Of a rule just made, whose history goes on from another one's, which stands at step_at. */
void tenant_members_take_over(struct tenant_rule *r, const struct tenant_rule *from,
                              int64_t step_at);

/* Largest first, at most ALERT_CONTRIBUTORS_MAX: values of the dimensions that the scope leaves
 * open, and their shares in what [from_at, to_at) lacks. Views until the leaves go. */
void tenant_members_contribute(const struct tenant_rule *r, const struct judge_context *ctx,
                               int64_t from_at, int64_t to_at, struct alert *alert);
