#include "core/fold_parts.h"

/* The first reply is measured from CREATED; without one from the first QUEUED; from BOT_HANDOFF
 * where the clock's rule says so. */
bool reply_waits_for_handoff(const struct fold *f, const struct interaction *i) {
    uint16_t rule = clocks_choose(f, i, TRACK_REPLY).rule;
    return rule != CLOCK_NO_RULE && clocks_contract(f, i)->clocks[rule].start_on_handoff;
}

static void begin_reply(struct fold *f, struct interaction *i, int64_t at) {
    i->reply_from_at = at;
    if (!reply_waits_for_handoff(f, i))
        clocks_begin(f, i, TRACK_REPLY, at);
}

void reply_created(struct fold *f, struct interaction *i, int64_t at) {
    if (!fold_is_inbound(f, i->leaf))
        return;
    if (i->reply_from_at == INSTANT_NONE && !i->replied)
        begin_reply(f, i, at);
    if (i->over)
        return;
    clocks_begin(f, i, TRACK_RESOLUTION, at);
    cycles_created(f, i, at);
}

void reply_first_queued(struct fold *f, struct interaction *i, int64_t at) {
    if (i->reply_from_at == INSTANT_NONE && !i->replied && fold_is_inbound(f, i->leaf))
        begin_reply(f, i, at);
}

void reply_handed_off(struct fold *f, struct interaction *i, int64_t at) {
    if (i->replied || !fold_is_inbound(f, i->leaf) || !reply_waits_for_handoff(f, i))
        return;
    i->reply_from_at = at;
    if (i->clocks[TRACK_REPLY].state == CLOCK_OFF)
        clocks_begin(f, i, TRACK_REPLY, at);
}

/* A message not newer than the last reply has been answered: it comes again, or far too late. */
void reply_customer_wrote(struct fold *f, struct interaction *i, int64_t at) {
    cycles_customer_wrote(f, i, at);
    if (i->unanswered || at <= i->turn_at)
        return;
    i->unanswered = true;
    i->turn_at = at;
}

/* It is owed from the reopening on: what was written before is none. */
static bool is_before_reopening(const struct interaction *i, int64_t at) {
    return i->reopened_at != INSTANT_NONE && i->reply_from_at == i->reopened_at &&
           at < i->reopened_at;
}

static void first_reply(struct fold *f, struct interaction *i, int64_t at) {
    if (i->replied || !fold_is_inbound(f, i->leaf) || is_before_reopening(i, at))
        return;
    i->replied = true;
    clocks_end(f, i, TRACK_REPLY, at, CLOCK_END_JUDGED);
    if (i->reply_from_at == INSTANT_NONE || i->reply_from_at > at)
        return;
    int64_t took_ms = at - i->reply_from_at;
    ledger_counts(&f->ledger, i->leaf, at,
                  DELTA_COUNTER(COUNTER_FIRST_REPLIES) | DELTA_COUNTER(COUNTER_FIRST_REPLY_MS),
                  (const int64_t[]){1, took_ms});
    ledger_sample(&f->ledger, i->leaf, at, HISTOGRAM_FIRST_REPLY, took_ms, 1);
}

static void next_reply(struct fold *f, struct interaction *i, int64_t at) {
    if (at < i->turn_at)
        return;
    if (i->unanswered) {
        ledger_count(&f->ledger, i->leaf, at, COUNTER_NEXT_REPLIES, 1);
        ledger_count(&f->ledger, i->leaf, at, COUNTER_NEXT_REPLY_MS, at - i->turn_at);
    }
    i->unanswered = false;
    i->turn_at = at;
}

/* Nobody owes the customer an answer any more, and nobody has given one. */
static void end_turn(struct interaction *i, int64_t at) {
    if (!i->unanswered || at < i->turn_at)
        return;
    i->unanswered = false;
    i->turn_at = at;
}

void reply_wrote(struct fold *f, struct interaction *i, const struct moment *m) {
    if (!m->is_public || m->author == AUTHOR_CUSTOMER || m->author == AUTHOR_SYSTEM)
        return;
    bool bot = m->type == EVENT_BOT_MESSAGE || m->author == AUTHOR_BOT;
    cycles_agent_wrote(f, i, m->event_at, bot);
    if (bot) {
        const struct clock_rule *rule = clocks_rule(f, i, TRACK_REPLY);
        if (rule && rule->bots_count)
            first_reply(f, i, m->event_at);
        return;
    }
    first_reply(f, i, m->event_at);
    next_reply(f, i, m->event_at);
}

/* On the telephone the answer is the reply. */
void reply_answered(struct fold *f, struct interaction *i, int64_t at) {
    if (fold_leaf(f, i->visit.leaf)->channel == CHANNEL_VOICE)
        first_reply(f, i, at);
}

void reply_resolved(struct fold *f, struct interaction *i, int64_t at) {
    int64_t from_at = i->created_at != INSTANT_NONE ? i->created_at : i->opened_at;
    int64_t took_ms = at > from_at ? at - from_at : 0;
    ledger_count(&f->ledger, i->leaf, at, COUNTER_RESOLVED, 1);
    ledger_count(&f->ledger, i->leaf, at, COUNTER_RESOLUTION_MS, took_ms);
    ledger_sample(&f->ledger, i->leaf, at, HISTOGRAM_RESOLUTION, took_ms, 1);
    i->resolved_at = at;
    end_turn(i, at);
    cycles_resolved(f, i, at);
}

void reply_reopened(struct fold *f, struct interaction *i, int64_t at) {
    ledger_count(&f->ledger, i->leaf, at, COUNTER_REOPENED, 1);
    i->reopened_at = at;
    i->shut = false;
    cycles_reopened(f, i, at);
}

/* Who gave up waits for no reply. Mail that leaves a queue still does. */
void reply_lost(struct fold *f, struct interaction *i, enum visit_end end, int64_t at) {
    uint32_t leaf = i->visit.number > 0 ? i->visit.leaf : i->leaf;
    uint8_t channel = fold_leaf(f, leaf)->channel;
    bool live = channel == CHANNEL_VOICE || channel == CHANNEL_CHAT;
    if (channel == CHANNEL_VOICE)
        clocks_end(f, i, TRACK_RESOLUTION, at, CLOCK_END_DROPPED);
    if (!live && end == VISIT_FLOWED_OUT)
        return;
    end_turn(i, at);
    clocks_end(f, i, TRACK_REPLY, at, CLOCK_END_DROPPED);
    cycles_end(f, i, TRACK_NEXT, at, CLOCK_END_DROPPED);
    cycles_end(f, i, TRACK_UPDATE, at, CLOCK_END_DROPPED);
    cycles_end(f, i, TRACK_WAIT, at, CLOCK_END_JUDGED);
    cycles_end(f, i, TRACK_WORK, at, CLOCK_END_JUDGED);
}

/* Without RESOLVED there is no verdict. */
void reply_closed(struct fold *f, struct interaction *i, int64_t at) {
    i->shut = true;
    end_turn(i, at);
    for (enum track t = TRACK_ANSWER + 1; t < i->tracks; t++)
        cycles_end(f, i, t, at, CLOCK_END_DROPPED);
}

void reply_taken_out(struct fold *f, struct interaction *i, int64_t at) {
    i->shut = true;
    end_turn(i, at);
    for (enum track t = 0; t < i->tracks; t++)
        clocks_end(f, i, t, at, CLOCK_END_VOID);
}
