#include "core/judge_feed.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/summary.h"

#define DUE_LOOK_MAX 64 /* sources that are far ahead bring many; the step then comes too early */

void feed_state_init(struct feed_state *s) {
    *s = (struct feed_state){.heard_at = INSTANT_NONE};
}

void feed_state_deinit(struct feed_state *s) {
    free(s->ahead_at);
    feed_state_init(s);
}

void feed_state_save(const struct feed_state *s, struct buf *b) {
    buf_put_u8(b, s->silent);
    buf_put_zigzag(b, s->heard_at);
    buf_put_varint(b, s->ahead_count);
    for (size_t i = 0; i < s->ahead_count; i++)
        buf_put_zigzag(b, s->ahead_at[i]);
}

static void make_room(struct feed_state *s) {
    s->ahead_capacity = s->ahead_capacity ? s->ahead_capacity * 2 : 16;
    s->ahead_at = realloc(s->ahead_at, s->ahead_capacity * sizeof(*s->ahead_at));
    CHECK(s->ahead_at);
}

/* Mostly the newest. */
static inline void insert_ahead(struct feed_state *s, size_t at, int64_t heard_at) {
    if (s->ahead_count == s->ahead_capacity)
        make_room(s);
    if (at < s->ahead_count)
        memmove(s->ahead_at + at + 1, s->ahead_at + at,
                (s->ahead_count - at) * sizeof(*s->ahead_at));
    s->ahead_at[at] = heard_at;
    s->ahead_count++;
}

/* Of those that are alike the newest is kept; sources that are behind come later with older
 * instants. */
static void note_ahead(struct feed_state *s, int64_t heard_at) {
    size_t at = s->ahead_count;
    while (at > 0 && s->ahead_at[at - 1] > heard_at &&
           !feed_step_alike(s->ahead_at[at - 1], heard_at))
        at--;
    bool known = at > 0 && feed_step_alike(s->ahead_at[at - 1], heard_at);
    if (!known && s->ahead_count == FEED_AHEAD_MAX)
        at = FEED_AHEAD_MAX; /* the newest stands for it */
    if (!known && s->ahead_count < FEED_AHEAD_MAX)
        insert_ahead(s, at, heard_at);
    else if (heard_at > s->ahead_at[at - 1])
        s->ahead_at[at - 1] = heard_at;
}

void feed_state_load(struct feed_state *s, struct cursor *c) {
    s->silent = cursor_u8(c) != 0;
    s->heard_at = cursor_zigzag(c);
    uint64_t count = cursor_varint(c);
    if (count > FEED_AHEAD_MAX ||
        (s->heard_at != INSTANT_NONE && !feed_step_instant_can_be(s->heard_at)))
        cursor_fail(c);
    int64_t last_at = -1;
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        int64_t heard_at = cursor_zigzag(c);
        if (!feed_step_instant_can_be(heard_at) || heard_at <= last_at)
            cursor_fail(c);
        insert_ahead(s, s->ahead_count, heard_at);
        last_at = heard_at;
    }
}

void judge_feed_heard(const struct judge_context *ctx, struct feed_state *s, int64_t heard_at) {
    if (ctx->clock != INSTANT_NONE && heard_at <= ctx->clock) {
        if (heard_at > s->heard_at)
            s->heard_at = heard_at;
        return;
    }
    note_ahead(s, heard_at);
}

int64_t judge_feed_last(const struct feed_state *s, int64_t at) {
    int64_t last_at = s->heard_at;
    for (size_t i = 0; i < s->ahead_count && s->ahead_at[i] <= at; i++)
        if (s->ahead_at[i] > last_at)
            last_at = s->ahead_at[i];
    return last_at;
}

/* Records that stood beyond the clock until this step; the first of them, or INSTANT_NONE. */
static int64_t catch_up(struct feed_state *s, int64_t step_at) {
    size_t passed = 0;
    while (passed < s->ahead_count && s->ahead_at[passed] <= step_at)
        passed++;
    if (!passed)
        return INSTANT_NONE;
    int64_t first_at = s->ahead_at[0];
    if (s->ahead_at[passed - 1] > s->heard_at)
        s->heard_at = s->ahead_at[passed - 1];
    s->ahead_count -= passed;
    memmove(s->ahead_at, s->ahead_at + passed, s->ahead_count * sizeof(*s->ahead_at));
    return first_at;
}

void judge_feed_pass(struct feed_state *s, int64_t step_at) {
    catch_up(s, step_at);
}

static int64_t step_from(int64_t at) {
    return instant_floor(at + FEED_STEP_MS - 1, FEED_STEP_MS);
}

/* The newest record before the site falls silent, as far as that is known and looked at: one beyond
 * the clock puts silence off where it is heard at the step that would tell it. */
static int64_t last_before_silence(const struct feed_state *s, int64_t silent_after_ms) {
    int64_t last_at = s->heard_at;
    for (size_t i = 0; i < s->ahead_count && i < DUE_LOOK_MAX; i++) {
        int64_t at = s->ahead_at[i];
        if (at - last_at > silent_after_ms && at > step_from(last_at + silent_after_ms))
            break;
        last_at = at > last_at ? at : last_at;
    }
    return last_at;
}

/* Records beyond the clock end a silence at their step. */
int64_t judge_feed_due(const struct contract *contract, const struct feed_state *s,
                       int64_t step_at) {
    int64_t silent_after_ms = contract->feed_silent_after_ms;
    bool waits = !s->silent && s->heard_at != INSTANT_NONE && silent_after_ms > 0;
    int64_t at = INSTANT_MAX;
    if (waits)
        at = last_before_silence(s, silent_after_ms) + silent_after_ms;
    else if (s->ahead_count > 0)
        at = s->ahead_at[0];
    if (s->silent &&
        (silent_after_ms <= 0 || step_at + FEED_STEP_MS < s->heard_at + silent_after_ms))
        at = step_at;
    if (at == INSTANT_MAX)
        return at;
    at = step_from(at);
    return at > step_at ? at : step_at + FEED_STEP_MS;
}

static void put_silent(struct buf *b, struct slice site, int64_t silence_ms) {
    summary_text(b, "Site ");
    summary_slice(b, site);
    summary_text(b, " has sent nothing for ");
    summary_duration(b, silence_ms);
    summary_text(b, ": what happens there cannot be seen.");
}

static bool fire(const struct judge_context *ctx, const struct episode_name *name,
                 const struct feed_state *s, struct slice site, int64_t step_at) {
    int64_t silent_after_ms = ctx->contract->feed_silent_after_ms;
    struct alert a;
    judge_alert_init(ctx, name->kind, name->scope, &a);
    a.severity = SEVERITY_MAJOR;
    a.opened_at = s->heard_at;
    a.condition_at = s->heard_at + silent_after_ms;
    a.deadline_at = a.condition_at;
    a.observed = (double)(step_at - s->heard_at);
    a.threshold = (double)silent_after_ms;
    a.unit = UNIT_MILLIS;
    a.formula = SLICE("silence");
    struct buf summary;
    buf_init(&summary);
    put_silent(&summary, site, step_at - s->heard_at);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, name, &a);
    buf_deinit(&summary);
    return fired;
}

static void resolve(const struct judge_context *ctx, const struct episode_name *name,
                    struct slice site, int64_t back_at) {
    struct alert a;
    if (!episode_find(ctx, name, &a))
        return;
    struct buf summary;
    buf_init(&summary);
    summary_text(&summary, "Site ");
    summary_slice(&summary, site);
    summary_text(&summary, " is heard again after ");
    summary_duration(&summary, back_at - a.opened_at);
    summary_text(&summary, " of silence.");
    a.observed = (double)(back_at - a.opened_at);
    a.summary = buf_slice(&summary);
    episode_end(ctx, name, TRANSITION_RESOLVED, back_at, &a);
    buf_deinit(&summary);
}

static struct episode_name name_of(const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_FEED_SILENT, .rule = SLICE("feeds"), .scope = scope};
}

void judge_feed_drop(const struct judge_context *ctx, struct slice site, struct feed_state *s,
                     int64_t at) {
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    judge_drop(ctx, &name, TRANSITION_RESOLVED, at);
    s->silent = false;
}

void judge_feed_step(const struct judge_context *ctx, struct slice site, struct feed_state *s,
                     int64_t step_at) {
    int64_t silent_after_ms = ctx->contract->feed_silent_after_ms;
    int64_t back_at = catch_up(s, step_at);
    if (s->heard_at == INSTANT_NONE)
        return;
    if (back_at == INSTANT_NONE || back_at > s->heard_at)
        back_at = s->heard_at;
    bool silent = silent_after_ms > 0 && step_at - s->heard_at >= silent_after_ms;
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    if (s->silent && !silent) {
        resolve(ctx, &name, site, back_at);
        s->silent = false;
    } else if (!s->silent && silent && episode_may_fire(ctx, &name, step_at)) {
        s->silent = fire(ctx, &name, s, site, step_at);
    }
}
