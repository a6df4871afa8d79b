/* DEMAND_SPIKE: arrivals far above what this hour of the week brings, at a false-alarm rate that
 * the contract sets. Negative-binomial upper tail over the rule's windows, by event time. */
#pragma once

#include "core/baseline.h"
#include "core/judge.h"

#define DEMAND_STEP_MS (10 * SECOND_MS) /* checked at multiples of this */
/* How far back `count` is asked at most: the longest window or the slot that is learned late. */
#define DEMAND_LOOK_BACK_MS (4 * HOUR_MS)

/* OFFERED visits that the rule's `when` matches, in this scope, with QUEUED in [from_at, to_at);
 * both are multiples of DEMAND_STEP_MS. */
struct demand_source {
    void *context;
    int64_t (*count)(void *context, int64_t from_at, int64_t to_at);
};

struct demand_state {
    struct baseline baseline;
    int64_t opened_at;     /* first check of the condition; INSTANT_NONE: it does not hold */
    int64_t calm_at;       /* firing: first calm check in a row; INSTANT_NONE */
    int64_t alerted_until; /* slots that start before this hold alerted demand: not learned */
    bool firing;
};

/* `first_at`: when the scope was first seen; earlier slots are not learned as empty. */
void demand_state_init(struct demand_state *state, int64_t first_at);
void demand_state_deinit(struct demand_state *state);
void demand_state_save(const struct demand_state *state, struct buf *b);
MUST_USE bool demand_state_load(struct demand_state *state, struct cursor *c);

/* One check at step_at (a multiple of DEMAND_STEP_MS; in order, each once). `scopes`: how many the
 * rule is checked in at present; they share its budget of false alarms. */
void judge_demand_step(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state,
                       const struct demand_source *source, size_t scopes, int64_t step_at);

/* The tail probability below which one check fires. */
double judge_demand_alpha(const struct demand_rule *rule, size_t scopes);

/* The rule is gone: what is open is VOIDED at `at`. */
void judge_demand_drop(const struct judge_context *ctx, const struct demand_rule *rule,
                       const struct scope *scope, struct demand_state *state, int64_t at);
