#include "core/fold_parts.h"

#include "base/check.h"

/* Which rule measures a clock changes with the priority, the queue and the contract. What has
 * elapsed stays; what another rule told is closed. */

void clocks_retarget(struct fold *f, struct interaction *i, enum track t,
                     struct clock_choice choice, int64_t at) {
    struct clock *c = &i->clocks[t];
    const struct clock_rule *from = clocks_rule(f, i, t);
    clock_retarget(c, from, &clocks_contract(f, i)->clocks[choice.rule], choice.rule, at);
    if (choice.silent)
        clock_hush(c);
}

/* When the start event of the track's clock was, or INSTANT_NONE. */
static int64_t reply_owed_from(const struct interaction *i) {
    int64_t from_at = i->unanswered ? i->turn_at : INSTANT_NONE;
    if (i->resolved_at != INSTANT_NONE && from_at <= i->resolved_at)
        from_at = INSTANT_NONE;
    if (from_at == INSTANT_NONE && !i->over && i->reopened_at > i->turn_at)
        from_at = i->reopened_at;
    return i->shut ? INSTANT_NONE : from_at;
}

/* Where the customer wrote last, when the agent did before is not known: not before that. */
static int64_t updated_at(const struct interaction *i) {
    if (i->over || i->created_at == INSTANT_NONE)
        return INSTANT_NONE;
    int64_t from_at = i->turn_at > i->created_at ? i->turn_at : i->created_at;
    return i->reopened_at > from_at ? i->reopened_at : from_at;
}

/* A hand-off begins its clock at once: where there is none, there was no hand-off. */
static int64_t first_reply_owed_from(const struct fold *f, const struct interaction *i) {
    bool owed = !i->replied && !i->over && !reply_waits_for_handoff(f, i);
    return owed ? i->reply_from_at : INSTANT_NONE;
}

static int64_t start_of(const struct fold *f, const struct interaction *i, enum track t) {
    if (!fold_is_inbound(f, t == TRACK_ANSWER ? i->visit.leaf : i->leaf))
        return INSTANT_NONE;
    switch (t) {
    case TRACK_ANSWER: return interaction_waits(i) ? i->visit.queued_at : INSTANT_NONE;
    case TRACK_REPLY: return first_reply_owed_from(f, i);
    case TRACK_NEXT: return reply_owed_from(i);
    case TRACK_UPDATE: return updated_at(i);
    case TRACK_RESOLUTION:
    case TRACK_WAIT:
    case TRACK_WORK: return i->over ? INSTANT_NONE : i->created_at;
    case TRACK_COUNT: break;
    }
    UNREACHABLE("no such track");
}

/* The first clock of an interaction that no rule could measure before: it starts with the time
 * that it would have had. */
static void begin_late(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    int64_t started_at = start_of(f, i, t);
    if (started_at == INSTANT_NONE || !clocks_start(f, i, t, started_at))
        return;
    const struct clock *c = &i->clocks[t];
    struct clock_choice same = {c->rule, clock_is_silent(c)};
    clocks_retarget(f, i, t, same, started_at > at ? started_at : at);
    clocks_pause_as_said(f, i, t, at);
}

static void rematch(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    struct clock *c = &i->clocks[t];
    struct clock_choice choice = clocks_choose(f, i, t);
    if (choice.rule == CLOCK_NO_RULE || choice.silent) {
        clocks_void(f, i, t, at);
        clock_hush(c);
    } else if (choice.rule != c->rule || clock_is_silent(c)) {
        clocks_close_told(f, i, t, at, FACT_ENDED);
        clocks_retarget(f, i, t, choice, at);
    }
    clocks_pause_as_said(f, i, t, at);
}

/* A visit that waits has a clock or none. */
static void rematch_answer(struct fold *f, struct interaction *i, int64_t at) {
    struct clock *c = &i->clocks[TRACK_ANSWER];
    if (!interaction_waits(i) || c->state == CLOCK_ENDED)
        return;
    bool was_on = clock_is_on(c);
    if (was_on && clocks_choose(f, i, TRACK_ANSWER).rule == CLOCK_NO_RULE) {
        clocks_void(f, i, TRACK_ANSWER, at);
        *c = (struct clock){0};
    } else if (was_on) {
        rematch(f, i, TRACK_ANSWER, at);
    } else {
        begin_late(f, i, TRACK_ANSWER, at);
    }
}

void clocks_rematch(struct fold *f, struct interaction *i, int64_t at) {
    rematch_answer(f, i, at);
    for (enum track t = TRACK_ANSWER + 1; t < i->tracks; t++) {
        const struct clock *c = &i->clocks[t];
        if (clock_is_on(c))
            rematch(f, i, t, at);
        else if (c->state == CLOCK_OFF && c->instance == 0 && t <= TRACK_RESOLUTION)
            begin_late(f, i, t, at);
    }
}

/* The interaction counts elsewhere from now on: what was told here is taken back and told there. */
void clocks_leave(struct fold *f, struct interaction *i, int64_t at) {
    for (enum track t = TRACK_ANSWER + 1; t < i->tracks; t++) {
        struct clock *c = &i->clocks[t];
        if (!clock_is_on(c) || clock_is_silent(c))
            continue;
        clocks_void(f, i, t, at);
        c->warned = 0;
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

static bool goes_on(const struct clock *c, const struct contract *was, const struct contract *now,
                    uint16_t rule, int64_t at) {
    return !clock_is_silent(c) && slice_equal(was->name, now->name) &&
           measures_the_same(&was->clocks[c->rule], &now->clocks[rule]) &&
           measured_the_same(c, &was->clocks[c->rule], &now->clocks[rule], at);
}

/* What was said is closed under the names that it was said by. */
static void change_on(struct fold *f, struct interaction *i, enum track t,
                      const struct contract *was, int64_t at) {
    struct clock *c = &i->clocks[t];
    const struct contract *now = clocks_contract(f, i);
    struct clock_choice choice = clocks_choose(f, i, t);
    bool measured = choice.rule != CLOCK_NO_RULE && !choice.silent;
    if (measured && goes_on(c, was, now, choice.rule, at)) {
        c->rule = choice.rule;
        return;
    }
    f->under = was;
    if (!measured)
        clocks_void(f, i, t, at);
    else
        clocks_close_told(f, i, t, at, FACT_REPLACED);
    f->under = NULL;
    if (choice.rule == CLOCK_NO_RULE) {
        *c = (struct clock){0};
        return;
    }
    /* An event ahead of the clock may have begun it. */
    int64_t from_at = c->state == CLOCK_RUNNING && c->since_at > at ? c->since_at : at;
    clock_retarget(c, &was->clocks[c->rule], &now->clocks[choice.rule], choice.rule, from_at);
    if (choice.silent)
        clock_hush(c);
}

static void change_off(struct fold *f, struct interaction *i, enum track t, int64_t at) {
    if (clocks_choose(f, i, t).rule == CLOCK_NO_RULE)
        i->clocks[t] = (struct clock){0};
    else if (i->clocks[t].instance == 0)
        begin_late(f, i, t, at);
}

void clocks_change_contract(struct fold *f, struct interaction *i, const struct contract *was,
                            int64_t at) {
    for (enum track t = 0; t < i->tracks; t++) {
        struct clock *c = &i->clocks[t];
        if (c->state == CLOCK_ENDED)
            rename_ended(c, was, clocks_contract(f, i), track_kind(t));
        else if (clock_is_on(c))
            change_on(f, i, t, was, at);
        else if (t != TRACK_ANSWER || interaction_waits(i))
            change_off(f, i, t, at);
    }
    clocks_status(f, i, at);
}
