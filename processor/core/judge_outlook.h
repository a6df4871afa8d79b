/* OBJECTIVE_AT_RISK and OBJECTIVE_UNRECOVERABLE: what becomes of an objective over a period if it
 * goes on like this, judged at its steps after the objective itself (docs/alerts.md has the rules).
 * What it makes of one can change at any step, and only there: the rest of the period grows
 * shorter. */
#pragma once

#include "base/cursor.h"
#include "core/judge.h"

/* Where the figures of one objective in one scope come from. */
struct objective_source {
    void *context;
    /* Of [from_at, to_at), multiples of 5 min. */
    void (*figure)(void *context, int64_t from_at, int64_t to_at, struct figure *figure);
    /* How many cases [from_at, to_at) will bring, and when so many of them will have come; to_at is
     * the end of a period. False: nobody knows. */
    bool (*expected)(void *context, int64_t from_at, int64_t to_at, double *cases);
    int64_t (*reaches)(void *context, int64_t from_at, int64_t to_at, double cases);
};

struct outlook_track {
    int64_t opened_at;    /* first step of the condition; INSTANT_NONE: it does not hold */
    int64_t condition_at; /* the step at which `hold` was met; INSTANT_NONE: not yet */
    int64_t clear_at;     /* firing: first step at which it was over; INSTANT_NONE */
    bool firing;
};

/* What the view shows of the step judged last. */
struct outlook_shown {
    bool known;
    double needed;   /* of the rest, as the metric counts; beyond 0 .. 1: it cannot be */
    double expected; /* cases still to come */
};

struct outlook_state {
    struct outlook_track at_risk, unrecoverable;
    struct outlook_shown shown;
};

/* True where there is anything to say: a share of cases over a period. */
bool judge_outlook_applies(const struct objective *objective);

void outlook_state_init(struct outlook_state *state);
void outlook_state_save(const struct outlook_state *state, struct buf *b);
void outlook_state_load(struct outlook_state *state, struct cursor *c); /* the cursor tells */

/* `so_far` is the figure of the period up to step_at; `missed`: OBJECTIVE_BREACH is open, beside
 * which nothing is at risk any more. At the step that ends the period what is open EXPIRES. */
void judge_outlook_step(const struct judge_context *ctx, const struct objective *objective,
                        const struct scope *scope, struct outlook_state *state,
                        const struct figure *so_far, const struct objective_source *source,
                        bool missed, int64_t step_at);

/* The first and the last step that any open episode rests on; false: none is open. */
bool judge_outlook_rests_on(const struct outlook_state *state, int64_t *from_at, int64_t *to_at);

/* Late events changed a step already judged: an episode that would not have opened is VOIDED. */
void judge_outlook_revise(const struct judge_context *ctx, const struct objective *objective,
                          const struct scope *scope, struct outlook_state *state,
                          const struct figure *so_far, const struct objective_source *source,
                          int64_t step_at, int64_t judged_at);

/* The contract no longer has the objective, or not as it was: episodes still open are VOIDED. */
void judge_outlook_drop(const struct judge_context *ctx, const struct objective *objective,
                        const struct scope *scope, struct outlook_state *state, int64_t at);
