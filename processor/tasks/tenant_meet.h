/* What is common to all that meets in the tenant task, and is counted there. */
#pragma once

#include "base/bands.h"
#include "base/cursor.h"
#include "core/report.h"

struct tenant_task;
struct tenant_leaf;

/* Into the pane of `at` where the leaf counts. It waits for more of the same report, of which much
 * is taken back again, until tenant_meet_settle. */
void tenant_meet_count(struct tenant_task *t, uint32_t leaf, int64_t at,
                       const struct report_count *counts, size_t count);
void tenant_meet_settle(struct tenant_task *t);

/* When the list of this key was over; INSTANT_MAX: something in it is open, or there is none. */
typedef int64_t tenant_over_fn(const struct bands *b, uint64_t key);

/* Keys of lists that are over, while they are known to be all: who is at the limit with nothing to
 * drop, or little, does not look at every list for each that comes. */
#define TENANT_OVER_MAX 4096
struct tenant_over {
    bool known;
    size_t count;
    uint64_t keys[TENANT_OVER_MAX]; /* some may be open again, or gone */
};

/* The list of this key has been written. */
void tenant_meet_written(struct tenant_over *o, const struct bands *b, uint64_t key,
                         tenant_over_fn *over);

/* With so many items lists that are over go, those that have been so for the longest first, until
 * seven eighths are left. Returns how many went. */
size_t tenant_meet_make_room(struct tenant_over *o, struct bands *b, uint32_t limit,
                             tenant_over_fn *over);

/* How many lists of how many items were saved; 0 of them when that cannot be. */
uint64_t tenant_meet_expect(struct bands *b, struct cursor *c);

/* The number of a leaf by its place in what is loaded. */
uint32_t tenant_meet_leaf(struct tenant_leaf *const *leaves, size_t leaf_count, struct cursor *c);
