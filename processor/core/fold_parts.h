/* The parts of the fold, for each other only: visits, legs, replies, clocks. */
#pragma once

#include "core/fold.h"

/* How a clock ends. DROPPED: no verdict unless it has breached; VOID: it never counted. */
enum clock_end { CLOCK_END_JUDGED, CLOCK_END_DROPPED, CLOCK_END_MISSED, CLOCK_END_VOID };

static inline const struct leaf *fold_leaf(const struct fold *f, uint32_t leaf) {
    return leaf_dict_at(f->leaves, leaf);
}
static inline bool fold_is_inbound(const struct fold *f, uint32_t leaf) {
    return fold_leaf(f, leaf)->direction == DIRECTION_INBOUND;
}

/* The scope that the event means: what it leaves open is as it was. */

/* Nothing that has been folded is newer: what is older may come again and be no news. */
static inline bool fold_is_newest(const struct interaction *i, int64_t at) {
    return at >= i->last_at;
}

uint32_t fold_scope(struct fold *f, const struct interaction *i, const struct moment *m);

/* fold_visit.c */
void visit_begin(struct fold *f, struct interaction *i, uint32_t leaf, int64_t at);
void visit_end(struct fold *f, struct interaction *i, enum visit_end end, int64_t at,
               int64_t said_wait_ms);
/* Everything counted of a wait that has ended, but that it was offered: `value` times. */
void visit_join_journey(struct interaction *i); /* if its wait has ended and counts */
bool visit_is_in_journey(const struct interaction *i);
void visit_tell_ended(struct fold *f, struct interaction *i, int32_t value);
void visit_age(struct fold *f, struct interaction *i, int64_t at);
void visit_take_out(struct fold *f, struct interaction *i);
void visit_change_contract(struct fold *f, struct interaction *i, const struct fold_before *before,
                           int64_t at);
int64_t visit_next_at(const struct fold *f, const struct visit *v); /* the next T to pass */
void visit_pass_threshold(struct fold *f, struct visit *v);

/* fold_leg.c */
void leg_begin(struct fold *f, struct interaction *i, const struct moment *m);
void leg_hold(struct interaction *i, int64_t at);
void leg_resume(struct interaction *i, int64_t at);
void leg_wrap(struct fold *f, struct interaction *i, const struct moment *m);
void leg_end(struct fold *f, struct interaction *i, const struct moment *m, bool transferred,
             bool resumable);
void leg_age(struct fold *f, struct interaction *i, int64_t at);
void leg_join_journey(struct interaction *i); /* if it has ended */
bool leg_is_in_journey(const struct interaction *i);
void leg_tell_ended(struct fold *f, struct interaction *i, int32_t value);
void leg_hear_measured(struct leg *leg, const struct moment *m);

/* fold_record.c */
bool record_is_news(const struct interaction *i, const struct moment *m);
bool record_is_revised(const struct interaction *i, const struct moment *m);
void record_restates(struct fold *f, struct interaction *i, const struct moment *m);
void record_revise(struct fold *f, struct interaction *i, const struct moment *m);

/* A wait has ended as the events say: what its record says of it holds instead. */
void record_cover_visit(const struct fold *f, struct interaction *i);

/* fold_reply.c: what stands beside the phase */
/* The first reply is owed from a BOT_HANDOFF on, by the rule that applies. */
bool reply_waits_for_handoff(const struct fold *f, const struct interaction *i);
void reply_created(struct fold *f, struct interaction *i, int64_t at);
void reply_first_queued(struct fold *f, struct interaction *i, int64_t at);
void reply_handed_off(struct fold *f, struct interaction *i, int64_t at);
void reply_customer_wrote(struct fold *f, struct interaction *i, int64_t at);
void reply_wrote(struct fold *f, struct interaction *i, const struct moment *m);
void reply_answered(struct fold *f, struct interaction *i, int64_t at);
void reply_resolved(struct fold *f, struct interaction *i, int64_t at);
void reply_reopened(struct fold *f, struct interaction *i, int64_t at);
void reply_lost(struct fold *f, struct interaction *i, enum visit_end end, int64_t at);
void reply_closed(struct fold *f, struct interaction *i, int64_t at);
void reply_taken_out(struct fold *f, struct interaction *i, int64_t at);

/* fold_cycles.c: the clocks that begin anew with each turn, update or reopening */
void cycles_created(struct fold *f, struct interaction *i, int64_t at);
void cycles_customer_wrote(struct fold *f, struct interaction *i, int64_t at);
void cycles_agent_wrote(struct fold *f, struct interaction *i, int64_t at, bool bot);
void cycles_resolved(struct fold *f, struct interaction *i, int64_t at);
void cycles_reopened(struct fold *f, struct interaction *i, int64_t at);
void cycles_end(struct fold *f, struct interaction *i, enum track t, int64_t at,
                enum clock_end how); /* no effect on a cycle that began later */

/* fold_backlog.c */
void backlog_open(struct fold *f, struct interaction *i, int64_t at);
void backlog_close(struct fold *f, struct interaction *i, int64_t at);
void backlog_move(struct fold *f, struct interaction *i, uint32_t leaf);

/* fold_clocks.c */
void clocks_begin(struct fold *f, struct interaction *i, enum track t, int64_t at);
void clocks_end(struct fold *f, struct interaction *i, enum track t, int64_t at,
                enum clock_end how);
void clocks_age(struct fold *f, struct interaction *i, int64_t at);
void clocks_continue(struct fold *f, struct interaction *i, enum track t, int64_t at);
void clocks_status(struct fold *f, struct interaction *i, int64_t at);
int64_t clocks_next_at(const struct fold *f, const struct interaction *i, enum track t);
void clocks_fire(struct fold *f, struct interaction *i, enum track t, int64_t at);
const struct clock_rule *clocks_rule(const struct fold *f, const struct interaction *i,
                                     enum track t); /* NULL: the clock is off */
const struct contract *clocks_contract(const struct fold *f, const struct interaction *i);

/* The rule that applies to the track now; else, silent, one that could; else CLOCK_NO_RULE. */
struct clock_choice {
    uint16_t rule;
    bool silent;
};
struct clock_choice clocks_choose(const struct fold *f, const struct interaction *i, enum track t);

/* A new cycle, running, where there is such a rule; else false. */
bool clocks_start(struct fold *f, struct interaction *i, enum track t, int64_t at);
void clocks_pause_as_said(const struct fold *f, struct interaction *i, enum track t, int64_t at);

/* What it told ends so, if it told anything; what it told never was. */
void clocks_close_told(struct fold *f, const struct interaction *i, enum track t, int64_t at,
                       enum fact_kind how);
void clocks_void(struct fold *f, struct interaction *i, enum track t, int64_t at);

/* fold_rules.c */
void clocks_retarget(struct fold *f, struct interaction *i, enum track t,
                     struct clock_choice choice, int64_t at);
void clocks_rematch(struct fold *f, struct interaction *i, int64_t at);
void clocks_leave(struct fold *f, struct interaction *i, int64_t at);
void clocks_change_contract(struct fold *f, struct interaction *i, const struct contract *was,
                            int64_t at);
