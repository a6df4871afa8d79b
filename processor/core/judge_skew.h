/* FEED_SKEWED: what a site sends is dated otherwise than it is written, by more than
 * feeds.skewed_after and for a while: its clock is wrong, or its events are sent late. */
#pragma once

#include "core/judge_feed.h"

/* Judged are the last so many FEED_STEP_MS of log time in which the site was heard. */
#define SKEW_READINGS 12

/* Steps beyond the clock that are held at most: further ones are not judged. */
#define SKEW_AHEAD_MAX 65536

struct skew_reading {
    int64_t from_at; /* its step of log time */
    int64_t lead_ms; /* of its freshest record: event time less log time */
};

enum skew_side { SKEW_NONE, SKEW_AHEAD, SKEW_BEHIND };

struct skew_state {
    struct skew_reading last[SKEW_READINGS]; /* the oldest first */
    uint32_t count;
    struct skew_reading *ahead; /* owned: steps that are not over, ascending */
    size_t ahead_count, ahead_capacity;
    int64_t ahead_off_ms; /* none of those is further off, to either side */
    enum skew_side told;
};

void skew_state_init(struct skew_state *state);
void skew_state_deinit(struct skew_state *state);
void skew_state_save(const struct skew_state *state, struct buf *b);
void skew_state_load(struct skew_state *state, struct cursor *c);

/* The site was heard (report_feed). Returns the first step after step_at that may do something for
 * that, INSTANT_MAX: none. */
int64_t judge_skew_heard(const struct contract *contract, struct skew_state *state,
                         int64_t heard_at, int64_t lead_ms, int64_t step_at);

/* The step at step_at; steps come in order, those before judge_skew_due need not. `site` is the
 * site's id. */
void judge_skew_step(const struct judge_context *ctx, struct slice site, struct skew_state *state,
                     int64_t step_at);

/* After the step at step_at: the first one that may do something, INSTANT_MAX: none. */
int64_t judge_skew_due(const struct contract *contract, const struct skew_state *state,
                       int64_t step_at);

/* True where the newest reading is ahead, as those before it back to the first that was, or an
 * alert says that they are: what was refused for being ahead is explained, or will be. */
bool judge_skew_is_ahead(const struct contract *contract, const struct skew_state *state);

/* What was heard counts up to this step, none of which is due: saved bytes do not depend on which
 * steps were made. */
void judge_skew_pass(struct skew_state *state, int64_t step_at);

/* The contract has another name: an alert under the old one ends; what goes on is told again. */
void judge_skew_drop(const struct judge_context *ctx, struct slice site, struct skew_state *state,
                     int64_t at);
