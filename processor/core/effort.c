#include "core/effort.h"

#include "base/check.h"

uint64_t effort_identity(struct slice tenant, struct slice agent) {
    uint64_t identity = slice_hash(agent, slice_hash(tenant, 1));
    return identity ? identity : 1;
}

static int compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

int effort_compare(const struct effort_leg *a, const struct effort_leg *b) {
    if (a->agent != b->agent)
        return compare(a->agent, b->agent);
    if (a->started_at != b->started_at)
        return a->started_at < b->started_at ? -1 : 1;
    return compare(a->interaction, b->interaction);
}

const char *effort_fault(const struct effort_leg *leg) {
    if (leg->agent == 0)
        return "it has no agent";
    if (leg->started_at < 0 || leg->started_at > EVENT_CLOCK_MAX)
        return "it begins at no instant that can be";
    if (leg->ended_at == INSTANT_NONE)
        return NULL;
    bool can_be = leg->ended_at >= leg->started_at && leg->ended_at <= EVENT_CLOCK_MAX;
    return can_be ? NULL : "it ends before it begins, or at no instant that can be";
}

static int64_t nearer(int64_t at, int64_t than, int64_t after) {
    return at > after && at < than ? at : than;
}

/* What goes on from `at` until something begins or ends. */
struct stretch {
    int64_t to_at;
    int64_t open; /* how many legs are, and how many of them before this one */
    int64_t before;
};

static struct stretch stretch_at(const struct effort_leg *legs, size_t count, size_t which,
                                 int64_t at) {
    struct stretch s = {.to_at = legs[which].ended_at};
    for (size_t k = 0; k < count; k++) {
        const struct effort_leg *leg = &legs[k];
        s.to_at = nearer(leg->started_at, s.to_at, at);
        if (leg->ended_at != INSTANT_NONE)
            s.to_at = nearer(leg->ended_at, s.to_at, at);
        bool open = effort_overlap(leg, at, at + 1);
        s.open += open;
        s.before += open && k < which;
    }
    return s;
}

int64_t effort_ms(const struct effort_leg *legs, size_t count, size_t which) {
    const struct effort_leg *leg = &legs[which];
    int64_t sum_ms = 0;
    CHECK(leg->ended_at != INSTANT_NONE);
    /* Those far away in time cost nothing but a look. */
    size_t first = which, last = which;
    for (size_t k = 0; k < count; k++) {
        if (!effort_overlap(&legs[k], leg->started_at, leg->ended_at))
            continue;
        first = k < first ? k : first;
        last = k > last ? k : last;
    }
    for (int64_t at = leg->started_at; at < leg->ended_at;) {
        struct stretch s = stretch_at(&legs[first], last - first + 1, which - first, at);
        CHECK(s.open > 0 && s.to_at > at); /* the leg itself is open */
        int64_t lasts_ms = s.to_at - at;
        sum_ms += lasts_ms / s.open + (s.before < lasts_ms % s.open);
        at = s.to_at;
    }
    return sum_ms;
}
