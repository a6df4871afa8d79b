/* Everything known about one partition of `interactions`: open interactions, their clocks, timers.
 * A deterministic state machine (DESIGN 2): bytes and effects depend only on the records in their
 * order, their log times, and the contracts. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/contract.h"
#include "core/event.h"
#include "core/gauge.h"
#include "core/outbox.h"
#include "core/report.h"

struct interaction_task_options {
    int32_t partition;
    int64_t grace_ms;
    int64_t reorder_ms;
    int64_t lateness_ms;
    int64_t max_skew_ms;
    uint32_t open_limit;                  /* interactions kept at most, see below */
    struct leaf_dict *leaves;             /* shared, outlives the task */
    const struct contract_set *contracts; /* outlives the task */
    bool without_ages; /* nobody asks for the oldest waiting and open: there are no gauges */
};

/* Counted since the task was made; for /metrics, not part of the state. X(name, meaning) */
#define INTERACTION_TASK_COUNTS(X)                                                                 \
    X(events, "events applied")                                                                    \
    X(duplicates, "events without effect: their identity was known, or see after_burial")          \
    X(after_burial, "events not newer than the last one of an interaction that is forgotten")      \
    X(graves_lost, "forgotten interactions whose repeats would count: too many in `lateness`")     \
    X(out_of_order, "events that came after a later one of their interaction")                     \
    X(other_journeys, "events that name another journey than the first of their interaction")      \
    X(restated, "interactions whose contribution was taken back and made anew")                    \
    X(revisions, "events that came in place of an earlier revision of themselves")                 \
    X(revisions_old, "events refused because a later revision of them was known")                  \
    X(records, "whole records (RECORD_SNAPSHOT) by which a visit was restated")                    \
    X(records_old, "whole records without effect: a newer one, a newer visit, or none is known")   \
    X(dead_letters, "events refused")                                                              \
    X(feeds_left_out, "records that were no sign of their site's life: too many sites at once")    \
    X(timers, "timers fired, and closed interactions forgotten at their time")                     \
    X(aged_out, "interactions that never ended")                                                   \
    X(refused_open, "interactions not kept because open_limit was reached")

#define INTERACTION_TASK_COUNT_FIELD(name, meaning) uint64_t name;
struct interaction_task_counts {
    INTERACTION_TASK_COUNTS(INTERACTION_TASK_COUNT_FIELD)
};

/* What is bounded, and what happens then:
 * - Closed interactions are kept for an hour after their last event (or `reorder`, if longer),
 *   those that were resolved for a day: repeats, late news and REOPENED find them. At open_limit
 *   the one whose last event is the oldest goes first; when all are open, a new interaction is
 *   refused: counted, and its event a dead letter (TOO_LARGE).
 * - Of what is forgotten, the time of the last event is kept until `lateness` has passed, for up to
 *   four times open_limit interactions: an event that is not newer is a repeat, or too late to
 *   change anything, and has no effect (interaction_graves.h).
 * - An interaction's tail holds 256 events; a further one folds the oldest instant early.
 * - An impossible event stays in the tail; it is a dead letter (IMPOSSIBLE_MOVE) when `reorder` has
 *   passed, with its bytes if it was impossible when it came.
 * - The first journey that an event names is its interaction's; of what was folded for good before
 *   that, the last visit and leg alone are part of it.
 * - FEEDS_MAX sites are noted between two calls of interaction_task_take_feeds: records of further
 *   ones count, but not as a sign of life of their site. */
struct interaction_task; /* opaque */

struct interaction_task *interaction_task_new(const struct interaction_task_options *options);
void interaction_task_free(struct interaction_task *t);

/* One event, which event_is_valid: whoever decodes it sees to that. Time passes to its log time
 * first. Dead letters: TOO_LATE, FUTURE. Its hash is that of its names, or 0. */
void interaction_task_apply(struct interaction_task *t, const struct record_place *place,
                            const struct event *event, struct outbox *out);

/* These events, INTERACTION_EXPECT_MAX at most, will come soon: what they look up is brought near,
 * for all of them side by side, by the hash that each then carries. Changes nothing else. */
#define INTERACTION_EXPECT_MAX 32u
void interaction_task_expect(const struct interaction_task *t, struct event *events, size_t count);

/* A record that says nothing but its log time: a Tick, or a record of a type not used here. */
void interaction_task_tick(struct interaction_task *t, int64_t log_at, struct outbox *out);

/* A record that could not be decoded: time passes, and a dead letter says why. `sender` is who is
 * told of it, as far as that is known. */
void interaction_task_reject(struct interaction_task *t, const struct record_place *place,
                             const struct record_sender *sender, enum dead_letter_reason reason,
                             struct slice detail, struct outbox *out);

/* The input has ended (--until-end): the clock goes to final_clock, all timers fire. */
void interaction_task_finish(struct interaction_task *t, int64_t final_clock, struct outbox *out);

/* Of one tenant's versions that is in force which the clock says: another takes over at its own
 * instant, as in a change. */

/* Other contracts are in force from now on: those of `leaves`, whose dictionary the task uses from
 * here on (all that it has counted since must be in `out`'s deltas under ids of it). For tenants
 * whose contract says something else all that came so far is folded for good, and its effects go
 * out: clocks go on, are retargeted, voided or begun. Repeats are still known. */
void interaction_task_change_contracts(struct interaction_task *t, struct leaf_dict *leaves,
                                       struct outbox *out);

/* Running maximum of log time less grace; INSTANT_NONE before the first record. */
int64_t interaction_task_clock(const struct interaction_task *t);
bool interaction_task_ended(const struct interaction_task *t);
int64_t interaction_task_newest_log_at(const struct interaction_task *t); /* INSTANT_NONE: none */

/* The clock at which the next timer fires or contract takes over, or INSTANT_MAX. A tick is due
 * when the wall clock less grace reaches it. */
int64_t interaction_task_next_due(const struct interaction_task *t);

/* Hands over the gauges of the leaves whose oldest waiting or oldest open changed since the last
 * call. A task that was just loaded hands over all. Returns the count; *gauges is valid until the
 * next call on the task. */
size_t interaction_task_take_gauges(struct interaction_task *t, const struct gauge **gauges);

/* Sites heard since the last call, in the order of (tenant, site); valid until the next call. */
size_t interaction_task_take_feeds(struct interaction_task *t, const struct report_feed **feeds);

/* What was heard so far was told when it was read for the first time. */
void interaction_task_forget_feeds(struct interaction_task *t);

size_t interaction_task_open(const struct interaction_task *t); /* interactions open */
const struct interaction_task_counts *interaction_task_counts(const struct interaction_task *t);

/* The whole state as canonical bytes, appended; equal states give equal bytes. */
void interaction_task_save(const struct interaction_task *t, struct buf *b);

/* Into a task that was just made. On false the task must be freed. */
MUST_USE bool interaction_task_load(struct interaction_task *t, struct slice bytes,
                                    struct err *err);
