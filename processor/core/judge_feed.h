/* FEED_SILENT: a site that spoke before has sent nothing for feeds.silent_after. */
#pragma once

#include "base/cursor.h"
#include "core/judge.h"

#define FEED_STEP_MS (10 * SECOND_MS) /* judged at multiples of this */

struct feed_state {
    int64_t heard_at; /* log time of the newest record at or before the clock */
    int64_t first_ahead_at, last_ahead_at; /* records beyond the clock; INSTANT_NONE */
    bool silent;
};

void feed_state_init(struct feed_state *state);
void feed_state_save(const struct feed_state *state, struct buf *b);
void feed_state_load(struct feed_state *state, struct cursor *c);

/* The site was heard (report_feed.heard_at), before the clocks of the same report are applied. */
void judge_feed_heard(const struct judge_context *ctx, struct feed_state *state, int64_t heard_at);

/* The step at step_at; steps come in order. `site` is the site's id. */
void judge_feed_step(const struct judge_context *ctx, struct slice site, struct feed_state *state,
                     int64_t step_at);
