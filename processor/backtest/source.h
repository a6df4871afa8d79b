/* Past events through the real interaction task: what it tells the tenants of one folder of
 * contracts, or of several that ask the same of an interaction.
 *
 * Every step that an event moves the clock past is told before that event is applied, as it is
 * live, where ticks let time pass. Steps are told some at a time where that makes no difference:
 * where nothing but sums came, and none of them for a step that was over when it came. */
#pragma once

#include "core/contract.h"
#include "core/dead_letter.h"
#include "core/event.h"
#include "core/report.h"

struct source_options {
    int64_t grace_ms, reorder_ms, lateness_ms, max_skew_ms;
    uint32_t open_limit, scope_limit;
    const struct contract_set *contracts; /* outlives the source */
    bool all_figures;                     /* not only what the objectives ask for is told */
};

/* What is told: sums and whatever else comes first, then time passes from clock to clock. */
struct source_news {
    const struct report *report; /* without clocks */
    const struct report_clock *clocks;
    size_t clock_count;
};

typedef void source_hear_fn(void *context, const struct source_news *news);

struct source; /* opaque */

struct source *source_new(const struct source_options *options, source_hear_fn *hear,
                          void *context);
void source_free(struct source *s);

/* Before the first event: whoever hears this source will hear of these contracts too. False when
 * they ask something else of an interaction than its own do, or when there are too many T. */
bool source_join(struct source *s, const struct contract_set *contracts, source_hear_fn *hear,
                 void *context);

/* These events will come next: what is known of their interactions is brought near, by the hash
 * that each then carries. Optional. */
void source_expect(const struct source *s, struct event *events, size_t count);

/* One event, which event_is_valid; its time in the log and its offset count, what else stands in
 * `place` does not. */
void source_event(struct source *s, const struct record_place *place, const struct event *event);

/* The input has ended: the clock goes to final_clock (INSTANT_NONE: newest log time + lateness +
 * 2 h, as `floorwalker run --until-end` does it). */
void source_finish(struct source *s, int64_t final_clock);

const uint64_t *source_dead_letters(const struct source *s); /* by enum dead_letter_reason */
struct slice source_first_letter(const struct source *s);    /* what was wrong with it; or empty */
