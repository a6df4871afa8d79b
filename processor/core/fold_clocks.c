#include "core/fold_parts.h"

#include "base/check.h"
#include "core/miss.h"

/* A clock counts where its visit does; the others where the interaction does. */
static uint32_t leaf_of(const struct interaction *i, enum track t) {
    return t == TRACK_ANSWER ? i->visit.leaf : i->leaf;
}

const struct contract *clocks_contract(const struct fold *f, const struct interaction *i) {
    return f->under ? f->under : fold_leaf(f, i->leaf)->contract;
}

const struct clock_rule *clocks_rule(const struct fold *f, const struct interaction *i,
                                     enum track t) {
    if (t >= i->tracks || i->clocks[t].state == CLOCK_OFF)
        return NULL;
    const struct contract *contract = clocks_contract(f, i);
    CHECK(i->clocks[t].rule < contract->clock_count);
    return &contract->clocks[i->clocks[t].rule];
}

/* By the priority and, for the interaction's own clocks, the queue as they are at present: mostly
 * those of the leaf. */
static uint16_t rule_now(const struct fold *f, const struct interaction *i, const struct leaf *leaf,
                         enum clock_kind kind) {
    const struct leaf *last = i->visit.number > 0 ? fold_leaf(f, i->visit.leaf) : leaf;
    const struct contract *contract = clocks_contract(f, i);
    if (contract == leaf->contract && i->priority == leaf->priority &&
        (last == leaf || slice_equal(last->queue, leaf->queue)))
        return leaf->clocks[kind];
    struct leaf view = *leaf;
    view.priority = i->priority;
    view.queue = last->queue;
    return clock_rule_place(contract, contract_clock(contract, kind, &view));
}

static uint16_t rule_anywhere(const struct fold *f, const struct interaction *i,
                              const struct leaf *leaf, enum clock_kind kind) {
    const struct contract *contract = clocks_contract(f, i);
    return contract == leaf->contract
               ? leaf->clocks_anywhere[kind]
               : clock_rule_place(contract, contract_clock_anywhere(contract, kind, leaf));
}

struct clock_choice clocks_choose(const struct fold *f, const struct interaction *i, enum track t) {
    const struct leaf *leaf = fold_leaf(f, leaf_of(i, t));
    struct clock_choice choice = {.rule = rule_anywhere(f, i, leaf, track_kind(t))};
    if (choice.rule == CLOCK_NO_RULE) /* neither is there one now */
        return choice;
    uint16_t now = rule_now(f, i, leaf, track_kind(t));
    choice.silent = now == CLOCK_NO_RULE && t != TRACK_ANSWER;
    if (!choice.silent)
        choice.rule = now;
    return choice;
}

/* The customer's word ends the wait for him, whatever the status still says. */
static bool pauses(const struct clock_rule *rule, const struct interaction *i, enum track t) {
    bool answered = i->spoke && (t == TRACK_WAIT || t == TRACK_WORK);
    return i->status != STATUS_UNKNOWN && !answered && rule->pause_on >> i->status & 1;
}

void clocks_pause_as_said(const struct fold *f, struct interaction *i, enum track t, int64_t at) {
    const struct clock_rule *rule = clocks_rule(f, i, t);
    if (pauses(rule, i, t))
        clock_pause(&i->clocks[t], rule, at);
    else
        clock_resume(&i->clocks[t], at);
}

/* One that was voided and begins where it began is the same cycle. */
static uint32_t next_instance(const struct interaction *i, enum track t, int64_t at) {
    const struct clock *c = &i->clocks[t];
    if (t == TRACK_ANSWER)
        return i->visit.number;
    bool again = c->state == CLOCK_OFF && c->instance > 0 && c->started_at == at;
    return c->instance + !again;
}

bool clocks_start(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    struct clock_choice choice = clocks_choose(f, i, t);
    if (choice.rule == CLOCK_NO_RULE)
        return false;
    clock_begin(c, choice.rule, at, next_instance(i, t, at));
    if (choice.silent)
        clock_hush(c);
    return true;
}

void clocks_begin(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    if (t >= i->tracks)
        return;
    if (t == TRACK_ANSWER)
        i->clocks[t] = (struct clock){0};
    if (clock_is_on(&i->clocks[t]) || (t == TRACK_ANSWER && !i->visit.counted))
        return;
    if (clocks_start(f, i, t, at))
        clocks_pause_as_said(f, i, t, at);
}

static int64_t deadline_of(const struct clock *c, const struct clock_rule *rule, int64_t at) {
    if (c->breach_at != INSTANT_NONE)
        return c->breach_at;
    if (c->state == CLOCK_RUNNING)
        return clock_deadline_at(c, rule);
    struct clock resumed = *c;
    resumed.state = CLOCK_RUNNING;
    resumed.since_at = at;
    return clock_deadline_at(&resumed, rule);
}

static void tell(struct fold *f, const struct interaction *i, enum track t, enum fact_kind kind,
                 int64_t at, enum fact_kind voided_kind) {
    const struct clock *c = &i->clocks[t];
    if (clock_is_silent(c))
        return;
    const struct clock_rule *rule = clocks_rule(f, i, t);
    bool ended = t == TRACK_ANSWER && c->state == CLOCK_ENDED;
    ledger_fact(&f->ledger, &(struct ledger_fact){
                                .at = at,
                                .opened_at = c->started_at,
                                .deadline_at = deadline_of(c, rule, at),
                                .elapsed_ms = clock_elapsed_ms(c, rule, at),
                                .risk_at = c->risk_at,
                                .breach_at = clock_told_breach(c) ? c->breach_at : INSTANT_NONE,
                                .ended_at = ended ? i->visit.ended_at : INSTANT_NONE,
                                .leaf = leaf_of(i, t),
                                .instance = c->instance,
                                .rule = c->rule,
                                .clock = (uint8_t)track_kind(t),
                                .kind = (uint8_t)kind,
                                .voided_kind = (uint8_t)voided_kind});
}

void clocks_close_told(struct fold *f, const struct interaction *i, enum track t, int64_t at,
                       enum fact_kind how) {
    const struct clock *c = &i->clocks[t];
    if (c->risk_at != INSTANT_NONE || clock_told_breach(c))
        tell(f, i, t, how, at, FACT_AT_RISK);
}

static void miss(struct fold *f, uint32_t leaf, int64_t at, int32_t count) {
    ledger_count(&f->ledger, leaf, at, COUNTER_CLOCKS_MISSED, count);
    if (!(fold_leaf(f, leaf)->misses >> MISS_CLOCK & 1))
        return;
    const struct ledger_miss m = {
        .at = at, .queued_at = INSTANT_NONE, .leaf = leaf, .count = count, .kind = MISS_CLOCK};
    ledger_miss(&f->ledger, &m);
}

/* Takes back the verdict on an answer clock that has ended with its visit. */
static void take_back_verdict(struct fold *f, const struct interaction *i) {
    const struct clock *c = &i->clocks[TRACK_ANSWER];
    if (c->breach_at != INSTANT_NONE)
        miss(f, i->visit.leaf, i->visit.ended_at, -1);
    else if (i->visit.end == VISIT_ANSWERED)
        ledger_count(&f->ledger, i->visit.leaf, i->visit.ended_at, COUNTER_CLOCKS_MET, -1);
}

void clocks_void(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    uint32_t leaf = leaf_of(i, t);
    if (t == TRACK_ANSWER && c->state == CLOCK_ENDED && i->visit.end != VISIT_AGED)
        take_back_verdict(f, i);
    if (clock_told_breach(c)) {
        ledger_count(&f->ledger, leaf, c->breach_at, COUNTER_ITEMS_BREACHED, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_BREACHED);
    }
    if (c->risk_at != INSTANT_NONE) {
        ledger_count(&f->ledger, leaf, c->risk_at, COUNTER_ITEMS_AT_RISK, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_AT_RISK);
    }
    c->breach_at = c->risk_at = INSTANT_NONE;
}

/* News older than the fold's memory: the clock ended before what it told. */
static void take_back_later(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    if (c->breach_at != INSTANT_NONE && c->breach_at >= at) {
        ledger_count(&f->ledger, leaf_of(i, t), c->breach_at, COUNTER_ITEMS_BREACHED, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_BREACHED);
        c->breach_at = INSTANT_NONE;
    }
    if (c->risk_at != INSTANT_NONE && c->risk_at >= at) {
        ledger_count(&f->ledger, leaf_of(i, t), c->risk_at, COUNTER_ITEMS_AT_RISK, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_AT_RISK);
        c->risk_at = INSTANT_NONE;
    }
}

static void judge(struct fold *f, struct interaction *i, enum track t, int64_t at,
                  enum clock_end how) {
    const struct clock *c = &i->clocks[t];
    if (clock_is_silent(c))
        return;
    bool missed = c->breach_at != INSTANT_NONE || how == CLOCK_END_MISSED;
    if (missed)
        miss(f, leaf_of(i, t), at, 1);
    else if (how == CLOCK_END_JUDGED)
        ledger_count(&f->ledger, leaf_of(i, t), at, COUNTER_CLOCKS_MET, 1);
}

void clocks_end(struct fold *f, struct interaction *i, enum track t, int64_t at,
                enum clock_end how) {
    if (t >= i->tracks)
        return;
    struct clock *c = &i->clocks[t];
    if (how == CLOCK_END_VOID && c->state != CLOCK_OFF && (t == TRACK_ANSWER || clock_is_on(c))) {
        clocks_void(f, i, t, at);
        clock_forget(c);
        if (t == TRACK_ANSWER)
            *c = (struct clock){0};
        return;
    }
    if (!clock_is_on(c))
        return;
    take_back_later(f, i, t, at);
    judge(f, i, t, at, how);
    clocks_close_told(f, i, t, at, FACT_ENDED);
    clock_end(c, clocks_rule(f, i, t), at);
}

void clocks_age(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = 0; t < i->tracks; t++) {
        struct clock *c = &i->clocks[t];
        if (!clock_is_on(c))
            continue;
        clocks_close_told(f, i, t, at, FACT_ENDED);
        clock_end(c, clocks_rule(f, i, t), at);
    }
}

/* A cycle that was breached stays so: it is judged again when it ends, but not told again, unless
 * another rule measures it by now. */
void clocks_continue(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    if (t >= i->tracks || i->clocks[t].state != CLOCK_ENDED)
        return;
    struct clock *c = &i->clocks[t];
    struct clock_choice choice = clocks_choose(f, i, t);
    clock_continue(c, at);
    if (choice.rule == CLOCK_NO_RULE || choice.silent)
        clock_hush(c);
    else if (choice.rule != c->rule || clock_is_silent(c))
        clocks_retarget(f, i, t, choice, at);
    clocks_pause_as_said(f, i, t, at);
}

void clocks_status(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = 0; t < i->tracks; t++)
        if (clock_is_on(&i->clocks[t]))
            clocks_pause_as_said(f, i, t, at);
}

int64_t clocks_next_at(const struct fold *f, const struct interaction *i, enum track t) {
    if (i->clocks[t].state != CLOCK_RUNNING)
        return INSTANT_MAX;
    return clock_next_at(&i->clocks[t], clocks_rule(f, i, t));
}

/* At one instant only the worst is told: the breach, else the last warning that has passed. */
void clocks_fire(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    const struct clock_rule *rule = clocks_rule(f, i, t);
    if (clock_deadline_at(c, rule) <= at) {
        c->breach_at = at;
        ledger_count(&f->ledger, leaf_of(i, t), at, COUNTER_ITEMS_BREACHED, 1);
        tell(f, i, t, FACT_BREACHED, at, FACT_AT_RISK);
        return;
    }
    bool first = c->risk_at == INSTANT_NONE;
    CHECK(clock_pass_warnings(c, rule, at));
    if (first)
        ledger_count(&f->ledger, leaf_of(i, t), at, COUNTER_ITEMS_AT_RISK, 1);
    tell(f, i, t, FACT_AT_RISK, at, FACT_AT_RISK);
}
