/* STAFFING_GAP: with what comes now, a queue needs more agents than are planned to keep the target
 * of its objective. Erlang A, by live estimates of rate, handle time and patience. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/erlang.h"
#include "core/judge.h"

#define STAFFING_STEP_MS (5 * MINUTE_MS) /* judged at multiples of this */
#define STAFFING_HOLD_MS STAFFING_STEP_MS
#define STAFFING_CLEAR_MS (2 * STAFFING_STEP_MS)

/* What is known of a queue at a step. */
struct staffing_now {
    int64_t from_at, to_at; /* arrivals were counted there */
    int64_t arrivals;
    double handle_ms;   /* mean; 0: not known */
    double patience_ms; /* mean; ERLANG_ENDLESS: nobody gave up */
    double planned;     /* agents on duty, by the forecast; below 0: nobody says */
    double shrinkage;   /* of the forecast; below 0: nobody says */
    double busy;        /* agents seen at work */
    int64_t within_ms;  /* T of the objective */
};

struct staffing_state {
    int64_t opened_at; /* first step of the gap; INSTANT_NONE: there is none */
    int64_t calm_at;   /* first step in a row without; INSTANT_NONE */
    bool told;
};

void staffing_state_init(struct staffing_state *s);
void staffing_state_save(const struct staffing_state *s, struct buf *b);
void staffing_state_load(struct staffing_state *s, struct cursor *c);

/* True for objectives that agents answer for: service level, speed of answer, abandon rate. */
bool judge_staffing_is_for(const struct objective *o);

/* The fewest agents that keep the target at so many erlangs; -1: no number does. */
int64_t judge_staffing_needed(const struct judge_context *ctx, const struct objective *o,
                              const struct staffing_now *now, double offered);

void judge_staffing_step(const struct judge_context *ctx, const struct objective *o,
                         const struct scope *scope, struct staffing_state *s,
                         const struct staffing_now *now, int64_t step_at);

/* The objective is gone. */
void judge_staffing_drop(const struct judge_context *ctx, const struct objective *o,
                         const struct scope *scope, struct staffing_state *s, int64_t at);
