#include "core/fold_parts.h"

#include "base/check.h"

uint32_t fold_scope(struct fold *f, const struct interaction *i, const struct moment *m) {
    if (i->leaf == LEAF_NONE)
        return m->leaf;
    const struct leaf *said = fold_leaf(f, m->leaf);
    const struct leaf *was = fold_leaf(f, i->visit.number > 0 ? i->visit.leaf : i->leaf);
    struct leaf means = *said;
    if (means.channel == CHANNEL_UNKNOWN)
        means.channel = was->channel;
    if (means.priority == PRIORITY_UNKNOWN)
        means.priority = i->priority;
    if (m->direction == DIRECTION_UNKNOWN)
        means.direction = was->direction;
    if (means.vendor.size == 0)
        means.vendor = was->vendor;
    if (means.queue.size == 0)
        means.queue = was->queue;
    if (means.reason.size == 0)
        means.reason = was->reason;
    bool as_said = means.channel == said->channel && means.priority == said->priority &&
                   means.direction == said->direction && means.vendor.size == said->vendor.size &&
                   means.queue.size == said->queue.size && means.reason.size == said->reason.size;
    return as_said ? m->leaf : leaf_dict_intern(f->leaves, &means);
}

static enum move move_of(const struct interaction *i, const struct moment *m) {
    enum move move = lifecycle_move(i->phase, m->type);
    bool out = m->end_cause == END_CAUSE_SPAM || m->end_cause == END_CAUSE_MERGED;
    bool end = m->type == EVENT_DISCONNECTED || m->type == EVENT_CLOSED ||
               (m->type == EVENT_RECORD_SNAPSHOT && record_is_news(i, m));
    return out && end && move != MOVE_IMPOSSIBLE ? MOVE_TAKE_OUT : move;
}

/* The very move has been folded: a repeat, older than the memory for identities. */
static bool is_folded(const struct interaction *i, const struct moment *m) {
    const struct visit *v = &i->visit;
    const struct leg *leg = &i->leg;
    switch ((enum event_type)m->type) {
    case EVENT_QUEUED: return v->number > 0 && m->event_at <= v->queued_at;
    case EVENT_ANSWERED: return m->event_at == leg->started_at;
    case EVENT_ABANDONED:
        return v->number > 0 && (m->event_at == v->ended_at || v->end == VISIT_ABANDONED);
    case EVENT_DEQUEUED:
    case EVENT_FLOW_OUT:
    case EVENT_CALLBACK_REQUESTED: return v->number > 0 && m->event_at == v->ended_at;
    case EVENT_HOLD_START:
    case EVENT_HOLD_END:
    case EVENT_WRAP_START:
        return leg->started_at != INSTANT_NONE && m->event_at >= leg->started_at &&
               m->event_at <= i->moved_at;
    case EVENT_TRANSFERRED:
    case EVENT_DISCONNECTED:
    case EVENT_WRAP_END: return leg->ended_at != INSTANT_NONE && m->event_at == leg->ended_at;
    default: return false;
    }
}

/* An end from before has been folded, or has no part in what was reopened. */
static bool is_after_reopening(const struct interaction *i, const struct moment *m) {
    return i->reopened_at == INSTANT_NONE || m->event_at >= i->reopened_at;
}

static bool has_effect_beside(const struct interaction *i, const struct moment *m, enum move move) {
    switch (move) {
    case MOVE_CREATE: return i->created_at == INSTANT_NONE;
    case MOVE_RESOLVE: return i->resolved_at == INSTANT_NONE || m->event_at > i->resolved_at;
    case MOVE_REOPEN:
        return !i->backlog && (i->reopened_at == INSTANT_NONE || m->event_at > i->reopened_at) &&
               (i->resolved_at == INSTANT_NONE || m->event_at >= i->resolved_at);
    case MOVE_CLOSE:
        return (!i->shut && is_after_reopening(i, m)) || interaction_waits(i) ||
               interaction_in_leg(i);
    case MOVE_TAKE_OUT:
        return (!i->shut && is_after_reopening(i, m)) || interaction_waits(i) ||
               interaction_in_leg(i) || i->visit.counted;
    case MOVE_RESTATE: return record_is_news(i, m);
    case MOVE_NOTHING: return i->phase == PHASE_NEW;
    default: return true;
    }
}

/* Of one that revises nothing. */
static enum moment_outcome judge(const struct interaction *i, const struct moment *m,
                                 enum move move) {
    if (move == MOVE_IMPOSSIBLE)
        return is_folded(i, m) ? MOMENT_NO_EFFECT : MOMENT_IMPOSSIBLE;
    if (!lifecycle_moves_phase(move))
        return has_effect_beside(i, m, move) ? MOMENT_EFFECT : MOMENT_NO_EFFECT;
    if ((move == MOVE_QUEUE || move == MOVE_ANSWER) && is_folded(i, m))
        return MOMENT_NO_EFFECT;
    if (move == MOVE_WRAP && i->phase == PHASE_ENDED && !i->leg.resumable)
        return is_folded(i, m) ? MOMENT_NO_EFFECT : MOMENT_IMPOSSIBLE;
    /* Only an event older than the fold's memory comes before the last move. */
    if (i->moved_at != INSTANT_NONE && m->event_at < i->moved_at)
        return is_folded(i, m) ? MOMENT_NO_EFFECT : MOMENT_IMPOSSIBLE;
    return MOMENT_EFFECT;
}

enum moment_outcome fold_judge(const struct interaction *i, const struct moment *m) {
    return record_is_revised(i, m) ? MOMENT_EFFECT : judge(i, m, move_of(i, m));
}

static void begin(struct fold *f, struct interaction *i, const struct moment *m) {
    i->leaf = fold_scope(f, i, m);
    i->opened_at = m->event_at;
    interaction_enter(i, PHASE_IDLE, INSTANT_NONE);
    backlog_open(f, i, m->event_at);
}

/* Without CREATED the source speaks of visits and legs alone, and their end is the end. */
static void end_of_part(struct fold *f, struct interaction *i, int64_t at) {
    if (i->created_at == INSTANT_NONE)
        backlog_close(f, i, at);
}

static void start_of_part(struct fold *f, struct interaction *i, int64_t at) {
    if (i->created_at == INSTANT_NONE && !i->over && !i->backlog)
        backlog_open(f, i, at);
}

static void create(struct fold *f, struct interaction *i, const struct moment *m) {
    uint32_t leaf = fold_scope(f, i, m);
    bool moves = leaf != i->leaf;
    if (moves)
        clocks_leave(f, i, m->event_at);
    backlog_move(f, i, leaf);
    i->created_at = m->event_at;
    if (moves)
        clocks_rematch(f, i, m->event_at);
    reply_created(f, i, m->event_at);
}

static void leave_queue(struct fold *f, struct interaction *i, const struct moment *m,
                        enum visit_end end, enum phase to) {
    visit_end(f, i, end, m->event_at, m->queue_wait_ms);
    i->visit.revision = m->revision;
    interaction_enter(i, to, m->event_at);
    reply_lost(f, i, end, m->event_at);
    end_of_part(f, i, m->event_at);
}

static void leave_leg(struct fold *f, struct interaction *i, const struct moment *m,
                      enum phase to) {
    bool disconnected = m->type == EVENT_DISCONNECTED || m->type == EVENT_CLOSED;
    bool moved_on = m->type == EVENT_TRANSFERRED || m->type == EVENT_QUEUED;
    leg_end(f, i, m, moved_on && i->phase != PHASE_WRAPPING, disconnected);
    interaction_enter(i, to, m->event_at);
    end_of_part(f, i, m->event_at);
}

static void queue(struct fold *f, struct interaction *i, const struct moment *m) {
    if (interaction_waits(i)) {
        visit_end(f, i, VISIT_FLOWED_OUT, m->event_at, EVENT_ABSENT);
        interaction_enter(i, PHASE_IDLE, m->event_at);
    } else if (interaction_in_leg(i)) {
        leave_leg(f, i, m, PHASE_IDLE);
    }
    uint32_t leaf = fold_scope(f, i, m);
    uint32_t was = i->visit.number > 0 ? i->visit.leaf : i->leaf;
    bool changed = leaf != was || i->priority != fold_leaf(f, leaf)->priority;
    i->priority = fold_leaf(f, leaf)->priority;
    visit_begin(f, i, leaf, m->event_at);
    interaction_enter(i, PHASE_WAITING, m->event_at);
    start_of_part(f, i, m->event_at);
    reply_first_queued(f, i, m->event_at);
    if (changed)
        clocks_rematch(f, i, m->event_at);
}

static void answer(struct fold *f, struct interaction *i, const struct moment *m) {
    if (interaction_in_leg(i))
        leave_leg(f, i, m, PHASE_IDLE);
    if (!interaction_waits(i)) {
        visit_begin(f, i, fold_scope(f, i, m), m->event_at);
        start_of_part(f, i, m->event_at);
        reply_first_queued(f, i, m->event_at);
    }
    visit_end(f, i, VISIT_ANSWERED, m->event_at, m->queue_wait_ms);
    i->visit.revision = m->revision;
    leg_begin(f, i, m);
    reply_answered(f, i, m->event_at);
}

static void disconnect(struct fold *f, struct interaction *i, const struct moment *m) {
    bool gave_up = m->end_cause == END_CAUSE_CUSTOMER || m->end_cause == END_CAUSE_UNKNOWN;
    if (interaction_waits(i)) {
        leave_queue(f, i, m, gave_up ? VISIT_ABANDONED : VISIT_FLOWED_OUT, PHASE_ENDED);
    } else if (interaction_in_leg(i)) {
        leave_leg(f, i, m, PHASE_ENDED);
    } else {
        interaction_enter(i, PHASE_ENDED, m->event_at);
        end_of_part(f, i, m->event_at);
    }
}

/* Late news of a close leaves a newer visit alone. */
static void close_all(struct fold *f, struct interaction *i, const struct moment *m) {
    if (m->event_at >= i->moved_at)
        disconnect(f, i, m);
    backlog_close(f, i, m->event_at);
    i->over = true;
    reply_closed(f, i, m->event_at);
}

/* The visit was none; work that an agent has done stays done. */
static void take_out(struct fold *f, struct interaction *i, const struct moment *m) {
    struct moment end = *m;
    if (end.event_at < i->moved_at)
        end.event_at = i->moved_at;
    if (m->type == EVENT_RECORD_SNAPSHOT)
        record_restates(f, i, m);
    if (interaction_in_leg(i))
        leave_leg(f, i, &end, PHASE_ENDED);
    visit_take_out(f, i);
    if (interaction_waits(i)) {
        i->visit.ended_at = end.event_at;
        i->visit.end = VISIT_AGED;
    }
    interaction_enter(i, PHASE_ENDED, end.event_at);
    backlog_close(f, i, m->event_at);
    i->over = true;
    reply_taken_out(f, i, m->event_at);
}

/* It is whole: what it says has ended and nobody else has said so, ends with it. A wrap goes on, as
 * after a DISCONNECTED. */
static void restate(struct fold *f, struct interaction *i, const struct moment *m) {
    record_restates(f, i, m);
    if (m->end_cause == END_CAUSE_UNKNOWN || m->event_at < i->moved_at)
        return;
    struct moment end = *m;
    bool transferred = m->end_cause == END_CAUSE_TRANSFERRED;
    end.type = transferred ? EVENT_TRANSFERRED : EVENT_DISCONNECTED;
    end.queue_wait_ms = end.talk_ms = end.hold_ms = end.wrap_ms = EVENT_ABSENT;
    end.revision = 0;
    if (interaction_waits(i))
        disconnect(f, i, &end);
    else if (i->phase == PHASE_TALKING || i->phase == PHASE_HELD)
        leave_leg(f, i, &end, transferred ? PHASE_IDLE : PHASE_ENDED);
}

static void reopen(struct fold *f, struct interaction *i, const struct moment *m) {
    i->over = false;
    if (!i->backlog)
        backlog_open(f, i, m->event_at);
    reply_reopened(f, i, m->event_at);
}

static void resolve(struct fold *f, struct interaction *i, const struct moment *m) {
    reply_resolved(f, i, m->event_at);
    backlog_close(f, i, m->event_at);
    i->over = true;
}

static void abandon(struct fold *f, struct interaction *i, const struct moment *m) {
    if (interaction_waits(i)) {
        leave_queue(f, i, m, VISIT_ABANDONED, PHASE_ENDED);
        return;
    }
    interaction_enter(i, PHASE_ENDED, m->event_at);
    reply_lost(f, i, VISIT_ABANDONED, m->event_at);
    end_of_part(f, i, m->event_at);
}

static void change_priority(struct fold *f, struct interaction *i, const struct moment *m) {
    uint8_t said = fold_leaf(f, m->leaf)->priority;
    if (said == PRIORITY_UNKNOWN || said == i->priority || !fold_is_newest(i, m->event_at))
        return;
    i->priority = said;
    clocks_rematch(f, i, m->event_at);
}

static void apply(struct fold *f, struct interaction *i, const struct moment *m, enum move move) {
    switch (move) {
    case MOVE_CREATE: create(f, i, m); return;
    case MOVE_QUEUE: queue(f, i, m); return;
    case MOVE_LEAVE: leave_queue(f, i, m, VISIT_FLOWED_OUT, PHASE_IDLE); return;
    case MOVE_ANSWER: answer(f, i, m); return;
    case MOVE_HOLD: leg_hold(i, m->event_at); return;
    case MOVE_RESUME: leg_resume(i, m->event_at); return;
    case MOVE_TRANSFER: leave_leg(f, i, m, PHASE_IDLE); return;
    case MOVE_CALL_BACK: leave_queue(f, i, m, VISIT_CALLBACK, PHASE_IDLE); return;
    case MOVE_ABANDON: abandon(f, i, m); return;
    case MOVE_DISCONNECT: disconnect(f, i, m); return;
    case MOVE_WRAP: leg_wrap(f, i, m); return;
    case MOVE_UNWRAP: leave_leg(f, i, m, PHASE_ENDED); return;
    case MOVE_CUSTOMER_WRITES: reply_customer_wrote(f, i, m->event_at); return;
    case MOVE_AGENT_WRITES:
    case MOVE_BOT_WRITES: reply_wrote(f, i, m); return;
    case MOVE_HAND_OFF: reply_handed_off(f, i, m->event_at); return;
    case MOVE_PRIORITY: change_priority(f, i, m); return;
    case MOVE_RESOLVE: resolve(f, i, m); return;
    case MOVE_REOPEN: reopen(f, i, m); return;
    case MOVE_CLOSE: close_all(f, i, m); return;
    case MOVE_TAKE_OUT: take_out(f, i, m); return;
    case MOVE_RESTATE: restate(f, i, m); return;
    case MOVE_STATUS:
    case MOVE_NOTHING: return;
    case MOVE_IMPOSSIBLE:
    case MOVE_COUNT: break;
    }
    UNREACHABLE("a move without effect was applied");
}

static void change_status(struct fold *f, struct interaction *i, const struct moment *m) {
    bool again = m->type == EVENT_STATUS_CHANGED && i->spoke;
    if (m->status == STATUS_UNKNOWN || (m->status == i->status && !again) ||
        !fold_is_newest(i, m->event_at))
        return;
    i->status = m->status;
    i->spoke = false;
    clocks_status(f, i, m->event_at);
}

/* A record of what nobody knows, or knows any more, has nothing to restate. */
static bool is_record_of_nothing(const struct interaction *i, const struct moment *m) {
    return m->type == EVENT_RECORD_SNAPSHOT && i->phase == PHASE_NEW;
}

enum moment_outcome fold_event(struct fold *f, struct interaction *i, const struct moment *m) {
    fold_time(f, i, m->event_at);
    return fold_event_alone(f, i, m);
}

enum moment_outcome fold_event_alone(struct fold *f, struct interaction *i,
                                     const struct moment *m) {
    if (record_is_revised(i, m)) {
        record_revise(f, i, m);
        return MOMENT_EFFECT;
    }
    enum move move = move_of(i, m);
    enum moment_outcome outcome = judge(i, m, move);
    if (outcome == MOMENT_IMPOSSIBLE || is_record_of_nothing(i, m))
        return outcome;
    if (i->phase == PHASE_NEW) {
        begin(f, i, m);
        i->priority = fold_leaf(f, m->leaf)->priority;
        move = move_of(i, m);
    }
    if (m->event_at > i->last_at)
        i->last_at = m->event_at;
    change_status(f, i, m);
    if (outcome == MOMENT_EFFECT)
        apply(f, i, m, move);
    interaction_check(i);
    return outcome;
}
