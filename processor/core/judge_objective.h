/* OBJECTIVE_BREACH: one objective in one scope, judged step by step with hold, clear, minimum
 * sample and expiry (CONTRACT *Windows and steps*). */
#pragma once

#include "base/cursor.h"
#include "core/judge.h"

struct objective_state {
    int64_t opened_at;    /* first step of the condition; INSTANT_NONE: it does not hold */
    int64_t condition_at; /* the step at which `hold` was met; INSTANT_NONE: not yet */
    int64_t below_at;     /* firing: first step below min_sample; INSTANT_NONE */
    int64_t clear_at;     /* firing: first step at or better than clear; INSTANT_NONE */
    bool firing;
    bool thin; /* the last step was below min_sample */
};

void objective_state_init(struct objective_state *state);
void objective_state_save(const struct objective_state *state, struct buf *b);
void objective_state_load(struct objective_state *state, struct cursor *c); /* cursor tells */

/* "ok", "pending", "firing" or "thin" (not enough sample to say): for the view. */
struct slice objective_state_name(const struct objective_state *state);

/* The figure of the window that ends at step_at. Steps come in order, each once. At the step that
 * ends a period what is open EXPIRES, and what is pending is forgotten. */
void judge_objective_step(const struct judge_context *ctx, const struct objective *objective,
                          const struct scope *scope, struct objective_state *state,
                          const struct figure *figure, int64_t step_at);

/* After the step at step_at, which left the state as it was: the instant from which on a step with
 * the same figure may do something. INSTANT_MAX: never. */
int64_t judge_objective_due(const struct contract *contract, const struct objective *objective,
                            const struct objective_state *state, int64_t step_at);

bool objective_state_equal(const struct objective_state *a, const struct objective_state *b);

/* A late event changed the figure of a step already judged: an episode that would not have opened
 * (the condition does not hold at this step of [opened_at, condition_at]) is VOIDED, with
 * resolved_at = judged_at, the newest step judged. Nothing else changes. */
void judge_objective_revise(const struct judge_context *ctx, const struct objective *objective,
                            const struct scope *scope, struct objective_state *state,
                            const struct figure *figure, int64_t step_at, int64_t judged_at);

/* The objective is gone (contract or scope changed): what is open is VOIDED at `at`. */
void judge_objective_drop(const struct judge_context *ctx, const struct objective *objective,
                          const struct scope *scope, struct objective_state *state, int64_t at);
