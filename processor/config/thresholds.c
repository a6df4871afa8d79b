#include "config/thresholds.h"

#define VISITS_TRIED_MAX 200000 /* beyond, what could be needed at most decides */

/* The values of one dimension that the contract tells apart; the last one is any other. */
struct values {
    struct slice *list;
    size_t count;
};

static void add_values(struct values *to, const struct match_values *from) {
    for (size_t i = 0; i < from->count; i++) {
        bool known = false;
        for (size_t k = 0; k < to->count && !known; k++)
            known = slice_equal(to->list[k], from->values[i]);
        if (!known)
            to->list[to->count++] = from->values[i];
    }
}

static bool makes_threshold(const struct objective *o) {
    return o->metric == METRIC_SERVICE_LEVEL;
}

typedef const struct match_values *dimension_fn(const struct match *m);

static const struct match_values *vendor_of(const struct match *m) {
    return &m->vendor;
}

static const struct match_values *site_of(const struct match *m) {
    return &m->site;
}

static const struct match_values *queue_of(const struct match *m) {
    return &m->queue;
}

static struct values collect(struct arena *arena, const struct contract *c, dimension_fn *of) {
    size_t room = 1;
    for (size_t i = 0; i < c->objective_count; i++)
        room += of(&c->objectives[i].when)->count;
    for (size_t i = 0; i < c->clock_count; i++)
        room += of(&c->clocks[i].when)->count;
    struct values v = {.list = arena_get(arena, room, sizeof(*v.list))};
    for (size_t i = 0; i < c->objective_count; i++) {
        if (makes_threshold(&c->objectives[i]))
            add_values(&v, of(&c->objectives[i].when));
    }
    for (size_t i = 0; i < c->clock_count; i++) {
        if (c->clocks[i].kind == CLOCK_SPEED_OF_ANSWER)
            add_values(&v, of(&c->clocks[i].when));
    }
    v.list[v.count++] = SLICE("(any other)");
    return v;
}

/* At most one T per service-level objective, one per speed_of_answer clock, and the default. */
static bool cannot_exceed(const struct contract *c) {
    size_t most = 1;
    for (size_t i = 0; i < c->objective_count; i++)
        most += makes_threshold(&c->objectives[i]);
    for (size_t i = 0; i < c->clock_count; i++)
        most += c->clocks[i].kind == CLOCK_SPEED_OF_ANSWER;
    return most <= LEAF_THRESHOLDS_MAX;
}

static bool exceeds(struct reader *r, int line, const struct contract *c,
                    const struct leaf *visit) {
    int64_t thresholds_ms[LEAF_THRESHOLDS_MAX];
    size_t needed = contract_thresholds(c, visit, thresholds_ms);
    if (needed <= LEAF_THRESHOLDS_MAX)
        return false;
    reader_fault(r, line, "let objectives share their `within`",
                 "a visit in vendor " SLICE_FMT ", site " SLICE_FMT ", queue " SLICE_FMT
                 ", channel %s would be counted for %zu service-level thresholds, and at most %d "
                 "are kept",
                 SLICE_ARG(visit->vendor), SLICE_ARG(visit->site), SLICE_ARG(visit->queue),
                 channel_name((enum channel)visit->channel), needed, LEAF_THRESHOLDS_MAX);
    return true;
}

/* Every channel, priority and direction of one vendor, site and queue. */
static bool any_exceeds(struct reader *r, int line, const struct contract *c, struct leaf visit) {
    for (visit.channel = 0; visit.channel < CHANNEL_COUNT; visit.channel++) {
        for (visit.priority = 0; visit.priority < PRIORITY_COUNT; visit.priority++) {
            for (visit.direction = DIRECTION_INBOUND; visit.direction < DIRECTION_COUNT;
                 visit.direction++) {
                if (exceeds(r, line, c, &visit))
                    return true;
            }
        }
    }
    return false;
}

void thresholds_check(struct reader *r, int line, const struct contract *c) {
    if (cannot_exceed(c))
        return;
    struct values vendors = collect(r->arena, c, vendor_of);
    struct values sites = collect(r->arena, c, site_of);
    struct values queues = collect(r->arena, c, queue_of);
    size_t kinds = CHANNEL_COUNT * PRIORITY_COUNT * (DIRECTION_COUNT - 1);
    if (vendors.count * sites.count * queues.count > VISITS_TRIED_MAX / kinds) {
        reader_fault(r, line, "let objectives share their `within`",
                     "too many combinations of vendor, site and queue to see whether %d "
                     "service-level thresholds are enough",
                     LEAF_THRESHOLDS_MAX);
        return;
    }
    for (size_t v = 0; v < vendors.count; v++) {
        for (size_t s = 0; s < sites.count; s++) {
            for (size_t q = 0; q < queues.count; q++) {
                struct leaf visit = {
                    .vendor = vendors.list[v], .site = sites.list[s], .queue = queues.list[q]};
                if (any_exceeds(r, line, c, visit))
                    return;
            }
        }
    }
}
