#include "core/fold_parts.h"

/* What the events of a conversation do to the clocks that begin anew: the table of domain.md 2.4.
 * News that is older than what has been folded begins nothing: it may be a repeat. */

void cycles_end(struct fold *f, struct interaction *i, enum track t, int64_t at,
                enum clock_end how) {
    if (t < i->tracks && i->clocks[t].started_at <= at)
        clocks_end(f, i, t, at, how);
}

void cycles_created(struct fold *f, struct interaction *i, int64_t at) {
    if (fold_is_newest(i, at))
        clocks_begin(f, i, TRACK_UPDATE, at);
    clocks_begin(f, i, TRACK_WAIT, at);
    clocks_begin(f, i, TRACK_WORK, at);
}

/* Of several unanswered messages the oldest counts. */
void cycles_customer_wrote(struct fold *f, struct interaction *i, int64_t at) {
    if (!fold_is_newest(i, at))
        return;
    i->spoke = i->status != STATUS_UNKNOWN;
    clocks_status(f, i, at);
    if (!i->shut && fold_is_inbound(f, i->leaf))
        clocks_begin(f, i, TRACK_NEXT, at);
}

/* Of a clock that does not run, the rule that it would run by. */
static bool counts_bots(const struct fold *f, const struct interaction *i, enum track t) {
    if (t >= i->tracks)
        return false;
    uint16_t rule = i->clocks[t].rule;
    if (!clock_is_on(&i->clocks[t]))
        rule = clocks_choose(f, i, t).rule;
    return rule != CLOCK_NO_RULE && clocks_contract(f, i)->clocks[rule].bots_count;
}

static void update(struct fold *f, struct interaction *i, int64_t at) {
    struct clock *c = &i->clocks[TRACK_UPDATE];
    bool on = clock_is_on(c);
    if (i->tracks <= TRACK_UPDATE || (on && at <= c->started_at))
        return;
    cycles_end(f, i, TRACK_UPDATE, at, CLOCK_END_JUDGED);
    if (!i->over && i->created_at != INSTANT_NONE && fold_is_newest(i, at) &&
        fold_is_inbound(f, i->leaf))
        clocks_begin(f, i, TRACK_UPDATE, at);
}

void cycles_agent_wrote(struct fold *f, struct interaction *i, int64_t at, bool bot) {
    if (!bot || counts_bots(f, i, TRACK_NEXT))
        cycles_end(f, i, TRACK_NEXT, at, CLOCK_END_JUDGED);
    if (!bot || counts_bots(f, i, TRACK_UPDATE))
        update(f, i, at);
}

/* A reply that is owed: without a word in the contract RESOLVED stands for the next one, not for
 * the first. */
static enum clock_end end_of_owed(const struct fold *f, const struct interaction *i, enum track t) {
    const struct clock_rule *rule = clocks_rule(f, i, t);
    if (!rule || rule->on_resolve == ON_RESOLVE_USUAL)
        return t == TRACK_REPLY ? CLOCK_END_DROPPED : CLOCK_END_JUDGED;
    return rule->on_resolve == ON_RESOLVE_MISSED ? CLOCK_END_MISSED : CLOCK_END_DROPPED;
}

void cycles_resolved(struct fold *f, struct interaction *i, int64_t at) {
    cycles_end(f, i, TRACK_RESOLUTION, at, CLOCK_END_JUDGED);
    cycles_end(f, i, TRACK_WAIT, at, CLOCK_END_JUDGED);
    cycles_end(f, i, TRACK_WORK, at, CLOCK_END_JUDGED);
    cycles_end(f, i, TRACK_REPLY, at, end_of_owed(f, i, TRACK_REPLY));
    cycles_end(f, i, TRACK_NEXT, at, end_of_owed(f, i, TRACK_NEXT));
    cycles_end(f, i, TRACK_UPDATE, at, end_of_owed(f, i, TRACK_UPDATE));
}

/* The first reply is owed again, from the reopening on. */
static void owe_again(struct fold *f, struct interaction *i, int64_t at) {
    i->replied = false;
    i->reply_from_at = at;
    clocks_begin(f, i, TRACK_REPLY, at);
}

static void begin_anew(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    bool with_created = t != TRACK_NEXT && t != TRACK_REPLY;
    if (clock_is_on(&i->clocks[t]) || !fold_is_newest(i, at) || !fold_is_inbound(f, i->leaf) ||
        (with_created && i->created_at == INSTANT_NONE))
        return;
    if (t == TRACK_REPLY)
        owe_again(f, i, at);
    else
        clocks_begin(f, i, t, at);
}

static void reopen(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock_choice choice = clocks_choose(f, i, t);
    if (choice.rule == CLOCK_NO_RULE)
        return;
    switch (contract_on_reopen(&clocks_contract(f, i)->clocks[choice.rule])) {
    case ON_REOPEN_NEW: begin_anew(f, i, t, at); return;
    case ON_REOPEN_CONTINUE:
        if (t != TRACK_REPLY || !i->replied)
            clocks_continue(f, i, t, at);
        return;
    case ON_REOPEN_USUAL:
    case ON_REOPEN_IGNORE: return;
    }
}

void cycles_reopened(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = TRACK_ANSWER + 1; t < i->tracks; t++)
        reopen(f, i, t, at);
}
