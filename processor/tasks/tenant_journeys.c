#include "tasks/tenant_journeys.h"

#include <stdlib.h>

#include "base/check.h"
#include "tasks/tenant_state.h"

struct member {
    struct journey_member told; /* begins with the journey */
    uint64_t leaf;              /* number of the tenant_leaf where it counts */
};
_Static_assert(offsetof(struct member, told.part.journey) == 0, "the key of its band");

/* All members of one name, in order. */
struct band {
    size_t count;
    struct member of[JOURNEY_MEMBERS_MAX + 1];
};

void tenant_journeys_init(struct tenant_journeys *j) {
    bands_init(&j->members, sizeof(struct member));
    j->limit = TENANT_JOURNEYS_MAX;
}

void tenant_journeys_deinit(struct tenant_journeys *j) {
    bands_deinit(&j->members);
}

static void read_band(const struct tenant_journeys *j, uint64_t journey, struct band *b) {
    b->count = bands_read(&j->members, journey, b->of, JOURNEY_MEMBERS_MAX + 1);
}

static void copy_band(struct band *to, const struct band *from) {
    to->count = from->count;
    memcpy(to->of, from->of, from->count * sizeof(*to->of));
}

/* What one journey counts, and where. */
struct verdict {
    uint64_t leaf;
    struct journey_sum sum;
};

/* Those that count. */
static size_t verdicts_of(const struct band *b, struct verdict *verdicts) {
    struct journey_member told[JOURNEY_MEMBERS_MAX + 1];
    size_t count = 0;
    for (size_t k = 0; k < b->count; k++)
        told[k] = b->of[k].told;
    for (size_t from = 0; from < b->count;) {
        struct verdict *v = &verdicts[count];
        size_t taken = journey_first(&told[from], b->count - from, &v->sum);
        v->leaf = b->of[from].leaf;
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
    for (unsigned c = 0; c < JOURNEY_COUNTERS; c++)
        counts[c] = (struct report_count){(uint8_t)(COUNTER_JOURNEYS + c), sign * v->sum.counts[c]};
    tenant_meet_count(t, (uint32_t)v->leaf, v->sum.ended_at, counts, JOURNEY_COUNTERS);
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

/* When the last of them was over; INSTANT_MAX: one is open. */
static int64_t ended_at(const struct band *b) {
    int64_t at = b->count > 0 ? INSTANT_NONE : INSTANT_MAX;
    for (size_t k = 0; k < b->count; k++) {
        const struct journey_part *p = &b->of[k].told.part;
        if (p->ended_at == INSTANT_NONE)
            return INSTANT_MAX;
        at = p->ended_at > at ? p->ended_at : at;
    }
    return at;
}

static int64_t over_at(const struct bands *members, uint64_t journey) {
    struct band b;
    b.count = bands_read(members, journey, b.of, JOURNEY_MEMBERS_MAX + 1);
    return ended_at(&b);
}

/* False: all are open. */
static bool make_room(struct tenant_task *t) {
    struct tenant_journeys *j = &t->journeys;
    if (bands_items(&j->members) < j->limit)
        return true;
    size_t dropped = tenant_meet_make_room(&j->over, &j->members, j->limit, over_at);
    t->counts.journeys_lost += dropped;
    return dropped > 0;
}

void tenant_journeys_forget(struct tenant_task *t) {
    struct tenant_journeys *j = &t->journeys;
    size_t count_all, past_count = 0;
    if (bands_items(&j->members) == 0)
        return;
    int64_t until_at = t->step_at - t->options.lateness_ms - JOURNEY_GAP_MS;
    uint32_t *order = bands_order(&j->members, &count_all);
    uint64_t *past = malloc((count_all + 1) * sizeof(*past));
    CHECK(past);
    for (size_t k = 0; k < count_all; k++) {
        struct band b;
        b.count = bands_read_at(&j->members, order[k], b.of, JOURNEY_MEMBERS_MAX + 1);
        if (ended_at(&b) < until_at)
            past[past_count++] = b.of[0].told.part.journey;
    }
    for (size_t k = 0; k < past_count; k++)
        bands_write(&j->members, past[k], NULL, 0);
    free(past);
    free(order);
}

/* Where the member stands or would stand. */
static size_t place_of(const struct band *b, const struct journey_member *m, bool *there) {
    size_t place = 0;
    while (place < b->count && journey_compare(&b->of[place].told, m) < 0)
        place++;
    *there = place < b->count && journey_compare(&b->of[place].told, m) == 0;
    return place;
}

/* The band with what the row says; false when it says nothing that changes it. */
static bool changed(struct band *b, const struct journey_row *row, uint32_t leaf) {
    bool there;
    size_t place = place_of(b, &row->member, &there);
    struct member *at = &b->of[place];
    if (row->gone && !there)
        return false;
    if (row->gone) {
        memmove(at, at + 1, (--b->count - place) * sizeof(*at));
        return true;
    }
    if (!there)
        memmove(at + 1, at, (b->count++ - place) * sizeof(*at));
    *at = (struct member){row->member, leaf};
    return true;
}

void tenant_journeys_hear(struct tenant_task *t, const struct tenant_leaf *leaf,
                          const struct journey_row *row) {
    struct tenant_journeys *j = &t->journeys;
    uint64_t journey = row->member.part.journey;
    struct band before, after;
    read_band(j, journey, &before);
    copy_band(&after, &before);
    if (!changed(&after, row, leaf->number))
        return;
    bool more = after.count > before.count;
    if (more && (after.count > JOURNEY_MEMBERS_MAX || !make_room(t))) {
        t->counts.journeys_refused++;
        return;
    }
    if (more) { /* what made room may have been of this name */
        read_band(j, journey, &before);
        copy_band(&after, &before);
        changed(&after, row, leaf->number);
    }
    bands_write(&j->members, journey, after.of, after.count);
    tenant_meet_written(&j->over, &j->members, journey, over_at);
    correct(t, &before, &after);
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
    size_t count_all;
    uint32_t *order = bands_order(&j->members, &count_all);
    buf_put_varint(b, count_all);
    buf_put_varint(b, bands_items(&j->members));
    for (size_t k = 0; k < count_all; k++) {
        struct band band;
        band.count = bands_read_at(&j->members, order[k], band.of, JOURNEY_MEMBERS_MAX + 1);
        for (size_t m = 0; m < band.count; m++)
            save_member(&band.of[m], ranks, b);
    }
    free(order);
}

static uint32_t load_u32(struct cursor *c) {
    uint64_t value = cursor_varint(c);
    if (value > UINT32_MAX)
        cursor_fail(c);
    return (uint32_t)value;
}

static struct member load_member(struct tenant_leaf *const *leaves, size_t leaf_count,
                                 struct cursor *c) {
    struct member m = {0};
    struct journey_part *p = &m.told.part;
    p->journey = cursor_u64(c);
    m.told.interaction = cursor_u64(c);
    m.leaf = tenant_meet_leaf(leaves, leaf_count, c);
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

/* What is wrong with the next one, or NULL: those of one name follow each other in their order. */
static const char *fault_of(const struct band *band, const struct member *m,
                            const struct cursor *c) {
    if (c->failed)
        return "it is not whole";
    const char *fault = journey_fault(&m->told);
    if (fault || band->count == 0 || band->of[0].told.part.journey != m->told.part.journey)
        return fault;
    if (band->count == JOURNEY_MEMBERS_MAX)
        return "its journey has too many";
    bool follows = journey_compare(&band->of[band->count - 1].told, &m->told) < 0;
    return follows ? NULL : "it does not follow the one before it";
}

bool tenant_journeys_load(struct tenant_task *t, struct tenant_leaf *const *leaves,
                          size_t leaf_count, struct cursor *c, struct err *err) {
    struct bands *members = &t->journeys.members;
    struct band band = {.count = 0};
    uint64_t items = tenant_meet_expect(members, c);
    for (uint64_t k = 0; k < items; k++) {
        struct member m = load_member(leaves, leaf_count, c);
        const char *fault = fault_of(&band, &m, c);
        if (fault)
            return err_set(err, "interaction %llu of %llu in journeys: %s",
                           (unsigned long long)k + 1, (unsigned long long)items, fault);
        uint64_t last = band.count > 0 ? band.of[0].told.part.journey : 0;
        if (last != 0 && last != m.told.part.journey) {
            bands_write(members, last, band.of, band.count);
            band.count = 0;
        }
        band.of[band.count++] = m;
    }
    if (band.count > 0)
        bands_write(members, band.of[0].told.part.journey, band.of, band.count);
    return !c->failed || err_set(err, "how many interactions are in journeys cannot be read");
}
