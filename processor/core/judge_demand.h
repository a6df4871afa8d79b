/* DEMAND_SPIKE and DEMAND_DROP: arrivals far above or below what this hour of the week brings, at
 * a rate of false alarms that the contract sets. By event time: when something came does not
 * matter. */
#pragma once

#include "core/demand_check.h"
#include "core/judge.h"

#define DEMAND_PAST_MAX 12

/* A condition in one direction, from its first check to the end of its calm. */
struct demand_watch {
    int64_t opened_at; /* first check of the condition; INSTANT_NONE: it does not hold */
    int64_t news_at;   /* first check at which it was more than what this scope is like */
    int64_t calm_at;   /* first calm check in a row; INSTANT_NONE */
    bool told;         /* an episode is open */
};

/* A rise that is over: by how much more at most, for each check. */
struct demand_past {
    int64_t at;
    float excess[DEMAND_CHECKS_MAX];
};

struct demand_state {
    struct baseline baseline;
    struct demand_ramp ramp;
    struct demand_day day;
    struct demand_watch up, down;
    float excess[DEMAND_CHECKS_MAX]; /* of the rise that goes on */
    struct demand_past past[DEMAND_PAST_MAX];
    uint8_t past_at;                     /* the next one to be written */
    int64_t counted_from;                /* when the scope was first seen */
    int64_t alerted_until;               /* slots that start before this hold alerted demand */
    int64_t unheard_from, unheard_until; /* the last silence; INSTANT_NONE: none yet */
    int64_t shadow_until;                /* what any silence kept back may come until then */
};

/* `first_at`: when the scope was first seen; earlier slots are not learned as empty. */
void demand_state_init(struct demand_state *state, int64_t first_at);
void demand_state_deinit(struct demand_state *state);
void demand_state_save(const struct demand_state *state, struct buf *b);
MUST_USE bool demand_state_load(struct demand_state *state, struct cursor *c);

/* One check at step_at (a multiple of DEMAND_STEP_MS; in order, each once). `scopes`: how many the
 * rule is checked in at present; they share its budget of false alarms. `heard`: the sites behind
 * it speak, so that what is missing did not happen. */
void judge_demand_step(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state,
                       const struct demand_source *source, size_t scopes, bool heard,
                       int64_t step_at);

/* The rule is gone: what is open is VOIDED at `at`. */
void judge_demand_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state, int64_t at);
