/* One folder of contracts tried on past events: the real tasks of one source partition (source.h)
 * and one partition of the tenant log, without a log between them.
 *
 * Every step that an event moves the clock past is judged before that event is applied, as it is
 * live, where ticks let time pass; so the same events always give the same judgements, however fast
 * they are read. */
#pragma once

#include "backtest/attainment.h"
#include "backtest/episodes.h"
#include "core/dead_letter.h"
#include "core/event.h"
#include "core/kpi.h"
#include "tasks/interaction_task.h"

/* As the settings of the same names. */
struct trial_options {
    int64_t grace_ms, reorder_ms, lateness_ms, max_skew_ms, max_alert_age_ms;
    uint32_t open_limit, scope_limit;
    const struct contract_set *contracts; /* outlives the trial */
    /* NULL: figures are not made, which is faster. Else each that the processor would publish with
     * `publish: all`, as it is made. */
    void (*figure)(void *context, const struct kpi *kpi);
    void *figure_context;
};

struct trial; /* opaque */

struct trial *trial_new(const struct trial_options *options);
void trial_free(struct trial *t);

/* These events will come next: what is known of their interactions is brought near, by the hash
 * that each then carries. Optional. */
#define TRIAL_EXPECT_MAX INTERACTION_EXPECT_MAX
void trial_expect(const struct trial *t, struct event *events, size_t count);

/* Before the first event: from here on t hears what the leader does, and is not fed by itself.
 * False, and nothing changed, when the contracts of the two ask different things of an interaction,
 * or when figures are made. The leader, which follows nobody, is freed after t. */
bool trial_follow(struct trial *t, struct trial *leader);

/* One event, which event_is_valid; its time in the log and its offset count, what else stands in
 * `place` does not. */
void trial_event(struct trial *t, const struct record_place *place, const struct event *event);

/* The input has ended: the clock goes to final_clock (INSTANT_NONE: newest log time + lateness +
 * 2 h, as `floorwalker run --until-end` does it). */
void trial_finish(struct trial *t, int64_t final_clock);

/* What came of it; belongs to the trial. */
struct attainment *trial_attainment(struct trial *t);
struct episodes *trial_episodes(struct trial *t);
const uint64_t *trial_dead_letters(const struct trial *t); /* by enum dead_letter_reason */
uint64_t trial_journeys_left_out(const struct trial *t);   /* interactions, for lack of room */
uint64_t trial_efforts_left_out(const struct trial *t);    /* legs of agents, likewise */
struct slice trial_first_letter(const struct trial *t);    /* what was wrong with it; or empty */
