#include "core/fold_parts.h"

#include "base/check.h"

struct leg_times {
    int64_t talk_ms, hold_ms, wrap_ms;
};

/* Talk is what is neither hold nor wrap; what the source measured wins. */
static struct leg_times times_of(const struct leg *leg) {
    struct leg_times times = {.hold_ms = leg->hold_ms, .wrap_ms = leg->wrap_ms};
    if (leg->said_hold_ms != EVENT_ABSENT)
        times.hold_ms = leg->said_hold_ms;
    if (leg->said_wrap_ms != EVENT_ABSENT)
        times.wrap_ms = leg->said_wrap_ms;
    int64_t rest_ms = leg->ended_at - leg->started_at - times.hold_ms - times.wrap_ms;
    times.talk_ms = rest_ms > 0 ? rest_ms : 0;
    if (leg->said_talk_ms != EVENT_ABSENT)
        times.talk_ms = leg->said_talk_ms;
    return times;
}

/* An ended leg, `value` times: in the pane of its end and in that of its visit's QUEUED. */
static void tell(struct fold *f, const struct interaction *i, int32_t value) {
    const struct leg *leg = &i->leg;
    struct leg_times times = times_of(leg);
    struct ledger *l = &f->ledger;
    uint32_t leaf = i->visit.leaf;
    int64_t at = leg->ended_at, arrived_at = i->visit.queued_at;
    int64_t handle_ms = times.talk_ms + times.hold_ms + times.wrap_ms;

    ledger_count(l, leaf, at, COUNTER_IN_SERVICE_CHANGE, -value);
    ledger_count(l, leaf, at, COUNTER_HANDLED, value);
    ledger_count(l, leaf, at, COUNTER_TALK_MS, value * times.talk_ms);
    ledger_count(l, leaf, at, COUNTER_HOLD_MS, value * times.hold_ms);
    ledger_count(l, leaf, at, COUNTER_WRAP_MS, value * times.wrap_ms);
    ledger_count(l, leaf, at, COUNTER_TRANSFERRED, leg->transferred ? value : 0);
    ledger_sample(l, leaf, at, HISTOGRAM_HANDLE, handle_ms, value);
    ledger_count(l, leaf, arrived_at, COUNTER_ARR_HANDLED, value);
    ledger_count(l, leaf, arrived_at, COUNTER_ARR_TALK_MS, value * times.talk_ms);
    ledger_count(l, leaf, arrived_at, COUNTER_ARR_HOLD_MS, value * times.hold_ms);
    ledger_count(l, leaf, arrived_at, COUNTER_ARR_WRAP_MS, value * times.wrap_ms);
    ledger_count(l, leaf, arrived_at, COUNTER_ARR_TRANSFERRED, leg->transferred ? value : 0);
    ledger_sample(l, leaf, arrived_at, HISTOGRAM_ARR_HANDLE, handle_ms, value);
}

void leg_begin(struct fold *f, struct interaction *i, int64_t at) {
    i->leg = (struct leg){.started_at = at,
                          .ended_at = INSTANT_NONE,
                          .since_at = INSTANT_NONE,
                          .said_talk_ms = EVENT_ABSENT,
                          .said_hold_ms = EVENT_ABSENT,
                          .said_wrap_ms = EVENT_ABSENT};
    ledger_count(&f->ledger, i->visit.leaf, at, COUNTER_IN_SERVICE_CHANGE, 1);
    interaction_enter(i, PHASE_TALKING, at);
}

void leg_hold(struct interaction *i, int64_t at) {
    i->leg.since_at = at;
    interaction_enter(i, PHASE_HELD, at);
}

/* Ends the hold or the wrap under way. */
static void settle(struct interaction *i, int64_t at) {
    struct leg *leg = &i->leg;
    if (leg->since_at == INSTANT_NONE)
        return;
    if (i->phase == PHASE_WRAPPING)
        leg->wrap_ms += at - leg->since_at;
    else
        leg->hold_ms += at - leg->since_at;
    leg->since_at = INSTANT_NONE;
}

void leg_resume(struct interaction *i, int64_t at) {
    settle(i, at);
    interaction_enter(i, PHASE_TALKING, at);
}

static void hear_measured(struct leg *leg, const struct moment *m) {
    if (m->talk_ms != EVENT_ABSENT)
        leg->said_talk_ms = m->talk_ms;
    if (m->hold_ms != EVENT_ABSENT)
        leg->said_hold_ms = m->hold_ms;
    if (m->wrap_ms != EVENT_ABSENT)
        leg->said_wrap_ms = m->wrap_ms;
}

/* Takes back that the leg ended at the disconnect: it ends with its wrap. */
static void reopen(struct fold *f, struct interaction *i) {
    int64_t ended_at = i->leg.ended_at;
    tell(f, i, -1);
    i->leg.ended_at = INSTANT_NONE;
    if (!i->backlog && !i->over && i->created_at == INSTANT_NONE)
        backlog_open(f, i, ended_at);
}

void leg_wrap(struct fold *f, struct interaction *i, const struct moment *m) {
    settle(i, m->event_at);
    if (i->leg.ended_at != INSTANT_NONE)
        reopen(f, i);
    hear_measured(&i->leg, m);
    i->leg.since_at = m->event_at;
    interaction_enter(i, PHASE_WRAPPING, m->event_at);
}

void leg_end(struct fold *f, struct interaction *i, const struct moment *m, bool transferred,
             bool resumable) {
    settle(i, m->event_at);
    hear_measured(&i->leg, m);
    i->leg.ended_at = m->event_at;
    i->leg.transferred = transferred;
    i->leg.resumable = resumable;
    tell(f, i, 1);
}

void leg_age(struct fold *f, struct interaction *i, int64_t at) {
    settle(i, at);
    i->leg.ended_at = at;
    i->leg.resumable = false;
    ledger_count(&f->ledger, i->visit.leaf, at, COUNTER_IN_SERVICE_CHANGE, -1);
}
