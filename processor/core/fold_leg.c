#include "core/fold_parts.h"

#include "base/check.h"
#include "core/effort.h"

struct leg_times {
    int64_t talk_ms, hold_ms, wrap_ms;
};

/* The source's record, else what it measured with an event, else what the events' times say. */
static int64_t best_of(const struct restatement *r, int64_t record_ms, int64_t said_ms,
                       int64_t own_ms) {
    if (r->at != INSTANT_NONE && record_ms != EVENT_ABSENT)
        return record_ms;
    return said_ms != EVENT_ABSENT ? said_ms : own_ms;
}

/* Talk is what is neither hold nor wrap; what the source measured wins. A wrap that is only
 * measured lies behind the leg's end and takes nothing from it. */
static struct leg_times times_of(const struct interaction *i) {
    const struct leg *leg = &i->leg;
    const struct restatement *r = &i->record;
    struct leg_times times;
    times.hold_ms = best_of(r, r->hold_ms, leg->said_hold_ms, leg->hold_ms);
    times.wrap_ms = best_of(r, r->wrap_ms, leg->said_wrap_ms, leg->wrap_ms);
    int64_t within_ms = times.hold_ms + (leg->wrap_ms > 0 ? times.wrap_ms : 0);
    int64_t rest_ms = leg->ended_at - leg->started_at - within_ms;
    times.talk_ms = best_of(r, r->talk_ms, leg->said_talk_ms, rest_ms > 0 ? rest_ms : 0);
    return times;
}

static int64_t handle_ms_of(const struct interaction *i) {
    struct leg_times times = times_of(i);
    return times.talk_ms + times.hold_ms + times.wrap_ms;
}

/* A transfer that nobody logged stands in the record. */
static bool was_transferred(const struct interaction *i) {
    const struct restatement *r = &i->record;
    return i->leg.transferred || (r->at != INSTANT_NONE && r->end_cause == END_CAUSE_TRANSFERRED);
}

/* What is counted of an ended leg, in the pane of its end and in that of its visit's QUEUED. */
static const uint64_t by_event = DELTA_COUNTER(COUNTER_HANDLED) | DELTA_COUNTER(COUNTER_TALK_MS) |
                                 DELTA_COUNTER(COUNTER_HOLD_MS) | DELTA_COUNTER(COUNTER_WRAP_MS) |
                                 DELTA_COUNTER(COUNTER_TRANSFERRED) |
                                 DELTA_COUNTER(COUNTER_IN_SERVICE_CHANGE);
static const uint64_t by_arrival = DELTA_COUNTER(COUNTER_ARR_HANDLED) |
                                   DELTA_COUNTER(COUNTER_ARR_TALK_MS) |
                                   DELTA_COUNTER(COUNTER_ARR_HOLD_MS) |
                                   DELTA_COUNTER(COUNTER_ARR_WRAP_MS) |
                                   DELTA_COUNTER(COUNTER_ARR_TRANSFERRED);

/* An ended leg, `value` times. */
static void tell(struct fold *f, struct interaction *i, int32_t value) {
    struct leg_times times = times_of(i);
    bool transferred = was_transferred(i);
    struct ledger *l = &f->ledger;
    uint32_t leaf = i->visit.leaf;
    int64_t at = i->leg.ended_at, arrived_at = i->visit.queued_at;
    int64_t handle_ms = times.talk_ms + times.hold_ms + times.wrap_ms;
    const int64_t counts[] = {value,
                              value * times.talk_ms,
                              value * times.hold_ms,
                              value * times.wrap_ms,
                              transferred ? value : 0,
                              -value};

    ledger_counts(l, leaf, at, by_event, counts);
    ledger_sample(l, leaf, at, HISTOGRAM_HANDLE, handle_ms, value);
    ledger_counts(l, leaf, arrived_at, by_arrival, counts);
    ledger_sample(l, leaf, arrived_at, HISTOGRAM_ARR_HANDLE, handle_ms, value);
    journey_part_leg(&i->journey, handle_ms, transferred, value);
}

static bool has_ended(const struct interaction *i) {
    return i->leg.started_at != INSTANT_NONE && i->leg.ended_at != INSTANT_NONE && !i->leg.aged;
}

void leg_tell_ended(struct fold *f, struct interaction *i, int32_t value) {
    if (has_ended(i))
        tell(f, i, value);
}

void leg_join_journey(struct interaction *i) {
    if (!has_ended(i))
        return;
    journey_part_take_leg(&i->journey);
    journey_part_leg(&i->journey, handle_ms_of(i), was_transferred(i), 1);
}

bool leg_is_in_journey(const struct interaction *i) {
    const struct journey_part *p = &i->journey;
    bool transferred = was_transferred(i);
    return has_ended(i) && p->legs > 0 && p->transfers >= transferred &&
           p->legs - p->transfers >= !transferred && p->handle_ms >= handle_ms_of(i);
}

/* As the leg stands, to where the legs of one agent meet. */
static void tell_span(struct fold *f, const struct interaction *i, bool gone) {
    const struct leg *leg = &i->leg;
    struct ledger_span span = {leg->agent, leg->started_at, leg->ended_at, i->visit.leaf, gone};
    if (leg->agent != 0)
        ledger_span(&f->ledger, &span);
}

void leg_begin(struct fold *f, struct interaction *i, const struct moment *m) {
    int64_t at = m->event_at;
    bool shared = effort_is_shared(fold_leaf(f, i->visit.leaf)->channel);
    i->leg = (struct leg){.started_at = at,
                          .ended_at = INSTANT_NONE,
                          .since_at = INSTANT_NONE,
                          .said_talk_ms = EVENT_ABSENT,
                          .said_hold_ms = EVENT_ABSENT,
                          .said_wrap_ms = EVENT_ABSENT,
                          .agent = shared ? m->agent : 0};
    i->journey.has_leg = false;
    tell_span(f, i, false);
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

void leg_hear_measured(struct leg *leg, const struct moment *m) {
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
    i->journey.has_leg = false;
    i->leg.ended_at = INSTANT_NONE;
    tell_span(f, i, false);
    if (!i->backlog && !i->over && i->created_at == INSTANT_NONE)
        backlog_open(f, i, ended_at);
}

void leg_wrap(struct fold *f, struct interaction *i, const struct moment *m) {
    settle(i, m->event_at);
    if (i->leg.ended_at != INSTANT_NONE)
        reopen(f, i);
    leg_hear_measured(&i->leg, m);
    i->leg.since_at = m->event_at;
    interaction_enter(i, PHASE_WRAPPING, m->event_at);
}

void leg_end(struct fold *f, struct interaction *i, const struct moment *m, bool transferred,
             bool resumable) {
    settle(i, m->event_at);
    leg_hear_measured(&i->leg, m);
    i->leg.ended_at = m->event_at;
    i->leg.transferred = transferred;
    i->leg.resumable = resumable;
    i->leg.revision = m->revision;
    journey_part_take_leg(&i->journey);
    tell(f, i, 1);
    tell_span(f, i, false);
}

void leg_age(struct fold *f, struct interaction *i, int64_t at) {
    settle(i, at);
    i->leg.ended_at = at;
    i->leg.resumable = false;
    i->leg.aged = true;
    tell_span(f, i, true);
    ledger_count(&f->ledger, i->visit.leaf, at, COUNTER_IN_SERVICE_CHANGE, -1);
}
