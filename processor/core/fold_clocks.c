#include "core/fold_parts.h"

#include "base/check.h"

/* A clock counts where its visit does; the others where the interaction does. */
static uint32_t leaf_of(const struct interaction *i, enum track t) {
    return t == TRACK_ANSWER ? i->visit.leaf : i->leaf;
}

static const struct contract *contract_of(const struct fold *f, const struct interaction *i) {
    return f->under ? f->under : fold_leaf(f, i->leaf)->contract;
}

static bool stands(const struct clock *c) {
    return c->state != CLOCK_RUNNING && c->state != CLOCK_PAUSED;
}

const struct clock_rule *clocks_rule(const struct fold *f, const struct interaction *i,
                                     enum track t) {
    if (i->clocks[t].state == CLOCK_OFF)
        return NULL;
    const struct contract *contract = contract_of(f, i);
    CHECK(i->clocks[t].rule < contract->clock_count);
    return &contract->clocks[i->clocks[t].rule];
}

/* The rule that applies now: by the priority and, for the interaction's own clocks, the queue as
 * they are at present. */
static uint16_t matching_rule(const struct fold *f, const struct interaction *i, enum track t) {
    const struct contract *contract = contract_of(f, i);
    if (contract->clock_count == 0)
        return CLOCK_NO_RULE;
    struct leaf view = *fold_leaf(f, leaf_of(i, t));
    view.priority = i->priority;
    if (i->visit.number > 0)
        view.queue = fold_leaf(f, i->visit.leaf)->queue;
    const struct clock_rule *rule = contract_clock(contract, track_kind(t), &view);
    return rule ? (uint16_t)(rule - contract->clocks) : CLOCK_NO_RULE;
}

static bool pauses(const struct clock_rule *rule, const struct interaction *i) {
    return i->status != STATUS_UNKNOWN && rule->pause_on >> i->status & 1;
}

void clocks_begin(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    if (t == TRACK_ANSWER)
        *c = (struct clock){0};
    if (c->state != CLOCK_OFF || (t == TRACK_ANSWER && !i->visit.counted))
        return;
    uint16_t rule = matching_rule(f, i, t);
    if (rule == CLOCK_NO_RULE)
        return;
    clock_begin(c, rule, at, t == TRACK_ANSWER ? i->visit.number : 1);
    if (pauses(clocks_rule(f, i, t), i))
        clock_pause(c, clocks_rule(f, i, t), at);
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
    const struct clock_rule *rule = clocks_rule(f, i, t);
    bool ended = t == TRACK_ANSWER && c->state == CLOCK_ENDED;
    ledger_fact(&f->ledger,
                &(struct ledger_fact){.at = at,
                                      .opened_at = c->started_at,
                                      .deadline_at = deadline_of(c, rule, at),
                                      .elapsed_ms = clock_elapsed_ms(c, rule, at),
                                      .risk_at = c->risk_at,
                                      .breach_at = c->breach_at,
                                      .ended_at = ended ? i->visit.ended_at : INSTANT_NONE,
                                      .leaf = leaf_of(i, t),
                                      .instance = c->instance,
                                      .rule = c->rule,
                                      .clock = (uint8_t)track_kind(t),
                                      .kind = (uint8_t)kind,
                                      .voided_kind = (uint8_t)voided_kind});
}

static bool was_told(const struct clock *c) {
    return c->risk_at != INSTANT_NONE || c->breach_at != INSTANT_NONE;
}

/* Takes back the verdict on an answer clock that has ended with its visit. */
static void take_back_verdict(struct fold *f, const struct interaction *i) {
    const struct clock *c = &i->clocks[TRACK_ANSWER];
    if (c->breach_at != INSTANT_NONE)
        ledger_count(&f->ledger, i->visit.leaf, i->visit.ended_at, COUNTER_CLOCKS_MISSED, -1);
    else if (i->visit.end == VISIT_ANSWERED)
        ledger_count(&f->ledger, i->visit.leaf, i->visit.ended_at, COUNTER_CLOCKS_MET, -1);
}

static void make_void(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    uint32_t leaf = leaf_of(i, t);
    if (t == TRACK_ANSWER && c->state == CLOCK_ENDED && i->visit.end != VISIT_AGED)
        take_back_verdict(f, i);
    if (c->breach_at != INSTANT_NONE) {
        ledger_count(&f->ledger, leaf, c->breach_at, COUNTER_ITEMS_BREACHED, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_BREACHED);
    }
    if (c->risk_at != INSTANT_NONE) {
        ledger_count(&f->ledger, leaf, c->risk_at, COUNTER_ITEMS_AT_RISK, -1);
        tell(f, i, t, FACT_VOIDED, at, FACT_AT_RISK);
    }
    *c = (struct clock){0};
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
    bool missed = c->breach_at != INSTANT_NONE || how == CLOCK_END_MISSED;
    if (missed)
        ledger_count(&f->ledger, leaf_of(i, t), at, COUNTER_CLOCKS_MISSED, 1);
    else if (how == CLOCK_END_JUDGED)
        ledger_count(&f->ledger, leaf_of(i, t), at, COUNTER_CLOCKS_MET, 1);
}

void clocks_end(struct fold *f, struct interaction *i, enum track t, int64_t at,
                enum clock_end how) {
    struct clock *c = &i->clocks[t];
    if (how == CLOCK_END_VOID && c->state != CLOCK_OFF && (t == TRACK_ANSWER || !stands(c))) {
        make_void(f, i, t, at);
        return;
    }
    if (stands(c))
        return;
    take_back_later(f, i, t, at);
    judge(f, i, t, at, how);
    if (was_told(c))
        tell(f, i, t, FACT_ENDED, at, FACT_AT_RISK);
    clock_end(c, clocks_rule(f, i, t), at);
}

void clocks_age(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = 0; t < TRACK_COUNT; t++) {
        struct clock *c = &i->clocks[t];
        if (stands(c))
            continue;
        if (was_told(c))
            tell(f, i, t, FACT_ENDED, at, FACT_AT_RISK);
        clock_end(c, clocks_rule(f, i, t), at);
    }
}

/* A cycle that was breached stays so: it is judged again when it ends, but not told again. */
void clocks_continue(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    if (c->state != CLOCK_ENDED)
        return;
    clock_continue(c, at);
    if (pauses(clocks_rule(f, i, t), i))
        clock_pause(c, clocks_rule(f, i, t), at);
}

void clocks_status(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = 0; t < TRACK_COUNT; t++) {
        struct clock *c = &i->clocks[t];
        if (stands(c))
            continue;
        if (pauses(clocks_rule(f, i, t), i))
            clock_pause(c, clocks_rule(f, i, t), at);
        else
            clock_resume(c, at);
    }
}

/* When the start event of the track's clock was, or INSTANT_NONE. */
static int64_t start_of(const struct fold *f, const struct interaction *i, enum track t) {
    if (!fold_is_inbound(f, leaf_of(i, t)))
        return INSTANT_NONE;
    switch (t) {
    case TRACK_ANSWER: return interaction_waits(i) ? i->visit.queued_at : INSTANT_NONE;
    case TRACK_REPLY: return i->replied || i->over ? INSTANT_NONE : i->reply_from_at;
    case TRACK_RESOLUTION: return i->over ? INSTANT_NONE : i->created_at;
    case TRACK_COUNT: break;
    }
    UNREACHABLE("no such track");
}

/* The first clock of an interaction that it did not match before: it starts with the time that it
 * would have had. */
static void begin_late(struct fold *f, struct interaction *i, enum track t, uint16_t rule,
                       int64_t at) {
    int64_t started_at = start_of(f, i, t);
    if (started_at == INSTANT_NONE || rule == CLOCK_NO_RULE)
        return;
    struct clock *c = &i->clocks[t];
    clock_begin(c, rule, started_at, t == TRACK_ANSWER ? i->visit.number : 1);
    const struct clock_rule *begun = clocks_rule(f, i, t);
    clock_retarget(c, begun, begun, rule, started_at > at ? started_at : at);
    if (pauses(clocks_rule(f, i, t), i))
        clock_pause(c, clocks_rule(f, i, t), at);
}

void clocks_rematch(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = 0; t < TRACK_COUNT; t++) {
        struct clock *c = &i->clocks[t];
        if (c->state == CLOCK_ENDED || (t == TRACK_ANSWER && !interaction_waits(i)))
            continue;
        uint16_t rule = matching_rule(f, i, t);
        if (c->state == CLOCK_OFF) {
            begin_late(f, i, t, rule, at);
        } else if (rule == CLOCK_NO_RULE) {
            make_void(f, i, t, at);
        } else if (rule != c->rule) {
            if (was_told(c))
                tell(f, i, t, FACT_ENDED, at, FACT_AT_RISK);
            clock_retarget(c, clocks_rule(f, i, t), &contract_of(f, i)->clocks[rule], rule, at);
        }
    }
}

static bool measures_the_same(const struct clock_rule *a, const struct clock_rule *b) {
    return slice_equal(a->name, b->name) && clock_same_terms(a, b);
}

static uint16_t rule_named(const struct contract *c, enum clock_kind kind, struct slice name) {
    for (size_t k = 0; k < c->clock_count; k++)
        if (c->clocks[k].kind == kind && slice_equal(c->clocks[k].name, name))
            return (uint16_t)k;
    return CLOCK_NO_RULE;
}

/* A clock that has ended keeps its rule for as long as there is one of that name. */
static void rename_ended(struct clock *c, const struct contract *was, const struct contract *now,
                         enum clock_kind kind) {
    if (c->state == CLOCK_OFF)
        return;
    c->rule = rule_named(now, kind, was->clocks[c->rule].name);
    if (c->rule == CLOCK_NO_RULE)
        *c = (struct clock){0};
}

/* Hours that were changed ahead of the clock change nothing of what it has measured. */
static bool measured_the_same(const struct clock *c, const struct clock_rule *a,
                              const struct clock_rule *b, int64_t at) {
    return c->state != CLOCK_RUNNING || calendar_open_ms(a->calendar, c->since_at, at) ==
                                            calendar_open_ms(b->calendar, c->since_at, at);
}

/* What was said is closed under the names that it was said by. */
static void change_running(struct fold *f, struct interaction *i, enum track t,
                           const struct contract *was, uint16_t rule, int64_t at) {
    struct clock *c = &i->clocks[t];
    const struct contract *now = contract_of(f, i);
    f->under = was;
    bool goes_on = rule != CLOCK_NO_RULE && slice_equal(was->name, now->name) &&
                   measures_the_same(&was->clocks[c->rule], &now->clocks[rule]) &&
                   measured_the_same(c, &was->clocks[c->rule], &now->clocks[rule], at);
    if (rule == CLOCK_NO_RULE)
        make_void(f, i, t, at);
    else if (!goes_on && was_told(c))
        tell(f, i, t, FACT_REPLACED, at, FACT_AT_RISK);
    f->under = NULL;
    if (goes_on) {
        c->rule = rule;
    } else if (rule != CLOCK_NO_RULE) { /* an event ahead of the clock may have begun it */
        int64_t from_at = c->state == CLOCK_RUNNING && c->since_at > at ? c->since_at : at;
        clock_retarget(c, &was->clocks[c->rule], &now->clocks[rule], rule, from_at);
    }
}

void clocks_change_contract(struct fold *f, struct interaction *i, const struct contract *was,
                            int64_t at) {
    const struct contract *now = contract_of(f, i);
    for (enum track t = 0; t < TRACK_COUNT; t++) {
        struct clock *c = &i->clocks[t];
        bool over = c->state == CLOCK_ENDED || (t == TRACK_ANSWER && !interaction_waits(i));
        uint16_t rule = over ? CLOCK_NO_RULE : matching_rule(f, i, t);
        if (over)
            rename_ended(c, was, now, track_kind(t));
        else if (c->state == CLOCK_OFF)
            begin_late(f, i, t, rule, at);
        else
            change_running(f, i, t, was, rule, at);
    }
    clocks_status(f, i, at);
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
