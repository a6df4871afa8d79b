/* What is common to all that meets in the tenant task, and is counted there. */
#pragma once

#include "base/bands.h"
#include "base/cursor.h"
#include "core/report.h"

struct tenant_task;
struct tenant_leaf;

/* Into the pane of `at` where the leaf counts; what is 0 is left out. */
void tenant_meet_count(struct tenant_task *t, uint32_t leaf, int64_t at,
                       const struct report_count *counts, size_t count);

/* Something that is over. */
struct tenant_past {
    int64_t ended_at;
    uint64_t key;
};

void tenant_meet_sort(struct tenant_past *past, size_t count); /* by end, then key */

/* How many are left of so many when room is made: seven of eight. */
uint32_t tenant_meet_goal(uint32_t limit);

/* How many lists of how many items were saved; false when that cannot be, or is nothing. */
struct tenant_saved {
    uint64_t lists, items;
};
bool tenant_meet_expect(struct bands *b, struct cursor *c, struct tenant_saved *saved);

/* The number of a leaf by its place in what is loaded. */
uint32_t tenant_meet_leaf(struct tenant_leaf *const *leaves, size_t leaf_count, struct cursor *c);
