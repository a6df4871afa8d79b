/* Where the legs of one agent meet who has several at a time, whichever source partitions they are
 * of. What each costs him is a function of what was told last of all of them: any change takes the
 * old figures back and counts the new ones. An agent is one within a tenant. */
#pragma once

#include "base/bands.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"
#include "core/effort.h"
#include "tasks/tenant_meet.h"

/* What is bounded, and what happens then:
 * - A leg is forgotten when it ended more than `lateness` ago, and no leg that may still change was
 *   open beside it. What it came to stays counted.
 * - TENANT_LEGS_MAX legs are kept. At that those of agents who have nothing open and were done the
 *   longest ago go first, an eighth of all at a time; when all have something open, a further leg
 *   is left out until there is room.
 * - One agent has EFFORT_LEGS_MAX legs within that time; further ones are left out. */
#define TENANT_LEGS_MAX 200000u
#define EFFORT_LEGS_MAX 1000

struct tenant_task;
struct tenant_leaf;

struct tenant_efforts {
    struct bands legs; /* by agent, in effort_compare's order */
    struct tenant_over over;
    uint32_t limit; /* TENANT_LEGS_MAX, or what a test says */
};

void tenant_efforts_init(struct tenant_efforts *e);
void tenant_efforts_deinit(struct tenant_efforts *e);

/* The leaf is that of the row. */
void tenant_efforts_hear(struct tenant_task *t, const struct tenant_leaf *leaf,
                         const struct effort_row *row);

/* At a step. */
void tenant_efforts_forget(struct tenant_task *t);

/* As tenant_journeys.h. */
void tenant_efforts_save(const struct tenant_task *t, const uint32_t *ranks, struct buf *b);
MUST_USE bool tenant_efforts_load(struct tenant_task *t, struct tenant_leaf *const *leaves,
                                  size_t leaf_count, struct cursor *c, struct err *err);
