/* Graves: of interactions that were forgotten, when their last event was.
 *
 * A closed interaction is forgotten long before `lateness` has passed (interaction_task.h). Until
 * then its events can still come again: a feed that replays yesterday's file. So of what is
 * forgotten a grave stays, 12 bytes of it: 80 bits made from (tenant, id), and the time of the last
 * event. The rule:
 *
 * - An event at or before that time is without effect: it is a repeat, or it comes too late to
 *   change what was folded. Which of the two cannot be told, since identities are forgotten too.
 * - A later event begins a new life of the interaction, as of one never heard of. The grave stays
 *   beside it, so that repeats of the former life find no way into the new one; when that is
 *   forgotten in turn, the grave takes over its time.
 * - Graves are kept by the minute of their time, and a minute goes when all of it is more than
 *   `lateness` before the clock: no event that they would turn away is taken any more.
 * - There are at most `limit`. Beyond it the oldest minute goes; what its graves would have turned
 *   away then counts as new.
 *
 * They lie as they are saved, minute by minute in the order of their burial: saving copies blocks.
 * Which graves there are, and in which order, depends on what was buried when, and on the time. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "base/instant.h"
#include "base/pool.h"
#include "base/table.h"

struct grave_minute {
    int64_t at;
    uint32_t first, last; /* blocks; POOL_NONE: none */
};

struct graves {
    struct pool blocks;
    struct table index;
    struct grave_minute *minutes; /* sorted, from first_minute on: what went leaves room in front */
    size_t first_minute, minute_count, minute_capacity;
    uint32_t count, limit;
};

/* Who is looked for: hash is record_hash of the other two. */
struct grave_name {
    uint64_t hash;
    struct slice tenant, id;
};

void graves_init(struct graves *g, uint32_t limit);
void graves_deinit(struct graves *g);

/* The event has to be turned away. Costs a comparison where it is newer than all graves. */
bool graves_hold(const struct graves *g, struct grave_name name, int64_t event_at);

/* Where there is a grave already, the later time stands. Returns how many graves were lost because
 * there were too many; 0 as a rule. */
size_t graves_bury(struct graves *g, struct grave_name name, int64_t last_at);

/* Minutes that end before from_at, or at it, go. */
void graves_forget(struct graves *g, int64_t from_at);

/* By the minute. */
void graves_save(const struct graves *g, struct buf *b);

/* Into graves that are empty; the cursor fails on bytes that graves_save does not write. */
void graves_load(struct graves *g, struct cursor *in);
