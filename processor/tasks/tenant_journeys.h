/* Where the interactions of one journey meet, whichever source partitions they are of. What it
 * comes to is a function of what was told last of each of them: any change takes the old figures
 * back and counts the new ones. */
#pragma once

#include "base/bands.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"
#include "core/report.h"
#include "tasks/tenant_meet.h"

/* What is bounded, and what happens then:
 * - A journey is forgotten when nothing can change it any more: JOURNEY_GAP_MS and `lateness` after
 *   it was over. What it came to stays counted.
 * - TENANT_JOURNEYS_MAX interactions are kept. At that the journeys that have been over the longest
 *   go first, an eighth of all at a time; when all are open, a further interaction counts in no
 *   journey until there is room.
 * - One journey has JOURNEY_MEMBERS_MAX interactions; further ones count in none. */
#define TENANT_JOURNEYS_MAX 200000u
#define JOURNEY_MEMBERS_MAX 64

struct tenant_task;
struct tenant_leaf;

struct tenant_journeys {
    struct bands members; /* by journey, in journey_compare's order */
    struct tenant_over over;
    uint32_t limit; /* TENANT_JOURNEYS_MAX, or what a test says */
};

void tenant_journeys_init(struct tenant_journeys *j);
void tenant_journeys_deinit(struct tenant_journeys *j);

/* The leaf is that of the row. */
void tenant_journeys_hear(struct tenant_task *t, const struct tenant_leaf *leaf,
                          const struct journey_row *row);

/* At a step. */
void tenant_journeys_forget(struct tenant_task *t);

/* `ranks` gives the place of a leaf among those that are saved, by its number; when it is loaded,
 * `leaves` has them in that order. */
void tenant_journeys_save(const struct tenant_task *t, const uint32_t *ranks, struct buf *b);
MUST_USE bool tenant_journeys_load(struct tenant_task *t, struct tenant_leaf *const *leaves,
                                   size_t leaf_count, struct cursor *c, struct err *err);
