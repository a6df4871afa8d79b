#include "core/judge_skew.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/summary.h"

#define LEAD_MOST_MS (36500 * DAY_MS) /* nothing overflows */
#define MAJORITY (SKEW_READINGS / 2)  /* of the sorted: more than half are at least so far */
#define PACE_LEAST 4 /* who gains a quarter of the time that passes is catching up */

void skew_state_init(struct skew_state *s) {
    *s = (struct skew_state){0};
}

void skew_state_deinit(struct skew_state *s) {
    free(s->ahead);
    skew_state_init(s);
}

static void make_room(struct skew_state *s) {
    s->ahead_capacity = s->ahead_capacity ? s->ahead_capacity * 2 : 16;
    s->ahead = realloc(s->ahead, s->ahead_capacity * sizeof(*s->ahead));
    CHECK(s->ahead);
}

static void note_off(struct skew_state *s, int64_t lead_ms) {
    int64_t off_ms = lead_ms < 0 ? -lead_ms : lead_ms;
    if (off_ms > s->ahead_off_ms)
        s->ahead_off_ms = off_ms;
}

/* Mostly the newest. */
static inline void insert_ahead(struct skew_state *s, size_t at, struct skew_reading reading) {
    if (s->ahead_count == s->ahead_capacity)
        make_room(s);
    if (at < s->ahead_count)
        memmove(s->ahead + at + 1, s->ahead + at, (s->ahead_count - at) * sizeof(*s->ahead));
    s->ahead[at] = reading;
    s->ahead_count++;
    note_off(s, reading.lead_ms);
}

static void save_reading(const struct skew_reading *r, struct buf *b) {
    buf_put_zigzag(b, r->from_at);
    buf_put_zigzag(b, r->lead_ms);
}

static struct skew_reading load_reading(struct cursor *c) {
    struct skew_reading r = {.from_at = cursor_zigzag(c)};
    r.lead_ms = cursor_zigzag(c);
    if (feed_step_can_be(r.from_at) && r.lead_ms <= LEAD_MOST_MS && r.lead_ms >= -LEAD_MOST_MS)
        return r;
    cursor_fail(c);
    return (struct skew_reading){0};
}

void skew_state_save(const struct skew_state *s, struct buf *b) {
    buf_put_u8(b, (uint8_t)s->told);
    buf_put_varint(b, s->count);
    for (uint32_t i = 0; i < s->count; i++)
        save_reading(&s->last[i], b);
    buf_put_varint(b, s->ahead_count);
    for (size_t i = 0; i < s->ahead_count; i++)
        save_reading(&s->ahead[i], b);
}

void skew_state_load(struct skew_state *s, struct cursor *c) {
    uint8_t told = cursor_u8(c);
    uint64_t count = cursor_varint(c);
    if (told > SKEW_BEHIND || count > SKEW_READINGS || (told != SKEW_NONE && count < SKEW_READINGS))
        cursor_fail(c);
    if (c->failed)
        return;
    s->told = (enum skew_side)told;
    s->count = (uint32_t)count;
    for (uint32_t i = 0; i < s->count; i++)
        s->last[i] = load_reading(c);
    uint64_t ahead = cursor_varint(c);
    if (ahead > SKEW_AHEAD_MAX)
        cursor_fail(c);
    for (uint64_t i = 0; i < ahead && !c->failed; i++)
        insert_ahead(s, s->ahead_count, load_reading(c));
}

/* The freshest of a step stands for it, whoever reads it and in however many reports. */
static void note(struct skew_state *s, struct skew_reading reading) {
    size_t at = s->ahead_count;
    while (at > 0 && s->ahead[at - 1].from_at > reading.from_at)
        at--;
    if (at > 0 && s->ahead[at - 1].from_at == reading.from_at) {
        if (reading.lead_ms > s->ahead[at - 1].lead_ms)
            s->ahead[at - 1].lead_ms = reading.lead_ms;
        note_off(s, reading.lead_ms);
    } else if (s->ahead_count < SKEW_AHEAD_MAX) {
        insert_ahead(s, at, reading);
    }
}

static bool is_off(const struct contract *contract, int64_t lead_ms) {
    int64_t most_ms = contract->feed_skewed_after_ms;
    return most_ms > 0 && (lead_ms > most_ms || lead_ms < -most_ms);
}

int64_t judge_skew_heard(const struct contract *contract, struct skew_state *s, int64_t heard_at,
                         int64_t lead_ms, int64_t step_at) {
    struct skew_reading reading = {feed_step_of(heard_at), lead_ms};
    if (lead_ms > LEAD_MOST_MS)
        reading.lead_ms = LEAD_MOST_MS;
    else if (lead_ms < -LEAD_MOST_MS)
        reading.lead_ms = -LEAD_MOST_MS;
    note(s, reading);
    return s->told != SKEW_NONE || is_off(contract, lead_ms)
               ? feed_step_counting(reading.from_at, step_at)
               : INSTANT_MAX;
}

/* The newest stay; there are no more than fit. */
static void push(struct skew_state *s, const struct skew_reading *readings, uint32_t count) {
    uint32_t stay = s->count + count <= SKEW_READINGS ? s->count : SKEW_READINGS - count;
    memmove(s->last, s->last + (s->count - stay), stay * sizeof(*s->last));
    memcpy(s->last + stay, readings, count * sizeof(*s->last));
    s->count = stay + count;
}

void judge_skew_pass(struct skew_state *s, int64_t step_at) {
    size_t passed = 0;
    while (passed < s->ahead_count && s->ahead[passed].from_at + FEED_STEP_MS <= step_at)
        passed++;
    if (!passed)
        return;
    uint32_t newest = passed < SKEW_READINGS ? (uint32_t)passed : SKEW_READINGS;
    push(s, s->ahead + passed - newest, newest);
    s->ahead_count -= passed;
    if (s->ahead_count == 0)
        s->ahead_off_ms = 0;
    memmove(s->ahead, s->ahead + passed, s->ahead_count * sizeof(*s->ahead));
}

static int compare_leads(const void *left, const void *right) {
    int64_t a = ((const struct skew_reading *)left)->lead_ms;
    int64_t b = ((const struct skew_reading *)right)->lead_ms;
    return (a > b) - (a < b);
}

/* The rank-th least of them, from 0. */
static int64_t lead_of_rank(const struct skew_reading *readings, size_t count, size_t rank) {
    struct skew_reading sorted[SKEW_READINGS];
    memcpy(sorted, readings, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_leads);
    return sorted[rank].lead_ms;
}

/* Of the late ones alone the newer half is less late than the older, by more than a quarter of
 * the time between them: that is a backlog being sent, or a replay. A wrong clock keeps its
 * distance. */
static bool catches_up(const struct skew_state *s, int64_t most_ms) {
    struct skew_reading late[SKEW_READINGS];
    size_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->last[i].lead_ms < -most_ms)
            late[count++] = s->last[i];
    }
    size_t half = count / 2;
    const struct skew_reading *newer = late + (count - half);
    int64_t gained_ms = lead_of_rank(newer, half, half / 2) - lead_of_rank(late, half, half / 2);
    return gained_ms > (newer[half / 2].from_at - late[half / 2].from_at) / PACE_LEAST;
}

/* More than half are off on one side, the newest among them: an odd one changes nothing. */
static enum skew_side side_now(const struct contract *contract, const struct skew_state *s) {
    int64_t most_ms = contract->feed_skewed_after_ms;
    if (most_ms <= 0 || s->count < SKEW_READINGS)
        return SKEW_NONE;
    int64_t newest_ms = s->last[SKEW_READINGS - 1].lead_ms;
    if (newest_ms > most_ms && lead_of_rank(s->last, s->count, MAJORITY - 1) > most_ms)
        return SKEW_AHEAD;
    if (newest_ms < -most_ms && lead_of_rank(s->last, s->count, MAJORITY) < -most_ms &&
        !catches_up(s, most_ms))
        return SKEW_BEHIND;
    return SKEW_NONE;
}

/* More than half are within half of what is allowed. */
static bool is_over(const struct contract *contract, const struct skew_state *s) {
    int64_t most_ms = contract->feed_skewed_after_ms;
    if (most_ms <= 0)
        return true;
    return s->told == SKEW_AHEAD ? lead_of_rank(s->last, s->count, MAJORITY) <= most_ms / 2
                                 : lead_of_rank(s->last, s->count, MAJORITY - 1) >= -most_ms / 2;
}

int64_t judge_skew_due(const struct contract *contract, const struct skew_state *s,
                       int64_t step_at) {
    bool told = s->told != SKEW_NONE;
    if (told ? is_over(contract, s) : side_now(contract, s) != SKEW_NONE)
        return feed_step_after(step_at);
    bool any = told || is_off(contract, s->ahead_off_ms);
    for (size_t i = 0; i < s->ahead_count && any; i++) {
        if (told || is_off(contract, s->ahead[i].lead_ms))
            return feed_step_counting(s->ahead[i].from_at, step_at);
    }
    return INSTANT_MAX;
}

bool judge_skew_is_ahead(const struct contract *contract, const struct skew_state *s) {
    int64_t most_ms = contract->feed_skewed_after_ms;
    if (s->told == SKEW_AHEAD)
        return true;
    if (most_ms <= 0 || s->count == 0)
        return false;
    uint32_t first = 0;
    while (first < s->count && s->last[first].lead_ms <= most_ms)
        first++;
    for (uint32_t i = first; i < s->count; i++)
        if (s->last[i].lead_ms <= most_ms)
            return false;
    return first < s->count;
}

static void put_skew(struct buf *b, struct slice site, enum skew_side side, int64_t lead_ms,
                     int64_t most_ms) {
    bool ahead = side == SKEW_AHEAD;
    summary_text(b, "Events of site ");
    summary_slice(b, site);
    summary_text(b, ahead ? " are dated " : " come ");
    summary_duration(b, ahead ? lead_ms : -lead_ms);
    summary_text(b, ahead ? " ahead of the time at which they come, "
                          : " after the time that they are dated, ");
    summary_duration(b, most_ms);
    summary_text(b, ahead ? " are allowed: its clock is wrong."
                          : " are allowed: its clock is slow, or they are sent late.");
}

/* The middle one, on the side of those that are off. */
static void fill(const struct contract *contract, const struct skew_state *s, enum skew_side side,
                 struct alert *a) {
    bool ahead = side == SKEW_AHEAD;
    int64_t most_ms = contract->feed_skewed_after_ms;
    a->observed = (double)lead_of_rank(s->last, s->count, ahead ? MAJORITY - 1 : MAJORITY);
    a->threshold = (double)(ahead ? most_ms : -most_ms);
    a->sample = SKEW_READINGS;
    a->unit = UNIT_MILLIS;
    a->formula = SLICE("skew");
    a->window_start_at = s->last[0].from_at;
    a->window_end_at = s->last[s->count - 1].from_at + FEED_STEP_MS;
}

static int64_t began_at(const struct skew_state *s, enum skew_side side, int64_t most_ms) {
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t lead_ms = s->last[i].lead_ms;
        if (side == SKEW_AHEAD ? lead_ms > most_ms : lead_ms < -most_ms)
            return s->last[i].from_at;
    }
    return s->last[0].from_at;
}

static bool fire(const struct judge_context *ctx, const struct episode_name *name,
                 const struct skew_state *s, struct slice site, enum skew_side side,
                 int64_t step_at) {
    int64_t most_ms = ctx->contract->feed_skewed_after_ms;
    struct alert a;
    judge_alert_init(ctx, name->kind, name->scope, &a);
    fill(ctx->contract, s, side, &a);
    a.severity = SEVERITY_MAJOR;
    a.opened_at = began_at(s, side, most_ms);
    a.condition_at = step_at;
    struct buf summary;
    buf_init(&summary);
    put_skew(&summary, site, side, (int64_t)a.observed, most_ms);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, name, &a);
    buf_deinit(&summary);
    return fired;
}

static void resolve(const struct judge_context *ctx, const struct episode_name *name,
                    const struct skew_state *s, struct slice site, int64_t step_at) {
    struct alert a;
    if (!episode_find(ctx, name, &a))
        return;
    fill(ctx->contract, s, s->told, &a);
    struct buf summary;
    buf_init(&summary);
    summary_text(&summary, "Events of site ");
    summary_slice(&summary, site);
    summary_text(&summary, " come within ");
    summary_duration(&summary, ctx->contract->feed_skewed_after_ms);
    summary_text(&summary, " of the time that they are dated again.");
    a.summary = buf_slice(&summary);
    episode_end(ctx, name, TRANSITION_RESOLVED, step_at, &a);
    buf_deinit(&summary);
}

static struct episode_name name_of(const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_FEED_SKEWED, .rule = SLICE("feeds"), .scope = scope};
}

void judge_skew_drop(const struct judge_context *ctx, struct slice site, struct skew_state *s,
                     int64_t at) {
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    judge_drop(ctx, &name, TRANSITION_RESOLVED, at);
    s->told = SKEW_NONE;
}

void judge_skew_step(const struct judge_context *ctx, struct slice site, struct skew_state *s,
                     int64_t step_at) {
    judge_skew_pass(s, step_at);
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    if (s->told != SKEW_NONE) {
        if (!is_over(ctx->contract, s))
            return;
        resolve(ctx, &name, s, site, step_at);
        s->told = SKEW_NONE;
        return;
    }
    enum skew_side side = side_now(ctx->contract, s);
    if (side != SKEW_NONE && episode_may_fire(ctx, &name, step_at) &&
        fire(ctx, &name, s, site, side, step_at))
        s->told = side;
}
