#include "core/fold_parts.h"

#include "base/check.h"

/* A visit counts where it is inbound and was not taken out. */
static void count(struct fold *f, const struct visit *v, int64_t at, enum counter c,
                  int64_t value) {
    ledger_count(&f->ledger, v->leaf, at, c, value);
}

static void level(struct fold *f, const struct visit *v, int64_t at, size_t threshold,
                  enum level_counter c, int32_t value) {
    ledger_level(&f->ledger, v->leaf, at, BY_EVENT, threshold, c, value);
    ledger_level(&f->ledger, v->leaf, v->queued_at, BY_ARRIVAL, threshold, c, value);
}

static bool is_short(const struct fold *f, const struct visit *v) {
    return v->wait_ms < fold_leaf(f, v->leaf)->contract->short_abandon_ms;
}

static enum level_counter counter_in_time(const struct fold *f, const struct visit *v) {
    switch ((enum visit_end)v->end) {
    case VISIT_ANSWERED: return LEVEL_ANSWERED_IN;
    case VISIT_ABANDONED: return is_short(f, v) ? LEVEL_ABANDONED_SHORT : LEVEL_ABANDONED_IN;
    case VISIT_FLOWED_OUT: return LEVEL_FLOWED_OUT_IN;
    case VISIT_CALLBACK: return LEVEL_CALLBACK_IN;
    case VISIT_OPEN:
    case VISIT_AGED:
    case VISIT_END_COUNT: break;
    }
    UNREACHABLE("a visit without a service-level event");
}

/* The one service-level event of an ended visit, for one threshold. A measured wait beyond T puts
 * the passing of T at the end of the wait where that came first. */
static void net_level(struct fold *f, const struct visit *v, size_t threshold, int64_t within_ms,
                      int32_t value) {
    if (v->wait_ms <= within_ms) {
        level(f, v, v->ended_at, threshold, counter_in_time(f, v), value);
        return;
    }
    int64_t passed_at = v->queued_at + within_ms;
    if (threshold >= v->late && passed_at > v->ended_at)
        passed_at = v->ended_at;
    level(f, v, passed_at, threshold, LEVEL_LATE, value);
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

static void tell_answer(struct fold *f, const struct visit *v, int32_t value) {
    count(f, v, v->ended_at, COUNTER_ANSWERED, value);
    count(f, v, v->ended_at, COUNTER_WAIT_MS, value * v->wait_ms);
    ledger_sample(&f->ledger, v->leaf, v->ended_at, HISTOGRAM_WAIT, v->wait_ms, value);
    count(f, v, v->queued_at, COUNTER_ARR_ANSWERED, value);
    count(f, v, v->queued_at, COUNTER_ARR_WAIT_MS, value * v->wait_ms);
    ledger_sample(&f->ledger, v->leaf, v->queued_at, HISTOGRAM_ARR_WAIT, v->wait_ms, value);
}

static void tell_abandon(struct fold *f, const struct visit *v, int32_t value) {
    count(f, v, v->ended_at, COUNTER_ABANDONED, value);
    count(f, v, v->queued_at, COUNTER_ARR_ABANDONED, value);
    if (!is_short(f, v))
        return;
    count(f, v, v->ended_at, COUNTER_ABANDONED_SHORT, value);
    count(f, v, v->queued_at, COUNTER_ARR_ABANDONED_SHORT, value);
}

/* The end of the wait, `value` times, without service levels. */
static void tell_end(struct fold *f, const struct visit *v, int32_t value) {
    count(f, v, v->ended_at, COUNTER_WAITING_CHANGE, -value);
    if (v->end == VISIT_AGED)
        return;
    count(f, v, v->queued_at, COUNTER_ARR_ENDED, value);
    switch ((enum visit_end)v->end) {
    case VISIT_ANSWERED: tell_answer(f, v, value); return;
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
    case VISIT_AGED:
    case VISIT_END_COUNT: break;
    }
    UNREACHABLE("a visit that has not ended");
}

static void tell_begin(struct fold *f, const struct visit *v, int32_t value) {
    count(f, v, v->queued_at, COUNTER_OFFERED, value);
    count(f, v, v->queued_at, COUNTER_WAITING_CHANGE, value);
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
    if (v->counted) {
        tell_end(f, v, 1);
        end_levels(f, v);
    }
    clocks_end(f, i, TRACK_ANSWER, at,
               end == VISIT_ANSWERED ? CLOCK_END_JUDGED : CLOCK_END_DROPPED);
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
    tell_begin(f, v, -1);
    if (v->end == VISIT_OPEN || v->end == VISIT_AGED) {
        passed_levels(f, v, -1);
    } else {
        const struct leaf *leaf = fold_leaf(f, v->leaf);
        for (size_t t = 0; t < leaf->threshold_count; t++)
            net_level(f, v, t, leaf->thresholds_ms[t], -1);
    }
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
