#include "core/fold_parts.h"

/* What a source says anew of the last visit and its leg when they have been counted: a whole record
 * of them (RECORD_SNAPSHOT), or a later revision of the event that ended the wait or the leg. What
 * was counted is taken back from the panes where it stands, and counted anew in them. */

static bool is_newer(const struct restatement *r, const struct moment *m) {
    uint32_t identity = (uint32_t)m->identity;
    if (r->at == INSTANT_NONE)
        return true;
    if (identity == r->identity)
        return m->revision > r->revision;
    if (m->event_at != r->at)
        return m->event_at > r->at;
    if (m->revision != r->revision)
        return m->revision > r->revision;
    return identity > r->identity;
}

bool record_is_news(const struct interaction *i, const struct moment *m) {
    return i->visit.number > 0 && m->event_at >= i->visit.queued_at && is_newer(&i->record, m);
}

static bool says_leg(const struct moment *m) {
    return m->talk_ms != EVENT_ABSENT || m->hold_ms != EVENT_ABSENT || m->wrap_ms != EVENT_ABSENT;
}

static bool ends_a_wait(enum event_type type) {
    return type == EVENT_ANSWERED || type == EVENT_ABANDONED || type == EVENT_FLOW_OUT ||
           type == EVENT_DEQUEUED || type == EVENT_CALLBACK_REQUESTED ||
           type == EVENT_DISCONNECTED || type == EVENT_CLOSED;
}

static bool ends_a_leg(enum event_type type) {
    return type == EVENT_TRANSFERRED || type == EVENT_DISCONNECTED || type == EVENT_WRAP_END ||
           type == EVENT_CLOSED;
}

static bool revises_wait(const struct interaction *i, const struct moment *m) {
    const struct visit *v = &i->visit;
    return m->queue_wait_ms != EVENT_ABSENT && ends_a_wait(m->type) && v->number > 0 &&
           v->end != VISIT_OPEN && v->end != VISIT_AGED && m->event_at == v->ended_at &&
           m->revision > v->revision;
}

static bool revises_leg(const struct interaction *i, const struct moment *m) {
    const struct leg *leg = &i->leg;
    return says_leg(m) && ends_a_leg(m->type) && leg->started_at != INSTANT_NONE &&
           leg->ended_at != INSTANT_NONE && !leg->aged && m->event_at == leg->ended_at &&
           m->revision > leg->revision;
}

bool record_is_revised(const struct interaction *i, const struct moment *m) {
    return revises_wait(i, m) || revises_leg(i, m);
}

/* Only callers give up: a mail that left its queue is not abandoned for what a record says. */
static enum visit_end end_by_record(const struct fold *f, const struct interaction *i) {
    const struct restatement *r = &i->record;
    uint8_t channel = fold_leaf(f, i->visit.leaf)->channel;
    bool live = channel == CHANNEL_VOICE || channel == CHANNEL_CHAT;
    bool unanswered = r->own_end == VISIT_ABANDONED || r->own_end == VISIT_FLOWED_OUT;
    if (r->end_cause == END_CAUSE_UNKNOWN || !live || !unanswered)
        return r->own_end;
    return r->end_cause == END_CAUSE_CUSTOMER ? VISIT_ABANDONED : VISIT_FLOWED_OUT;
}

void record_cover_visit(const struct fold *f, struct interaction *i) {
    struct visit *v = &i->visit;
    struct restatement *r = &i->record;
    if (r->at == INSTANT_NONE)
        return;
    r->own_wait_ms = v->wait_ms;
    r->own_end = v->end;
    if (r->wait_ms != EVENT_ABSENT)
        v->wait_ms = r->wait_ms;
    v->end = (uint8_t)end_by_record(f, i);
}

static void uncover_visit(struct interaction *i) {
    if (i->record.at == INSTANT_NONE)
        return;
    i->visit.wait_ms = i->record.own_wait_ms;
    i->visit.end = i->record.own_end;
}

void record_restates(struct fold *f, struct interaction *i, const struct moment *m) {
    bool ended = i->visit.end != VISIT_OPEN && i->visit.end != VISIT_AGED;
    visit_tell_ended(f, i, -1);
    leg_tell_ended(f, i, -1);
    if (ended)
        uncover_visit(i);
    i->record = (struct restatement){.at = m->event_at,
                                     .wait_ms = m->queue_wait_ms,
                                     .talk_ms = m->talk_ms,
                                     .hold_ms = m->hold_ms,
                                     .wrap_ms = m->wrap_ms,
                                     .revision = m->revision,
                                     .identity = (uint32_t)m->identity,
                                     .end_cause = m->end_cause};
    if (ended)
        record_cover_visit(f, i);
    visit_tell_ended(f, i, 1);
    leg_tell_ended(f, i, 1);
}

void record_revise(struct fold *f, struct interaction *i, const struct moment *m) {
    bool leg = revises_leg(i, m);
    if (revises_wait(i, m)) {
        visit_tell_ended(f, i, -1);
        uncover_visit(i);
        i->visit.wait_ms = m->queue_wait_ms;
        i->visit.revision = m->revision;
        record_cover_visit(f, i);
        visit_tell_ended(f, i, 1);
    }
    if (!leg)
        return;
    leg_tell_ended(f, i, -1);
    leg_hear_measured(&i->leg, m);
    i->leg.revision = m->revision;
    leg_tell_ended(f, i, 1);
}
