/* FEED_SILENT: a site that spoke before has sent nothing for feeds.silent_after. */
#pragma once

#include "base/cursor.h"
#include "core/feed_step.h"
#include "core/judge.h"

/* Instants beyond the clock that are held at most: beyond it the newest counts for the others. */
#define FEED_AHEAD_MAX 65536

struct feed_state {
    int64_t heard_at;  /* log time of the newest record at or before the clock */
    int64_t *ahead_at; /* owned: records beyond the clock, ascending; at and between steps one */
    size_t ahead_count, ahead_capacity;
    bool silent;
};

void feed_state_init(struct feed_state *state);
void feed_state_deinit(struct feed_state *state);
void feed_state_save(const struct feed_state *state, struct buf *b);
void feed_state_load(struct feed_state *state, struct cursor *c);

/* The site was heard (report_feed.heard_at, the newest of each FEED_STEP_MS), before the clocks of
 * the same report are applied. */
void judge_feed_heard(const struct judge_context *ctx, struct feed_state *state, int64_t heard_at);

/* The newest record heard up to `at`, also where its step was not judged yet; INSTANT_NONE. */
int64_t judge_feed_last(const struct feed_state *state, int64_t at);

/* The contract has another name: an alert under the old one ends; a silence that goes on is told
 * again. */
void judge_feed_drop(const struct judge_context *ctx, struct slice site, struct feed_state *state,
                     int64_t at);

/* The step at step_at; steps come in order, those before judge_feed_due need not. `site` is the
 * site's id. */
void judge_feed_step(const struct judge_context *ctx, struct slice site, struct feed_state *state,
                     int64_t step_at);

/* After the step at step_at, and whenever the site was heard: the first step that may do something,
 * INSTANT_MAX: none. */
int64_t judge_feed_due(const struct contract *contract, const struct feed_state *state,
                       int64_t step_at);

/* What was heard beyond the clock counts up to this step, none of which is due: saved bytes do not
 * depend on which steps were made. */
void judge_feed_pass(struct feed_state *state, int64_t step_at);
