#include "core/journey.h"

#include "base/check.h"

uint64_t journey_identity(struct slice tenant, struct slice journey_id) {
    uint64_t identity = slice_hash(journey_id, slice_hash(tenant, 0));
    return identity ? identity : 1;
}

void journey_part_open(struct journey_part *p, int64_t at) {
    if (p->journey == 0)
        return;
    bool begins = p->began_at == INSTANT_NONE ||
                  (p->ended_at != INSTANT_NONE && at - p->ended_at > JOURNEY_GAP_MS);
    if (begins)
        *p = (struct journey_part){.journey = p->journey, .began_at = at};
    p->ended_at = INSTANT_NONE;
}

void journey_part_close(struct journey_part *p, int64_t at) {
    if (p->journey != 0)
        p->ended_at = at > p->began_at ? at : p->began_at;
}

void journey_part_take_visit(struct journey_part *p) {
    p->has_visit = p->journey != 0;
}

void journey_part_take_leg(struct journey_part *p) {
    p->has_leg = p->journey != 0;
}

void journey_part_visit(struct journey_part *p, int64_t wait_ms, int sign) {
    if (!p->has_visit)
        return;
    p->wait_ms += sign * wait_ms;
    p->visits += (uint32_t)sign;
}

void journey_part_leg(struct journey_part *p, int64_t handle_ms, bool transferred, int sign) {
    if (!p->has_leg)
        return;
    p->handle_ms += sign * handle_ms;
    p->legs += (uint32_t)sign;
    p->transfers += transferred ? (uint32_t)sign : 0;
}

bool journey_part_same(const struct journey_part *a, const struct journey_part *b) {
    return a->journey == b->journey && a->began_at == b->began_at && a->ended_at == b->ended_at &&
           a->wait_ms == b->wait_ms && a->handle_ms == b->handle_ms && a->visits == b->visits &&
           a->legs == b->legs && a->transfers == b->transfers;
}

static int compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

int journey_compare(const struct journey_member *a, const struct journey_member *b) {
    if (a->part.journey != b->part.journey)
        return compare(a->part.journey, b->part.journey);
    if (a->part.began_at != b->part.began_at)
        return a->part.began_at < b->part.began_at ? -1 : 1;
    return compare(a->interaction, b->interaction);
}

static bool is_instant(int64_t at) {
    return at >= 0 && at <= EVENT_CLOCK_MAX;
}

static bool is_sum(int64_t sum_ms) {
    return sum_ms >= 0 && sum_ms <= JOURNEY_SUM_MAX;
}

const char *journey_fault(const struct journey_member *m) {
    const struct journey_part *p = &m->part;
    if (p->journey == 0)
        return "it has no name";
    if (!is_instant(p->began_at))
        return "it begins at no instant that can be";
    if (p->ended_at != INSTANT_NONE && (p->ended_at < p->began_at || !is_instant(p->ended_at)))
        return "it ends before it begins, or at no instant that can be";
    if (m->resolved_at != INSTANT_NONE && !is_instant(m->resolved_at))
        return "it was resolved at no instant that can be";
    if (!is_sum(p->wait_ms) || !is_sum(p->handle_ms))
        return "its sums are of no durations that can be";
    return p->transfers <= p->legs ? NULL : "it has more transfers than legs";
}

/* What the members add up to, before it is known what of it counts. */
struct total {
    struct journey_part part;
    int64_t resolved_at;
};

static void add(struct total *t, const struct journey_member *m) {
    const struct journey_part *p = &m->part;
    t->part.wait_ms += p->wait_ms;
    t->part.handle_ms += p->handle_ms;
    t->part.visits += p->visits;
    t->part.legs += p->legs;
    t->part.transfers += p->transfers;
    if (p->ended_at > t->part.ended_at)
        t->part.ended_at = p->ended_at;
    if (m->resolved_at > t->resolved_at)
        t->resolved_at = m->resolved_at;
}

static void set(struct journey_sum *sum, enum counter c, int64_t value) {
    sum->counts[c - COUNTER_JOURNEYS] = value;
}

/* One in which nobody waited and nobody served was none. */
static void count(struct journey_sum *sum, const struct total *t) {
    const struct journey_part *p = &t->part;
    if (p->visits == 0 && p->legs == 0)
        return;
    set(sum, COUNTER_JOURNEYS, 1);
    set(sum, COUNTER_JOURNEYS_WAITED, p->visits > 0);
    set(sum, COUNTER_JOURNEY_WAIT_MS, p->wait_ms);
    set(sum, COUNTER_JOURNEYS_HANDLED, p->legs > 0);
    set(sum, COUNTER_JOURNEY_HANDLE_MS, p->handle_ms);
    set(sum, COUNTER_JOURNEYS_TRANSFERRED, p->transfers > 0);
    set(sum, COUNTER_JOURNEY_TRANSFERS, p->transfers);
    if (t->resolved_at == INSTANT_NONE)
        return;
    set(sum, COUNTER_JOURNEYS_RESOLVED, 1);
    set(sum, COUNTER_JOURNEY_RESOLUTION_MS,
        t->resolved_at > p->began_at ? t->resolved_at - p->began_at : 0);
}

size_t journey_first(const struct journey_member *members, size_t member_count,
                     struct journey_sum *sum) {
    CHECK(member_count > 0);
    *sum = (struct journey_sum){.over = true};
    struct total t = {.part = {.began_at = members[0].part.began_at, .ended_at = INSTANT_NONE},
                      .resolved_at = INSTANT_NONE};
    size_t taken = 0;
    while (taken < member_count) {
        const struct journey_member *m = &members[taken];
        if (sum->over && taken > 0 && m->part.began_at - t.part.ended_at > JOURNEY_GAP_MS)
            break;
        add(&t, m);
        sum->over = sum->over && m->part.ended_at != INSTANT_NONE;
        taken++;
    }
    sum->ended_at = t.part.ended_at;
    if (sum->over)
        count(sum, &t);
    return taken;
}
