#include "tasks/tenant_efforts.h"

#include <stdlib.h>

#include "base/check.h"
#include "tasks/tenant_state.h"

struct leg_told {
    struct effort_leg leg; /* begins with the agent */
    uint64_t leaf;         /* number of the tenant_leaf where it counts */
};
_Static_assert(offsetof(struct leg_told, leg.agent) == 0, "the key of its band");

/* All legs of one agent, in order. */
struct shift {
    size_t count;
    struct effort_leg legs[EFFORT_LEGS_MAX + 1];
    uint64_t leaves[EFFORT_LEGS_MAX + 1];
};

void tenant_efforts_init(struct tenant_efforts *e) {
    bands_init(&e->legs, sizeof(struct leg_told));
    e->limit = TENANT_LEGS_MAX;
}

void tenant_efforts_deinit(struct tenant_efforts *e) {
    bands_deinit(&e->legs);
}

static void unpack_shift(const struct leg_told *told, size_t count, struct shift *s) {
    s->count = count;
    for (size_t k = 0; k < count; k++) {
        s->legs[k] = told[k].leg;
        s->leaves[k] = told[k].leaf;
    }
}

static void read_shift(const struct tenant_efforts *e, uint64_t agent, struct shift *s) {
    struct leg_told told[EFFORT_LEGS_MAX + 1];
    unpack_shift(told, bands_read(&e->legs, agent, told, EFFORT_LEGS_MAX + 1), s);
}

static void read_shift_at(const struct tenant_efforts *e, uint32_t first, struct shift *s) {
    struct leg_told told[EFFORT_LEGS_MAX + 1];
    unpack_shift(told, bands_read_at(&e->legs, first, told, EFFORT_LEGS_MAX + 1), s);
}

static void write_shift(struct tenant_efforts *e, uint64_t agent, const struct shift *s) {
    struct leg_told told[EFFORT_LEGS_MAX + 1];
    for (size_t k = 0; k < s->count; k++)
        told[k] = (struct leg_told){s->legs[k], s->leaves[k]};
    bands_write(&e->legs, agent, told, s->count);
}

static void copy_shift(struct shift *to, const struct shift *from) {
    to->count = from->count;
    memcpy(to->legs, from->legs, from->count * sizeof(*to->legs));
    memcpy(to->leaves, from->leaves, from->count * sizeof(*to->leaves));
}

/* What one leg counts; nothing while it is open. */
static void count(struct tenant_task *t, const struct shift *s, size_t which, int sign) {
    const struct effort_leg *leg = &s->legs[which];
    if (leg->ended_at == INSTANT_NONE)
        return;
    const struct report_count counts[] = {
        {COUNTER_EFFORT_LEGS, sign},
        {COUNTER_EFFORT_SPAN_MS, sign * (leg->ended_at - leg->started_at)},
        {COUNTER_EFFORT_MS, sign * effort_ms(s->legs, s->count, which)},
    };
    tenant_meet_count(t, (uint32_t)s->leaves[which], leg->ended_at, counts,
                      sizeof(counts) / sizeof(counts[0]));
}

/* A leg that stands as it stood, with other legs beside it. */
static void count_change(struct tenant_task *t, const struct shift *before, size_t was,
                         const struct shift *after, size_t is) {
    const struct effort_leg *leg = &after->legs[is];
    if (leg->ended_at == INSTANT_NONE)
        return;
    int64_t change_ms = effort_ms(after->legs, after->count, is) -
                        effort_ms(before->legs, before->count, was);
    const struct report_count counts[] = {{COUNTER_EFFORT_MS, change_ms}};
    if (change_ms != 0)
        tenant_meet_count(t, (uint32_t)after->leaves[is], leg->ended_at, counts, 1);
}

static bool is_same(const struct shift *before, size_t was, const struct shift *after, size_t is) {
    return before->legs[was].ended_at == after->legs[is].ended_at &&
           before->leaves[was] == after->leaves[is];
}

/* Of two sets that differ in one leg, all that was open beside it, as it was or as it is. */
static void correct(struct tenant_task *t, const struct shift *before, const struct shift *after,
                    int64_t from_at, int64_t to_at) {
    size_t was = 0, is = 0;
    while (was < before->count || is < after->count) {
        int order = was == before->count ? 1
                    : is == after->count ? -1
                                         : effort_compare(&before->legs[was], &after->legs[is]);
        if (order < 0)
            count(t, before, was, -1);
        else if (order > 0)
            count(t, after, is, 1);
        else if (!is_same(before, was, after, is)) {
            count(t, before, was, -1);
            count(t, after, is, 1);
        } else if (effort_overlap(&after->legs[is], from_at, to_at)) {
            count_change(t, before, was, after, is);
        }
        was += order <= 0;
        is += order >= 0;
    }
}

/* Beside which nothing that may still change was open, and which ended before. */
static int64_t settled_until(const struct shift *s, int64_t late_at) {
    int64_t at = late_at;
    for (size_t k = 0; k < s->count; k++) {
        const struct effort_leg *leg = &s->legs[k];
        bool may_change = leg->ended_at == INSTANT_NONE || leg->ended_at >= late_at;
        if (may_change && leg->started_at < at)
            at = leg->started_at;
    }
    return at;
}

/* True when some went. */
static bool forget_settled(struct shift *s, int64_t late_at) {
    int64_t until_at = settled_until(s, late_at);
    size_t kept = 0, count_before = s->count;
    for (size_t k = 0; k < s->count; k++) {
        bool settled = s->legs[k].ended_at != INSTANT_NONE && s->legs[k].ended_at <= until_at;
        s->legs[kept] = s->legs[k];
        s->leaves[kept] = s->leaves[k];
        kept += !settled;
    }
    s->count = kept;
    return kept < count_before;
}

void tenant_efforts_forget(struct tenant_task *t) {
    struct tenant_efforts *e = &t->efforts;
    size_t agents;
    if (bands_items(&e->legs) == 0)
        return;
    uint32_t *order = bands_order(&e->legs, &agents);
    uint64_t *keys = malloc((agents + 1) * sizeof(*keys));
    CHECK(keys);
    for (size_t k = 0; k < agents; k++)
        keys[k] = bands_key_at(&e->legs, order[k]);
    for (size_t k = 0; k < agents; k++) {
        struct shift s;
        read_shift(e, keys[k], &s);
        if (forget_settled(&s, t->step_at - t->options.lateness_ms))
            write_shift(e, keys[k], &s);
    }
    free(keys);
    free(order);
}

/* When all was done; INSTANT_MAX: one is open. */
static int64_t over_at(const struct bands *legs, uint64_t agent) {
    struct leg_told told[EFFORT_LEGS_MAX + 1];
    size_t count = bands_read(legs, agent, told, EFFORT_LEGS_MAX + 1);
    int64_t at = count > 0 ? INSTANT_NONE : INSTANT_MAX;
    for (size_t k = 0; k < count; k++) {
        int64_t ended_at = told[k].leg.ended_at;
        if (ended_at == INSTANT_NONE)
            return INSTANT_MAX;
        at = ended_at > at ? ended_at : at;
    }
    return at;
}

/* False: every agent has something open. */
static bool make_room(struct tenant_task *t) {
    struct tenant_efforts *e = &t->efforts;
    if (bands_items(&e->legs) < e->limit)
        return true;
    size_t had = bands_items(&e->legs);
    size_t dropped = tenant_meet_make_room(&e->over, &e->legs, e->limit, over_at);
    t->counts.efforts_lost += had - bands_items(&e->legs);
    return dropped > 0;
}

/* The legs with what the row says; false when it says nothing that changes them. */
static bool changed(struct shift *s, const struct effort_row *row, uint32_t leaf) {
    size_t place = 0;
    while (place < s->count && effort_compare(&s->legs[place], &row->leg) < 0)
        place++;
    bool there = place < s->count && effort_compare(&s->legs[place], &row->leg) == 0;
    struct effort_leg *at = &s->legs[place];
    uint64_t *leaf_at = &s->leaves[place];
    if (row->gone && !there)
        return false;
    if (row->gone) {
        size_t rest = --s->count - place;
        memmove(at, at + 1, rest * sizeof(*at));
        memmove(leaf_at, leaf_at + 1, rest * sizeof(*leaf_at));
        return true;
    }
    if (!there) {
        size_t rest = s->count++ - place;
        memmove(at + 1, at, rest * sizeof(*at));
        memmove(leaf_at + 1, leaf_at, rest * sizeof(*leaf_at));
    }
    *at = row->leg;
    *leaf_at = leaf;
    return true;
}

void tenant_efforts_hear(struct tenant_task *t, const struct tenant_leaf *leaf,
                         const struct effort_row *row) {
    struct tenant_efforts *e = &t->efforts;
    struct shift before, after;
    read_shift(e, row->leg.agent, &before);
    copy_shift(&after, &before);
    if (!changed(&after, row, leaf->number))
        return;
    bool more = after.count > before.count;
    size_t had = bands_items(&e->legs);
    if (more && (after.count > EFFORT_LEGS_MAX || !make_room(t))) {
        t->counts.efforts_refused++;
        return;
    }
    if (bands_items(&e->legs) != had) { /* what made room may have been this agent's */
        read_shift(e, row->leg.agent, &before);
        copy_shift(&after, &before);
        changed(&after, row, leaf->number);
    }
    write_shift(e, row->leg.agent, &after);
    tenant_meet_written(&e->over, &e->legs, row->leg.agent, over_at);
    /* It may have been open until now. */
    correct(t, &before, &after, row->leg.started_at, INSTANT_MAX);
}

void tenant_efforts_save(const struct tenant_task *t, const uint32_t *ranks, struct buf *b) {
    const struct tenant_efforts *e = &t->efforts;
    size_t agents;
    uint32_t *order = bands_order(&e->legs, &agents);
    buf_put_varint(b, agents);
    buf_put_varint(b, bands_items(&e->legs));
    for (size_t k = 0; k < agents; k++) {
        struct shift s;
        read_shift_at(e, order[k], &s);
        for (size_t n = 0; n < s.count; n++) {
            buf_put_u64(b, s.legs[n].agent);
            buf_put_u64(b, s.legs[n].interaction);
            buf_put_varint(b, ranks[s.leaves[n]]);
            buf_put_zigzag(b, s.legs[n].started_at);
            buf_put_zigzag(b, s.legs[n].ended_at);
        }
    }
    free(order);
}

/* What is wrong with the next one, or NULL: those of one agent follow each other in their order. */
static const char *fault_of(const struct shift *s, const struct effort_leg *leg,
                            const struct cursor *c) {
    if (c->failed)
        return "it is not whole";
    const char *fault = effort_fault(leg);
    if (fault || s->count == 0 || s->legs[0].agent != leg->agent)
        return fault;
    if (s->count == EFFORT_LEGS_MAX)
        return "its agent has too many";
    bool follows = effort_compare(&s->legs[s->count - 1], leg) < 0;
    return follows ? NULL : "it does not follow the one before it";
}

bool tenant_efforts_load(struct tenant_task *t, struct tenant_leaf *const *leaves,
                         size_t leaf_count, struct cursor *c, struct err *err) {
    struct shift s = {.count = 0};
    uint64_t items = tenant_meet_expect(&t->efforts.legs, c);
    for (uint64_t k = 0; k < items; k++) {
        struct effort_leg leg = {.agent = cursor_u64(c), .interaction = cursor_u64(c)};
        uint32_t leaf = tenant_meet_leaf(leaves, leaf_count, c);
        leg.started_at = cursor_zigzag(c);
        leg.ended_at = cursor_zigzag(c);
        const char *fault = fault_of(&s, &leg, c);
        if (fault)
            return err_set(err, "leg %llu of %llu of agents: %s", (unsigned long long)k + 1,
                           (unsigned long long)items, fault);
        if (s.count > 0 && s.legs[0].agent != leg.agent) {
            write_shift(&t->efforts, s.legs[0].agent, &s);
            s.count = 0;
        }
        s.legs[s.count] = leg;
        s.leaves[s.count++] = leaf;
    }
    if (s.count > 0)
        write_shift(&t->efforts, s.legs[0].agent, &s);
    return !c->failed || err_set(err, "how many legs agents have cannot be read");
}
