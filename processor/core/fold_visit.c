#include "core/fold_parts.h"

#include "base/check.h"
#include "core/miss.h"

/* A visit counts where it is inbound and was not taken out. */
static void count(struct fold *f, const struct visit *v, int64_t at, enum counter c,
                  int64_t value) {
    ledger_count(&f->ledger, v->leaf, at, c, value);
}

static void miss(struct fold *f, const struct visit *v, enum miss_kind kind, int64_t at,
                 int64_t wait_ms, int32_t value) {
    const struct ledger_miss m = {.at = at,
                                  .queued_at = v->queued_at,
                                  .wait_ms = wait_ms,
                                  .leaf = v->leaf,
                                  .count = value,
                                  .kind = (uint8_t)kind};
    ledger_miss(&f->ledger, &m);
}

static void level(struct fold *f, const struct visit *v, int64_t at, size_t threshold,
                  enum level_counter c, int32_t value) {
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    if (c == LEVEL_LATE && leaf->late_misses >> threshold & 1)
        miss(f, v, MISS_LATE, at, leaf->thresholds_ms[threshold], value);
    ledger_level(&f->ledger, v->leaf, at, BY_EVENT, threshold, c, value);
    ledger_level(&f->ledger, v->leaf, v->queued_at, BY_ARRIVAL, threshold, c, value);
}

static bool is_short_by(const struct contract *c, const struct visit *v) {
    return v->wait_ms < c->short_abandon_ms;
}

static bool is_short(const struct fold *f, const struct visit *v) {
    return is_short_by(fold_leaf(f, v->leaf)->contract, v);
}

static enum level_counter counter_in_time(const struct contract *c, const struct visit *v) {
    switch ((enum visit_end)v->end) {
    case VISIT_ANSWERED: return LEVEL_ANSWERED_IN;
    case VISIT_ABANDONED: return is_short_by(c, v) ? LEVEL_ABANDONED_SHORT : LEVEL_ABANDONED_IN;
    case VISIT_FLOWED_OUT: return LEVEL_FLOWED_OUT_IN;
    case VISIT_CALLBACK: return LEVEL_CALLBACK_IN;
    case VISIT_OPEN:
    case VISIT_AGED:
    case VISIT_END_COUNT: break;
    }
    UNREACHABLE("a visit without a service-level event");
}

struct level_event {
    int64_t at;
    enum level_counter counter;
};

/* The one service-level event of an ended visit, for one threshold. A measured wait beyond T puts
 * the passing of T at the end of the wait where that came first. */
static struct level_event event_of_end(const struct contract *c, const struct visit *v,
                                       size_t threshold, int64_t within_ms) {
    if (v->wait_ms <= within_ms)
        return (struct level_event){v->ended_at, counter_in_time(c, v)};
    int64_t passed_at = v->queued_at + within_ms;
    if (threshold >= v->late && passed_at > v->ended_at)
        passed_at = v->ended_at;
    return (struct level_event){passed_at, LEVEL_LATE};
}

static void net_level(struct fold *f, const struct visit *v, size_t threshold, int64_t within_ms,
                      int32_t value) {
    struct level_event e = event_of_end(fold_leaf(f, v->leaf)->contract, v, threshold, within_ms);
    level(f, v, e.at, threshold, e.counter, value);
}

/* What passed while the wait went on. */
static void passed_levels(struct fold *f, const struct visit *v, int32_t value) {
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    for (size_t t = 0; t < v->late; t++)
        level(f, v, v->queued_at + leaf->thresholds_ms[t], t, LEVEL_LATE, value);
}

static void end_levels(struct fold *f, const struct visit *v) {
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    for (size_t t = 0; t < leaf->threshold_count; t++) {
        int64_t within_ms = leaf->thresholds_ms[t];
        if (t < v->late && v->wait_ms > within_ms)
            continue;
        /* The source measured a wait in time although T had passed by the events' times. */
        if (t < v->late)
            level(f, v, v->queued_at + within_ms, t, LEVEL_LATE, -1);
        net_level(f, v, t, within_ms, 1);
    }
}

/* In the order of the counters, as their counts. */
static const uint64_t answered = DELTA_COUNTER(COUNTER_ANSWERED) | DELTA_COUNTER(COUNTER_WAIT_MS) |
                                 DELTA_COUNTER(COUNTER_WAITING_CHANGE);
static const uint64_t arrived_answered = DELTA_COUNTER(COUNTER_ARR_ENDED) |
                                         DELTA_COUNTER(COUNTER_ARR_ANSWERED) |
                                         DELTA_COUNTER(COUNTER_ARR_WAIT_MS);
static const uint64_t begun = DELTA_COUNTER(COUNTER_OFFERED) |
                              DELTA_COUNTER(COUNTER_WAITING_CHANGE);

/* All of it: the way of most visits. */
static void tell_answer(struct fold *f, const struct visit *v, int32_t value) {
    int64_t wait_ms = value * v->wait_ms;
    const int64_t ended[] = {value, wait_ms, -value}, arrived[] = {value, value, wait_ms};
    struct ledger *l = &f->ledger;
    ledger_counts(l, v->leaf, v->ended_at, answered, ended);
    ledger_sample(l, v->leaf, v->ended_at, HISTOGRAM_WAIT, v->wait_ms, value);
    ledger_counts(l, v->leaf, v->queued_at, arrived_answered, arrived);
    ledger_sample(l, v->leaf, v->queued_at, HISTOGRAM_ARR_WAIT, v->wait_ms, value);
}

static void tell_abandon(struct fold *f, const struct visit *v, int32_t value) {
    count(f, v, v->ended_at, COUNTER_ABANDONED, value);
    count(f, v, v->queued_at, COUNTER_ARR_ABANDONED, value);
    if (!is_short(f, v)) {
        if (fold_leaf(f, v->leaf)->misses >> MISS_ABANDONED & 1)
            miss(f, v, MISS_ABANDONED, v->ended_at, v->wait_ms, value);
        return;
    }
    count(f, v, v->ended_at, COUNTER_ABANDONED_SHORT, value);
    count(f, v, v->queued_at, COUNTER_ARR_ABANDONED_SHORT, value);
}

/* The end of the wait, `value` times, without service levels. */
static void tell_end(struct fold *f, const struct visit *v, int32_t value) {
    if (v->end == VISIT_ANSWERED) {
        tell_answer(f, v, value);
        return;
    }
    count(f, v, v->ended_at, COUNTER_WAITING_CHANGE, -value);
    if (v->end == VISIT_AGED)
        return;
    count(f, v, v->queued_at, COUNTER_ARR_ENDED, value);
    switch ((enum visit_end)v->end) {
    case VISIT_ABANDONED: tell_abandon(f, v, value); return;
    case VISIT_FLOWED_OUT:
        count(f, v, v->ended_at, COUNTER_FLOWED_OUT, value);
        count(f, v, v->queued_at, COUNTER_ARR_FLOWED_OUT, value);
        return;
    case VISIT_CALLBACK:
        count(f, v, v->ended_at, COUNTER_CALLBACKS, value);
        count(f, v, v->queued_at, COUNTER_ARR_CALLBACKS, value);
        return;
    case VISIT_OPEN:
    case VISIT_ANSWERED:
    case VISIT_AGED:
    case VISIT_END_COUNT: break;
    }
    UNREACHABLE("a visit that has not ended");
}

static void tell_begin(struct fold *f, const struct visit *v, int32_t value) {
    const int64_t counts[] = {value, value};
    ledger_counts(&f->ledger, v->leaf, v->queued_at, begun, counts);
}

void visit_begin(struct fold *f, struct interaction *i, uint32_t leaf, int64_t at) {
    i->visit = (struct visit){.queued_at = at,
                              .ended_at = INSTANT_NONE,
                              .leaf = leaf,
                              .number = i->visit.number + 1,
                              .end = VISIT_OPEN,
                              .counted = fold_is_inbound(f, leaf)};
    i->leg.started_at = INSTANT_NONE;
    i->leg.ended_at = INSTANT_NONE;
    i->leg.resumable = false;
    i->journey.has_visit = i->journey.has_leg = false;
    i->record.at = INSTANT_NONE;
    if (i->visit.counted)
        tell_begin(f, &i->visit, 1);
    clocks_begin(f, i, TRACK_ANSWER, at);
}

void visit_end(struct fold *f, struct interaction *i, enum visit_end end, int64_t at,
               int64_t said_wait_ms) {
    struct visit *v = &i->visit;
    CHECK(v->end == VISIT_OPEN && at >= v->queued_at);
    v->ended_at = at;
    v->end = (uint8_t)end;
    v->wait_ms = said_wait_ms != EVENT_ABSENT ? said_wait_ms : at - v->queued_at;
    record_cover_visit(f, i);
    if (v->counted) {
        tell_end(f, v, 1);
        end_levels(f, v);
        journey_part_take_visit(&i->journey);
        journey_part_visit(&i->journey, v->wait_ms, 1);
    }
    clocks_end(f, i, TRACK_ANSWER, at,
               end == VISIT_ANSWERED ? CLOCK_END_JUDGED : CLOCK_END_DROPPED);
}

static void net_levels(struct fold *f, const struct visit *v, int32_t value) {
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    for (size_t t = 0; t < leaf->threshold_count; t++)
        net_level(f, v, t, leaf->thresholds_ms[t], value);
}

static bool has_counted(const struct visit *v) {
    return v->number > 0 && v->counted && v->end != VISIT_OPEN && v->end != VISIT_AGED;
}

void visit_join_journey(struct interaction *i) {
    if (!has_counted(&i->visit))
        return;
    journey_part_take_visit(&i->journey);
    journey_part_visit(&i->journey, i->visit.wait_ms, 1);
}

bool visit_is_in_journey(const struct interaction *i) {
    const struct journey_part *p = &i->journey;
    return has_counted(&i->visit) && p->visits > 0 && p->wait_ms >= i->visit.wait_ms;
}

void visit_tell_ended(struct fold *f, struct interaction *i, int32_t value) {
    const struct visit *v = &i->visit;
    if (!has_counted(v))
        return;
    journey_part_visit(&i->journey, v->wait_ms, value);
    tell_end(f, v, value);
    net_levels(f, v, value);
}

void visit_age(struct fold *f, struct interaction *i, int64_t at) {
    struct visit *v = &i->visit;
    v->ended_at = at;
    v->end = VISIT_AGED;
    if (v->counted)
        tell_end(f, v, 1);
}

void visit_take_out(struct fold *f, struct interaction *i) {
    struct visit *v = &i->visit;
    if (v->number == 0 || !v->counted)
        return;
    journey_part_visit(&i->journey, v->wait_ms, -1);
    i->journey.has_visit = false;
    tell_begin(f, v, -1);
    if (v->end == VISIT_OPEN || v->end == VISIT_AGED)
        passed_levels(f, v, -1);
    else
        net_levels(f, v, -1);
    if (v->end != VISIT_OPEN)
        tell_end(f, v, -1);
    v->counted = false;
}

int64_t visit_next_at(const struct fold *f, const struct visit *v) {
    if (v->number == 0 || v->end != VISIT_OPEN || !v->counted)
        return INSTANT_MAX;
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    if (v->late >= leaf->threshold_count)
        return INSTANT_MAX;
    return v->queued_at + leaf->thresholds_ms[v->late];
}

void visit_pass_threshold(struct fold *f, struct visit *v) {
    int64_t at = visit_next_at(f, v);
    CHECK(at != INSTANT_MAX);
    level(f, v, at, v->late, LEVEL_LATE, 1);
    v->late++;
}

/* The service-level event that has been counted for the threshold, if there has been one. */
static bool find_event(const struct contract *c, const struct leaf *leaf, const struct visit *v,
                       size_t threshold, struct level_event *e) {
    if (threshold == leaf->threshold_count)
        return false;
    int64_t within_ms = leaf->thresholds_ms[threshold];
    *e = (struct level_event){v->queued_at + within_ms, LEVEL_LATE};
    if (v->end == VISIT_OPEN || v->end == VISIT_AGED)
        return threshold < v->late;
    *e = event_of_end(c, v, threshold, within_ms);
    return true;
}

static size_t threshold_of(const struct leaf *leaf, int64_t within_ms) {
    size_t t = 0;
    while (t < leaf->threshold_count && leaf->thresholds_ms[t] != within_ms)
        t++;
    return t;
}

static void recount_short(struct fold *f, const struct visit *v, const struct contract *was) {
    int32_t change = (int32_t)is_short(f, v) - (int32_t)is_short_by(was, v);
    if (v->end != VISIT_ABANDONED || change == 0)
        return;
    count(f, v, v->ended_at, COUNTER_ABANDONED_SHORT, change);
    count(f, v, v->queued_at, COUNTER_ARR_ABANDONED_SHORT, change);
    miss(f, v, MISS_ABANDONED, v->ended_at, v->wait_ms, -change);
}

/* As if the new thresholds had been there when the visit began: what ends it, or takes it out,
 * finds counted what it takes back. */
void visit_change_contract(struct fold *f, struct interaction *i, const struct fold_before *before,
                           int64_t at) {
    struct visit *v = &i->visit;
    if (v->number == 0)
        return;
    const struct visit was = *v;
    const struct leaf *leaf = fold_leaf(f, v->leaf);
    int64_t until_at = v->end == VISIT_OPEN ? at : v->ended_at;
    v->late = 0;
    while (v->late < leaf->threshold_count &&
           v->queued_at + leaf->thresholds_ms[v->late] < until_at)
        v->late++;
    if (!v->counted)
        return;
    for (size_t t = 0; t < leaf->threshold_count; t++) {
        struct level_event counted, counts;
        bool then = find_event(before->contract, before->leaf, &was,
                               threshold_of(before->leaf, leaf->thresholds_ms[t]), &counted);
        bool now = find_event(leaf->contract, leaf, v, t, &counts);
        if (then == now && (!now || (counted.at == counts.at && counted.counter == counts.counter)))
            continue;
        if (then)
            level(f, v, counted.at, t, counted.counter, -1);
        if (now)
            level(f, v, counts.at, t, counts.counter, 1);
    }
    recount_short(f, v, before->contract);
}
