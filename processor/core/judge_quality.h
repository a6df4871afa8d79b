/* DATA_QUALITY of a site: more of its records are refused, or cannot have happened so, than
 * feeds.refused_above. */
#pragma once

#include "core/dead_letter.h"
#include "core/judge_feed.h"

/* Judged are the last so many FEED_STEP_MS of log time in which the site was heard, or something of
 * it refused: five minutes of a busy site, longer of a quiet one. */
#define QUALITY_READINGS 30
#define QUALITY_LEAST 10 /* fewer refused are no news, whatever their share */

/* Steps beyond the clock that are held at most: further ones are not judged. */
#define QUALITY_AHEAD_MAX 65536

struct quality_reading {
    int64_t from_at;                    /* its step of log time */
    int64_t records;                    /* that came */
    int64_t refused[DEAD_REASON_COUNT]; /* unless there are any: nothing is said here */
    bool any;                           /* of them: mostly none */
};

struct quality_state {
    struct quality_reading last[QUALITY_READINGS]; /* a ring, the oldest at `oldest` */
    uint32_t count, oldest;
    int64_t late[DEAD_REASON_COUNT]; /* refused since the newest of them, when nothing else came */
    bool late_any;
    struct quality_reading *ahead; /* owned: steps that are not over, ascending, from ahead_from */
    size_t ahead_from, ahead_count, ahead_capacity;
    bool ahead_any; /* false: of none of those anything was refused */
    bool told;
    bool begins; /* in the last step that passed something was refused */
};

void quality_state_init(struct quality_state *state);
void quality_state_deinit(struct quality_state *state);
void quality_state_save(const struct quality_state *state, struct buf *b);
void quality_state_load(struct quality_state *state, struct cursor *c);

/* What came of the site and was refused at heard_at, summed with what is known of that step.
 * Returns the first step after step_at that may do something for that, INSTANT_MAX: none. */
int64_t judge_quality_heard(struct quality_state *state, int64_t heard_at, int64_t records,
                            const int64_t *refused, int64_t step_at);

/* The step at step_at; steps come in order, those before judge_quality_due need not. `site` is the
 * site's id; empty: records that name none. `clock_told`: FEED_SKEWED says, or will say, why
 * records are FUTURE (judge_skew_is_ahead). */
void judge_quality_step(const struct judge_context *ctx, struct slice site,
                        struct quality_state *state, bool clock_told, int64_t step_at);

/* After the step at step_at: the first one that may do something, INSTANT_MAX: none. */
int64_t judge_quality_due(const struct contract *contract, const struct quality_state *state,
                          bool clock_told, int64_t step_at);

/* What was heard counts up to this step, none of which is due: saved bytes do not depend on which
 * steps were made. */
void judge_quality_pass(struct quality_state *state, int64_t step_at);

/* The contract has another name: an alert under the old one ends; what goes on is told again. */
void judge_quality_drop(const struct judge_context *ctx, struct slice site,
                        struct quality_state *state, int64_t at);
