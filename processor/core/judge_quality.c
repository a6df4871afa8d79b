#include "core/judge_quality.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode.h"
#include "core/summary.h"

#define COUNT_MOST ((int64_t)1 << 50) /* of one reading: sums of them cannot overflow */

void quality_state_init(struct quality_state *s) {
    *s = (struct quality_state){0};
}

void quality_state_deinit(struct quality_state *s) {
    free(s->ahead);
    quality_state_init(s);
}

static const struct quality_reading *reading_at(const struct quality_state *s, uint32_t i) {
    return &s->last[(s->oldest + i) % QUALITY_READINGS];
}

static const struct quality_reading *newest(const struct quality_state *s) {
    return reading_at(s, s->count - 1);
}

static void make_room(struct quality_state *s) {
    if (s->ahead_from > s->ahead_count) {
        memmove(s->ahead, s->ahead + s->ahead_from, s->ahead_count * sizeof(*s->ahead));
        s->ahead_from = 0;
        return;
    }
    s->ahead_capacity = s->ahead_capacity ? s->ahead_capacity * 2 : 4;
    s->ahead = realloc(s->ahead, s->ahead_capacity * sizeof(*s->ahead));
    CHECK(s->ahead);
}

/* Mostly the newest. */
static inline struct quality_reading *insert_ahead(struct quality_state *s, size_t at,
                                                   int64_t from_at) {
    if (s->ahead_from + s->ahead_count == s->ahead_capacity)
        make_room(s);
    struct quality_reading *place = s->ahead + s->ahead_from + at;
    if (at < s->ahead_count)
        memmove(place + 1, place, (s->ahead_count - at) * sizeof(*place));
    place->from_at = from_at;
    place->records = 0;
    place->any = false;
    s->ahead_count++;
    return place;
}

static int64_t refused_in(const struct quality_reading *r) {
    int64_t refused = 0;
    for (int i = 0; r->any && i < DEAD_REASON_COUNT; i++)
        refused += r->refused[i];
    return refused;
}

static void save_reading(const struct quality_reading *r, struct buf *b) {
    buf_put_zigzag(b, r->from_at);
    buf_put_varint(b, (uint64_t)r->records);
    buf_put_u8(b, r->any);
    for (int i = 0; r->any && i < DEAD_REASON_COUNT; i++)
        buf_put_varint(b, (uint64_t)r->refused[i]);
}

static int64_t load_count(struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count <= COUNT_MOST)
        return (int64_t)count;
    cursor_fail(c);
    return 0;
}

static struct quality_reading load_reading(struct cursor *c) {
    struct quality_reading r = {.from_at = cursor_zigzag(c)};
    if (!feed_step_can_be(r.from_at))
        cursor_fail(c);
    r.records = load_count(c);
    r.any = cursor_u8(c) != 0;
    for (int i = 0; r.any && i < DEAD_REASON_COUNT; i++)
        r.refused[i] = load_count(c);
    r.any = refused_in(&r) > 0;
    return r;
}

static void add(int64_t *to, int64_t count) {
    *to = count < COUNT_MOST - *to ? *to + count : COUNT_MOST;
}

static void add_all(int64_t *to, const int64_t *refused) {
    for (int i = 0; i < DEAD_REASON_COUNT; i++)
        add(&to[i], refused[i]);
}

static void add_refused(struct quality_reading *r, const int64_t *refused) {
    if (!r->any)
        memset(r->refused, 0, sizeof(r->refused));
    r->any = true;
    add_all(r->refused, refused);
}

static void copy(struct quality_reading *to, const struct quality_reading *from) {
    to->from_at = from->from_at;
    to->records = from->records;
    to->any = from->any;
    if (from->any)
        memcpy(to->refused, from->refused, sizeof(to->refused));
}

/* Of records that came long before: a site that has stopped must not end with nothing but these. */
static bool is_late(const struct quality_state *s, const struct quality_reading *r) {
    return r->records == 0 && s->count > 0;
}

static bool is_soon_after(const struct quality_state *s, const struct quality_reading *r) {
    return s->count > 0 &&
           r->from_at - newest(s)->from_at <= QUALITY_READINGS * (int64_t)FEED_STEP_MS;
}

static void push_late(struct quality_state *s, const struct quality_reading *r) {
    if (r->any)
        add_all(s->late, r->refused);
    s->late_any |= r->any;
}

static void forget_late(struct quality_state *s) {
    memset(s->late, 0, sizeof(s->late));
    s->late_any = false;
}

/* The oldest makes room. */
static struct quality_reading *next_place(struct quality_state *s) {
    uint32_t at = s->oldest;
    if (s->count < QUALITY_READINGS)
        at += s->count++;
    else
        s->oldest = at + 1 < QUALITY_READINGS ? at + 1 : 0;
    return &s->last[at < QUALITY_READINGS ? at : at - QUALITY_READINGS];
}

static void push(struct quality_state *s, const struct quality_reading *r) {
    s->begins = r->any;
    if (is_late(s, r)) {
        push_late(s, r);
        return;
    }
    bool with_late = s->late_any && is_soon_after(s, r);
    struct quality_reading *place = next_place(s);
    copy(place, r);
    if (with_late)
        add_refused(place, s->late);
    if (s->late_any)
        forget_late(s);
}

static void save_late(const struct quality_state *s, struct buf *b) {
    for (int i = 0; i < DEAD_REASON_COUNT; i++)
        buf_put_varint(b, (uint64_t)s->late[i]);
}

void quality_state_save(const struct quality_state *s, struct buf *b) {
    buf_put_u8(b, s->told);
    buf_put_varint(b, s->count);
    for (uint32_t i = 0; i < s->count; i++)
        save_reading(reading_at(s, i), b);
    save_late(s, b);
    buf_put_u8(b, s->begins);
    buf_put_varint(b, s->ahead_count);
    for (size_t i = 0; i < s->ahead_count; i++)
        save_reading(&s->ahead[s->ahead_from + i], b);
}

void quality_state_load(struct quality_state *s, struct cursor *c) {
    s->told = cursor_u8(c) != 0;
    uint64_t count = cursor_varint(c);
    if (count > QUALITY_READINGS || (s->told && count == 0))
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct quality_reading r = load_reading(c);
        push(s, &r);
    }
    s->late_any = false;
    for (int i = 0; i < DEAD_REASON_COUNT; i++)
        s->late_any |= (s->late[i] = load_count(c)) > 0;
    s->begins = cursor_u8(c) != 0;
    uint64_t ahead = cursor_varint(c);
    if (ahead > QUALITY_AHEAD_MAX)
        cursor_fail(c);
    for (uint64_t i = 0; i < ahead && !c->failed; i++) {
        struct quality_reading r = load_reading(c);
        if (i > 0 && r.from_at <= s->ahead[s->ahead_from + i - 1].from_at)
            cursor_fail(c);
        *insert_ahead(s, s->ahead_count, r.from_at) = r;
        s->ahead_any |= r.any;
    }
}

/* The reading of this step, made where there is none; NULL: there are too many. */
static struct quality_reading *find(struct quality_state *s, int64_t from_at) {
    struct quality_reading *ahead = s->ahead + s->ahead_from;
    size_t at = s->ahead_count;
    while (at > 0 && ahead[at - 1].from_at > from_at)
        at--;
    if (at > 0 && ahead[at - 1].from_at == from_at)
        return &ahead[at - 1];
    if (s->ahead_count == QUALITY_AHEAD_MAX)
        return NULL;
    return insert_ahead(s, at, from_at);
}

/* Of every record that comes: hence no loop. */
static bool is_any(const int64_t *refused) {
#define OR_REFUSED(symbol, name) | refused[DEAD_##symbol]
    return (0 DEAD_LETTER_REASONS(OR_REFUSED)) != 0;
#undef OR_REFUSED
}

int64_t judge_quality_heard(struct quality_state *s, int64_t heard_at, int64_t records,
                            const int64_t *refused, int64_t step_at) {
    struct quality_reading *r = find(s, feed_step_of(heard_at));
    if (!r)
        return INSTANT_MAX;
    add(&r->records, records);
    if (is_any(refused)) {
        add_refused(r, refused);
        s->ahead_any = true;
    }
    return s->told || r->any ? feed_step_counting(r->from_at, step_at) : INSTANT_MAX;
}

void judge_quality_pass(struct quality_state *s, int64_t step_at) {
    while (s->ahead_count > 0 && s->ahead[s->ahead_from].from_at + FEED_STEP_MS <= step_at) {
        push(s, &s->ahead[s->ahead_from++]);
        s->ahead_count--;
    }
    if (s->ahead_count > 0)
        return;
    s->ahead_from = 0;
    s->ahead_any = false;
}

/* What the readings come to. What turns out to be impossible is counted when its time is over, so
 * that the readings have that of records before them, as `late` has that of theirs: the larger is
 * taken, not both. There are at least as many records as were refused. */
static struct quality_reading sum_of(const struct quality_state *s) {
    struct quality_reading sum = {.from_at = reading_at(s, 0)->from_at, .any = true};
    for (uint32_t i = 0; i < s->count; i++) {
        const struct quality_reading *r = reading_at(s, i);
        sum.records += r->records;
        for (int k = 0; r->any && k < DEAD_REASON_COUNT; k++)
            sum.refused[k] += r->refused[k];
    }
    for (int k = 0; k < DEAD_REASON_COUNT; k++)
        sum.refused[k] = s->late[k] > sum.refused[k] ? s->late[k] : sum.refused[k];
    if (refused_in(&sum) > sum.records)
        sum.records = refused_in(&sum);
    return sum;
}

/* Only a step with refused records can begin it. */
static bool is_bad(const struct contract *contract, const struct quality_state *s,
                   bool clock_told) {
    if (!s->begins || s->count == 0)
        return false;
    struct quality_reading sum = sum_of(s);
    int64_t refused = refused_in(&sum) - (clock_told ? sum.refused[DEAD_FUTURE] : 0);
    return refused >= QUALITY_LEAST &&
           (double)refused > contract->feed_refused_above * (double)sum.records;
}

/* At most half of what is allowed; or what is allowed is all of them. */
static bool is_over(const struct contract *contract, const struct quality_state *s) {
    struct quality_reading sum = sum_of(s);
    return contract->feed_refused_above >= 1 ||
           2 * (double)refused_in(&sum) <= contract->feed_refused_above * (double)sum.records;
}

int64_t judge_quality_due(const struct contract *contract, const struct quality_state *s,
                          bool clock_told, int64_t step_at) {
    if (s->told ? is_over(contract, s) : is_bad(contract, s, clock_told))
        return feed_step_after(step_at);
    for (size_t i = 0; i < s->ahead_count && (s->told || s->ahead_any); i++) {
        const struct quality_reading *r = &s->ahead[s->ahead_from + i];
        if (s->told || r->any)
            return feed_step_counting(r->from_at, step_at);
    }
    return INSTANT_MAX;
}

/* The reasons, those of most records first. */
static void put_reasons(const struct quality_reading *sum, struct alert *a) {
    int64_t left[DEAD_REASON_COUNT];
    memcpy(left, sum->refused, sizeof(left));
    int64_t refused = refused_in(sum);
    a->contributor_count = 0;
    while (a->contributor_count < ALERT_CONTRIBUTORS_MAX) {
        int most = 0;
        for (int i = 1; i < DEAD_REASON_COUNT; i++)
            most = left[i] > left[most] ? i : most;
        if (left[most] == 0)
            return;
        a->contributors[a->contributor_count++] = (struct alert_contributor){
            .dimension = SLICE("reason"),
            .value = slice_of(dead_letter_reason_name((enum dead_letter_reason)most)),
            .share = (double)left[most] / (double)refused};
        left[most] = 0;
    }
}

static void fill(const struct contract *contract, const struct quality_state *s, struct alert *a) {
    struct quality_reading sum = sum_of(s);
    a->numerator = refused_in(&sum);
    a->denominator = a->sample = sum.records;
    a->observed = sum.records > 0 ? (double)a->numerator / (double)sum.records : 0;
    a->threshold = contract->feed_refused_above;
    a->unit = UNIT_RATIO;
    a->formula = SLICE("refused");
    a->window_start_at = sum.from_at;
    a->window_end_at = newest(s)->from_at + FEED_STEP_MS;
    put_reasons(&sum, a);
}

static void put_figures(struct buf *b, struct slice site, const struct alert *a) {
    summary_text(b, "Of ");
    summary_count(b, a->denominator);
    if (site.size > 0) {
        summary_text(b, " records of site ");
        summary_slice(b, site);
    } else {
        summary_text(b, " records that name no site");
    }
    summary_text(b, " ");
    summary_count(b, a->numerator);
    summary_text(b, " were refused (");
    summary_beside(b, a->observed, a->threshold, UNIT_RATIO);
    summary_text(b, ")");
}

static void put_refused(struct buf *b, struct slice site, const struct alert *a) {
    put_figures(b, site, a);
    summary_text(b, a->contributor_count > 1 ? ", most of them as " : ", as ");
    summary_slice(b, a->contributors[0].value);
    summary_text(b, "; at most ");
    summary_ratio(b, a->threshold);
    summary_text(b, " are expected: figures lack them.");
}

static int64_t began_at(const struct quality_state *s) {
    uint32_t i = 0;
    while (refused_in(reading_at(s, i)) == 0 && i + 1 < s->count)
        i++;
    return reading_at(s, i)->from_at;
}

static bool fire(const struct judge_context *ctx, const struct episode_name *name,
                 const struct quality_state *s, struct slice site, int64_t step_at) {
    struct alert a;
    judge_alert_init(ctx, name->kind, name->scope, &a);
    fill(ctx->contract, s, &a);
    a.severity = SEVERITY_MAJOR;
    a.opened_at = began_at(s);
    a.condition_at = step_at;
    struct buf summary;
    buf_init(&summary);
    put_refused(&summary, site, &a);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, name, &a);
    buf_deinit(&summary);
    return fired;
}

static void resolve(const struct judge_context *ctx, const struct episode_name *name,
                    const struct quality_state *s, struct slice site, int64_t step_at) {
    struct alert a;
    if (!episode_find(ctx, name, &a))
        return;
    fill(ctx->contract, s, &a);
    struct buf summary;
    buf_init(&summary);
    put_figures(&summary, site, &a);
    summary_text(&summary, ": that is as expected again.");
    a.summary = buf_slice(&summary);
    episode_end(ctx, name, TRANSITION_RESOLVED, step_at, &a);
    buf_deinit(&summary);
}

/* Those of the sites can be one of the tenant, under their rule; that of no site is another. */
static struct episode_name name_of(const struct scope *scope) {
    return (struct episode_name){.kind = ALERT_DATA_QUALITY,
                                 .rule = scope->mask ? SLICE("feeds") : SLICE("feeds.no-site"),
                                 .scope = scope};
}

void judge_quality_drop(const struct judge_context *ctx, struct slice site, struct quality_state *s,
                        int64_t at) {
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    judge_drop(ctx, &name, TRANSITION_RESOLVED, at);
    s->told = false;
}

void judge_quality_step(const struct judge_context *ctx, struct slice site, struct quality_state *s,
                        bool clock_told, int64_t step_at) {
    judge_quality_pass(s, step_at);
    struct scope scope = scope_of_site(site);
    struct episode_name name = name_of(&scope);
    if (s->told) {
        if (!is_over(ctx->contract, s))
            return;
        resolve(ctx, &name, s, site, step_at);
        s->told = false;
        return;
    }
    if (is_bad(ctx->contract, s, clock_told) && episode_may_fire(ctx, &name, step_at))
        s->told = fire(ctx, &name, s, site, step_at);
}
