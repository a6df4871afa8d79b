#include "tasks/tenant_journeys.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_state.h"

struct member {
    struct journey_member told;
    uint32_t leaf; /* number of the tenant_leaf where it counts */
    uint32_t next; /* of the same journey, in journey_compare's order; POOL_NONE */
};

/* All members of one name, in order. */
struct band {
    size_t count;
    struct journey_member told[JOURNEY_MEMBERS_MAX + 1];
    uint32_t leaves[JOURNEY_MEMBERS_MAX + 1];
};

static struct member *member_at(const struct tenant_journeys *j, uint32_t handle) {
    return pool_at(&j->members, handle);
}

void tenant_journeys_init(struct tenant_journeys *j) {
    pool_init(&j->members, sizeof(struct member));
    table_init(&j->index, 64);
    j->limit = TENANT_JOURNEYS_MAX;
}

void tenant_journeys_deinit(struct tenant_journeys *j) {
    pool_deinit(&j->members);
    table_deinit(&j->index);
}

static bool is_of(const void *context, uint32_t handle, const void *key) {
    return member_at(context, handle)->told.part.journey == *(const uint64_t *)key;
}

static uint32_t find(const struct tenant_journeys *j, uint64_t journey) {
    uint32_t handle = table_find(&j->index, journey, is_of, j, &journey);
    return handle == TABLE_NONE ? POOL_NONE : handle;
}

static void read_band(const struct tenant_journeys *j, uint32_t first, struct band *b) {
    b->count = 0;
    for (uint32_t handle = first; handle != POOL_NONE; handle = member_at(j, handle)->next) {
        const struct member *m = member_at(j, handle);
        b->told[b->count] = m->told;
        b->leaves[b->count++] = m->leaf;
    }
}

static void cut_band(struct tenant_journeys *j, uint32_t handle) {
    while (handle != POOL_NONE) {
        uint32_t next = member_at(j, handle)->next;
        pool_put(&j->members, handle);
        handle = next;
    }
}

/* In the place of those that begin with `first`; POOL_NONE: there were none. */
static void write_band(struct tenant_journeys *j, uint32_t first, uint64_t journey,
                       const struct band *b) {
    uint32_t next = POOL_NONE;
    if (first != POOL_NONE)
        table_remove(&j->index, journey, first);
    cut_band(j, first);
    for (size_t k = b->count; k-- > 0;) {
        uint32_t handle = pool_get(&j->members);
        *member_at(j, handle) = (struct member){b->told[k], b->leaves[k], next};
        next = handle;
    }
    if (next != POOL_NONE)
        table_insert(&j->index, journey, next);
}

/* What one journey counts, and where. */
struct verdict {
    uint32_t leaf;
    struct journey_sum sum;
};

/* Those that count. */
static size_t verdicts_of(const struct band *b, struct verdict *verdicts) {
    size_t count = 0;
    for (size_t from = 0; from < b->count;) {
        struct verdict *v = &verdicts[count];
        size_t taken = journey_first(&b->told[from], b->count - from, &v->sum);
        v->leaf = b->leaves[from];
        count += v->sum.counts[0] != 0;
        from += taken;
    }
    return count;
}

static bool is_in(const struct verdict *verdicts, size_t count, const struct verdict *v) {
    for (size_t k = 0; k < count; k++) {
        const struct verdict *other = &verdicts[k];
        if (other->leaf == v->leaf && other->sum.ended_at == v->sum.ended_at &&
            memcmp(other->sum.counts, v->sum.counts, sizeof(v->sum.counts)) == 0)
            return true;
    }
    return false;
}

static void count(struct tenant_task *t, const struct verdict *v, int sign) {
    struct report_count counts[JOURNEY_COUNTERS];
    struct report_row row = {.pane_at = instant_floor(v->sum.ended_at, DELTA_PANE_MS)};
    for (unsigned c = 0; c < JOURNEY_COUNTERS; c++) {
        if (v->sum.counts[c] != 0)
            counts[row.count_count++] = (struct report_count){(uint8_t)(COUNTER_JOURNEYS + c),
                                                              sign * v->sum.counts[c]};
    }
    struct report report = {.rows = &row, .row_count = 1, .counts = counts};
    report.count_count = row.count_count;
    tenant_rows_add(t, t->leaves.items[v->leaf], &report, &row);
}

/* Journeys of one name begin at different instants, so that none comes twice. */
static void correct(struct tenant_task *t, const struct band *before, const struct band *after) {
    struct verdict was[JOURNEY_MEMBERS_MAX + 1], is[JOURNEY_MEMBERS_MAX + 1];
    size_t was_count = verdicts_of(before, was), is_count = verdicts_of(after, is);
    for (size_t k = 0; k < was_count; k++)
        if (!is_in(is, is_count, &was[k]))
            count(t, &was[k], -1);
    for (size_t k = 0; k < is_count; k++)
        if (!is_in(was, was_count, &is[k]))
            count(t, &is[k], 1);
}

/* A journey that is over, by when. */
struct past {
    int64_t ended_at;
    uint64_t journey;
};

static int by_end(const void *a, const void *b) {
    const struct past *x = a, *y = b;
    if (x->ended_at != y->ended_at)
        return x->ended_at < y->ended_at ? -1 : 1;
    return (x->journey > y->journey) - (x->journey < y->journey);
}

/* When the last of them was over; INSTANT_MAX: one is open. */
static int64_t ended_at(const struct tenant_journeys *j, uint32_t first) {
    int64_t at = INSTANT_NONE;
    for (uint32_t handle = first; handle != POOL_NONE; handle = member_at(j, handle)->next) {
        const struct journey_part *p = &member_at(j, handle)->told.part;
        if (p->ended_at == INSTANT_NONE)
            return INSTANT_MAX;
        at = p->ended_at > at ? p->ended_at : at;
    }
    return at;
}

/* Journeys of which nothing is open and that were over before `until_at`, in the order of their
 * ends. The caller frees them. */
static struct past *past_of(const struct tenant_journeys *j, int64_t until_at, size_t *past_count) {
    struct past *past = malloc((j->index.used + 1) * sizeof(*past));
    CHECK(past);
    size_t place = 0;
    uint32_t first;
    *past_count = 0;
    while ((first = table_next(&j->index, &place)) != TABLE_NONE) {
        int64_t at = ended_at(j, first);
        if (at < until_at)
            past[(*past_count)++] = (struct past){at, member_at(j, first)->told.part.journey};
    }
    qsort(past, *past_count, sizeof(*past), by_end);
    return past;
}

static void drop(struct tenant_journeys *j, uint64_t journey) {
    static const struct band none = {0};
    write_band(j, find(j, journey), journey, &none);
}

/* False: all are open. */
static bool make_room(struct tenant_task *t) {
    struct tenant_journeys *j = &t->journeys;
    if (j->members.used < j->limit)
        return true;
    size_t past_count;
    struct past *past = past_of(j, INSTANT_MAX, &past_count);
    uint32_t goal = j->limit - (j->limit + 7) / 8;
    size_t dropped = 0;
    while (dropped < past_count && j->members.used > goal)
        drop(j, past[dropped++].journey);
    t->counts.journeys_lost += dropped;
    free(past);
    return dropped > 0;
}

void tenant_journeys_forget(struct tenant_task *t) {
    struct tenant_journeys *j = &t->journeys;
    size_t past_count;
    int64_t until_at = t->step_at - t->options.lateness_ms - JOURNEY_GAP_MS;
    struct past *past = past_of(j, until_at, &past_count);
    for (size_t k = 0; k < past_count; k++)
        drop(j, past[k].journey);
    free(past);
}

/* Where the member stands or would stand. */
static size_t place_of(const struct band *b, const struct journey_member *m, bool *there) {
    size_t place = 0;
    while (place < b->count && journey_compare(&b->told[place], m) < 0)
        place++;
    *there = place < b->count && journey_compare(&b->told[place], m) == 0;
    return place;
}

static void put(struct band *b, size_t place, bool there, const struct journey_member *told,
                uint32_t leaf) {
    if (!there) {
        size_t rest = b->count++ - place;
        memmove(&b->told[place + 1], &b->told[place], rest * sizeof(*b->told));
        memmove(&b->leaves[place + 1], &b->leaves[place], rest * sizeof(*b->leaves));
    }
    b->told[place] = *told;
    b->leaves[place] = leaf;
}

static void take_out(struct band *b, size_t place) {
    size_t rest = --b->count - place;
    memmove(&b->told[place], &b->told[place + 1], rest * sizeof(*b->told));
    memmove(&b->leaves[place], &b->leaves[place + 1], rest * sizeof(*b->leaves));
}

void tenant_journeys_hear(struct tenant_task *t, const struct tenant_leaf *leaf,
                          const struct journey_row *row) {
    struct tenant_journeys *j = &t->journeys;
    uint64_t journey = row->member.part.journey;
    struct band before, after;
    read_band(j, find(j, journey), &before);
    bool there;
    size_t place = place_of(&before, &row->member, &there);
    if (!there && row->gone)
        return;
    if (!there && (before.count == JOURNEY_MEMBERS_MAX || !make_room(t))) {
        t->counts.journeys_refused++;
        return;
    }
    uint32_t first = find(j, journey); /* room may have been made of what was over of it */
    read_band(j, first, &after);
    if (after.count != before.count) {
        before.count = 0;
        place = 0;
    }
    if (row->gone)
        take_out(&after, place);
    else
        put(&after, place, there, &row->member, leaf->number);
    write_band(j, first, journey, &after);
    correct(t, &before, &after);
}

static int by_member(const void *a, const void *b) {
    return journey_compare(&(*(struct member *const *)a)->told,
                           &(*(struct member *const *)b)->told);
}

static void save_member(const struct member *m, const uint32_t *ranks, struct buf *b) {
    const struct journey_part *p = &m->told.part;
    buf_put_u64(b, p->journey);
    buf_put_u64(b, m->told.interaction);
    buf_put_varint(b, ranks[m->leaf]);
    buf_put_zigzag(b, p->began_at);
    buf_put_zigzag(b, p->ended_at);
    buf_put_zigzag(b, m->told.resolved_at);
    buf_put_zigzag(b, p->wait_ms);
    buf_put_zigzag(b, p->handle_ms);
    buf_put_varint(b, p->visits);
    buf_put_varint(b, p->legs);
    buf_put_varint(b, p->transfers);
}

void tenant_journeys_save(const struct tenant_task *t, const uint32_t *ranks, struct buf *b) {
    const struct tenant_journeys *j = &t->journeys;
    struct member **sorted = malloc(((size_t)j->members.used + 1) * sizeof(*sorted));
    CHECK(sorted);
    size_t place = 0, count = 0;
    uint32_t first;
    while ((first = table_next(&j->index, &place)) != TABLE_NONE)
        for (uint32_t handle = first; handle != POOL_NONE; handle = member_at(j, handle)->next)
            sorted[count++] = member_at(j, handle);
    qsort(sorted, count, sizeof(*sorted), by_member);
    buf_put_varint(b, count);
    for (size_t k = 0; k < count; k++)
        save_member(sorted[k], ranks, b);
    free(sorted);
}

static uint32_t load_u32(struct cursor *c) {
    uint64_t value = cursor_varint(c);
    if (value > UINT32_MAX)
        cursor_fail(c);
    return (uint32_t)value;
}

static struct member load_member(struct tenant_leaf *const *leaves, size_t leaf_count,
                                 struct cursor *c) {
    struct member m = {.next = POOL_NONE};
    struct journey_part *p = &m.told.part;
    p->journey = cursor_u64(c);
    m.told.interaction = cursor_u64(c);
    uint64_t rank = cursor_varint(c);
    if (rank >= leaf_count)
        cursor_fail(c);
    else
        m.leaf = leaves[rank]->number;
    p->began_at = cursor_zigzag(c);
    p->ended_at = cursor_zigzag(c);
    m.told.resolved_at = cursor_zigzag(c);
    p->wait_ms = cursor_zigzag(c);
    p->handle_ms = cursor_zigzag(c);
    p->visits = load_u32(c);
    p->legs = load_u32(c);
    p->transfers = load_u32(c);
    return m;
}

/* In the order in which they were saved, so that each follows those of its name. */
void tenant_journeys_load(struct tenant_task *t, struct tenant_leaf *const *leaves,
                          size_t leaf_count, struct cursor *c) {
    struct tenant_journeys *j = &t->journeys;
    uint64_t count = cursor_varint(c);
    uint32_t last = POOL_NONE;
    for (uint64_t k = 0; k < count && !c->failed; k++) {
        struct member m = load_member(leaves, leaf_count, c);
        struct member *before = last == POOL_NONE ? NULL : member_at(j, last);
        if (before && journey_compare(&before->told, &m.told) >= 0)
            cursor_fail(c);
        if (c->failed)
            return;
        uint32_t handle = pool_get(&j->members);
        *member_at(j, handle) = m;
        if (before && before->told.part.journey == m.told.part.journey)
            before->next = handle;
        else
            table_insert(&j->index, m.told.part.journey, handle);
        last = handle;
    }
}
