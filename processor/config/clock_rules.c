#include "config/clock_rules.h"

#include <stdlib.h>

#include "config/rule.h"
#include "config/value.h"

#define NOT_GIVEN UINT32_MAX

struct clock_reading {
    struct rule rule; /* first: the common keys are read into it */
    bool has_kind;
    enum clock_kind kind;
    const struct calendar *calendars; /* of the contract */
    const struct calendar *calendar;
    int64_t target_ms;
    uint32_t days;     /* of the target, when it is in business days */
    uint32_t pause_on; /* bits of enum mapped_status, or NOT_GIVEN */
    bool bots_count;
    bool at_handoff;
    enum on_resolve on_resolve;
    enum on_reopen on_reopen;
};

static const char *clock_word(size_t index) {
    return index < CLOCK_KIND_COUNT ? clock_kind_name((enum clock_kind)index) : NULL;
}

static const char *status_word(size_t index) {
    static const char *const words[] = {"open",   "pending_customer", "on_hold",
                                        "solved", "closed",           NULL};
    return words[index];
}

static const char *start_word(size_t index) {
    static const char *const words[] = {"created", "bot_handoff", NULL};
    return words[index];
}

static const char *on_resolve_word(size_t index) {
    static const char *const words[] = {"void", "missed", NULL};
    return words[index];
}

static const char *on_reopen_word(size_t index) {
    static const char *const words[] = {"continue", "new", "ignore", NULL};
    return words[index];
}

static void read_kind(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    size_t index;
    if (!reader_word(r, value, "clock", clock_word, &index))
        return;
    clock->has_kind = true;
    clock->kind = (enum clock_kind)index;
}

static void read_target(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    if (reader_is_business_days(value))
        (void)reader_business_days(r, value, &clock->days);
    else
        (void)reader_duration(r, value, 1, &clock->target_ms);
}

static void read_calendar(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    const struct reader_name *found = reader_find(r, value, "calendar", &r->calendars);
    if (found)
        clock->calendar = &clock->calendars[found - r->calendars.list];
}

static void read_pause_on(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    clock->pause_on = 0;
    for (const struct tree_node *n = reader_first(r, value); n; n = reader_next(value, n)) {
        size_t index;
        if (reader_word(r, n, "status", status_word, &index))
            clock->pause_on |= 1u << (STATUS_OPEN + index);
    }
}

static void read_start_on(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    size_t index;
    if (reader_word(r, value, "start_on", start_word, &index))
        clock->at_handoff = index == 1;
    if (clock->at_handoff && clock->has_kind && clock->kind != CLOCK_FIRST_REPLY)
        reader_fault(r, value->line, "leave it out", "only first_reply can start on bot_handoff");
}

/* What a bot says, and a reply that RESOLVED leaves owing, matter to clocks of replies alone. */
static void only_replies(struct reader *r, const struct tree_node *value,
                         const struct clock_reading *clock) {
    bool replies = clock->kind == CLOCK_FIRST_REPLY || clock->kind == CLOCK_NEXT_REPLY ||
                   clock->kind == CLOCK_PERIODIC_UPDATE;
    if (clock->has_kind && !replies)
        reader_fault(r, value->line, "leave it out", "%s means nothing for %s", value->key.at,
                     clock_kind_name(clock->kind));
}

static void read_bots_count(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    if (reader_flag(r, value, &clock->bots_count) && clock->bots_count)
        only_replies(r, value, clock);
}

static void read_on_resolve(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    size_t index;
    if (!reader_word(r, value, "on_resolve", on_resolve_word, &index))
        return;
    clock->on_resolve = index == 0 ? ON_RESOLVE_VOID : ON_RESOLVE_MISSED;
    if (clock->on_resolve == ON_RESOLVE_MISSED)
        only_replies(r, value, clock);
}

/* The words stand in the order of the enum. */
static void read_on_reopen(struct reader *r, const struct tree_node *value, void *target) {
    struct clock_reading *clock = target;
    size_t index;
    if (!reader_word(r, value, "on_reopen", on_reopen_word, &index))
        return;
    clock->on_reopen = (enum on_reopen)(ON_REOPEN_CONTINUE + index);
    if (clock->has_kind && clock->kind == CLOCK_SPEED_OF_ANSWER &&
        clock->on_reopen != ON_REOPEN_IGNORE)
        reader_fault(r, value->line, "leave it out: each QUEUED has its own clock",
                     "speed_of_answer is not reopened");
}

/* "75%" of the target, or 30m before its end, as elapsed time. */
static bool read_warning(struct reader *r, const struct tree_node *node, int64_t target_ms,
                         int64_t *elapsed_ms) {
    struct slice text;
    if (!reader_text(r, node, &text))
        return false;
    if (text.at[text.size - 1] == '%') {
        struct err err;
        double share;
        if (!value_share(text, &share, &err)) {
            reader_fault(r, node->line, "", "warn_at: %s", err.text);
            return false;
        }
        *elapsed_ms = (int64_t)(share * (double)target_ms);
    } else {
        int64_t left_ms;
        if (!reader_duration(r, node, 1, &left_ms))
            return false;
        *elapsed_ms = target_ms - left_ms;
    }
    if (*elapsed_ms > 0 && *elapsed_ms < target_ms)
        return true;
    reader_fault(r, node->line, "write a share of the target, or the time left, within it",
                 "warn_at %s is not between start and target", text.at);
    return false;
}

/* The same of a target in business days, whose length is not known yet. */
static bool read_days_warning(struct reader *r, const struct tree_node *node, double *share,
                              int64_t *left_ms) {
    struct slice text;
    struct err err;
    if (!reader_text(r, node, &text))
        return false;
    if (text.at[text.size - 1] != '%')
        return reader_duration(r, node, 1, left_ms);
    if (!value_share(text, share, &err)) {
        reader_fault(r, node->line, "", "warn_at: %s", err.text);
        return false;
    }
    if (*share > 0 && *share < 1)
        return true;
    reader_fault(r, node->line, "write a share of the target, or the time left, within it",
                 "warn_at %s is not between start and target", text.at);
    return false;
}

/* Shares come before times left, each in the order in which they pass. */
static void add_days_warning(struct clock_rule *clock, struct clock_days *days, double share,
                             int64_t left_ms) {
    size_t at = clock->warning_count++;
    for (; at > 0; at--) {
        double other = days->warnings[at - 1].share;
        bool before = share > 0 ? other > 0 && other <= share
                                : other > 0 || days->warnings[at - 1].left_ms >= left_ms;
        if (before)
            break;
        days->warnings[at] = days->warnings[at - 1];
    }
    days->warnings[at].share = share;
    days->warnings[at].left_ms = left_ms;
}

static bool is_warned(const struct clock_rule *clock, int64_t elapsed_ms) {
    for (size_t i = 0; i < clock->warning_count; i++) {
        if (clock->warnings[i].elapsed_ms == elapsed_ms)
            return true;
    }
    return false;
}

static int compare_warnings(const void *a, const void *b) {
    const struct clock_warning *x = a;
    const struct clock_warning *y = b;
    return (x->elapsed_ms > y->elapsed_ms) - (x->elapsed_ms < y->elapsed_ms);
}

/* Read when the target is known, whatever the order in the file. */
static void read_warnings(struct reader *r, const struct tree_node *list, struct clock_rule *clock,
                          struct clock_days *days) {
    for (const struct tree_node *n = reader_first(r, list); n; n = reader_next(list, n)) {
        int64_t ms = 0;
        double share = 0;
        if (days ? !read_days_warning(r, n, &share, &ms)
                 : !read_warning(r, n, clock->target_ms, &ms))
            continue;
        if (clock->warning_count == CONTRACT_WARNINGS_MAX) {
            reader_fault(r, n->line, "keep the ones that somebody acts on",
                         "warn_at has more than %d entries", CONTRACT_WARNINGS_MAX);
            return;
        }
        if (!days && is_warned(clock, ms))
            reader_fault(r, n->line, "name it once", "warn_at %s is there already", n->text.at);
        else if (days)
            add_days_warning(clock, days, share, ms);
        else
            clock->warnings[clock->warning_count++].elapsed_ms = ms;
    }
    if (!days)
        qsort(clock->warnings, clock->warning_count, sizeof(clock->warnings[0]), compare_warnings);
}

/* What pauses a clock where nothing is said: domain.md 2.4. */
static uint32_t default_pause(enum clock_kind kind) {
    switch (kind) {
    case CLOCK_RESOLUTION:
    case CLOCK_REQUESTER_WAIT: return 1u << STATUS_PENDING_CUSTOMER;
    case CLOCK_AGENT_WORK: return 1u << STATUS_PENDING_CUSTOMER | 1u << STATUS_ON_HOLD;
    default: return 0;
    }
}

static const struct reader_key keys[] = {
    RULE_KEYS,
    {"outcome", rule_read_outcome, false},
    {"clock", read_kind, true},
    {"target", read_target, true},
    {"calendar", read_calendar, false},
    {"pause_on", read_pause_on, false},
    {"start_on", read_start_on, false},
    {"bots_count", read_bots_count, false},
    {"on_resolve", read_on_resolve, false},
    {"on_reopen", read_on_reopen, false},
    {"warn_at", NULL, false},
    {NULL, NULL, false},
};

/* The days of a calendar, of a clock that counts them; NULL: the target is a duration. */
static struct clock_days *read_days(struct reader *r, const struct tree_node *item,
                                    const struct clock_reading *found) {
    if (found->days == 0)
        return NULL;
    int line = tree_get(item, "target")->line;
    if (!tree_get(item, "calendar"))
        reader_fault(r, line, "name the calendar whose days they are, or write h or d",
                     "target: business days need a calendar");
    if (found->kind == CLOCK_SPEED_OF_ANSWER)
        reader_fault(r, line, "write the duration in s, m or h",
                     "target: a wait is counted in plain time, not in business days");
    struct clock_days *days = arena_get(r->arena, 1, sizeof(*days));
    days->count = found->days;
    return days;
}

static void read_one(struct reader *r, const struct tree_node *item,
                     const struct calendar *calendars, struct clock_rule *clock) {
    struct clock_reading found = {
        .rule.severity = SEVERITY_WARNING, .calendars = calendars, .pause_on = NOT_GIVEN};
    if (!reader_map(r, item, keys, &found))
        return;
    rule_needs_inbound(r, item, &found.rule.when, "clocks run");
    struct clock_days *days = read_days(r, item, &found);
    *clock = (struct clock_rule){
        .name = found.rule.name,
        .kind = found.kind,
        .when = found.rule.when,
        .calendar = found.calendar,
        .days = days,
        .target_ms = found.target_ms,
        .pause_on = found.pause_on == NOT_GIVEN ? default_pause(found.kind) : found.pause_on,
        .bots_count = found.bots_count,
        .start_on_handoff = found.at_handoff,
        .on_resolve = found.on_resolve,
        .on_reopen = found.on_reopen,
        .severity = found.rule.severity,
        .contact_role = rule_contact(&found.rule),
        .escalation = found.rule.escalation,
        .outcome = found.rule.outcome,
        .runbook = found.rule.runbook,
    };
    const struct tree_node *warnings = tree_get(item, "warn_at");
    if (warnings && (days || clock->target_ms > 0))
        read_warnings(r, warnings, clock, days);
}

void clock_rules_read(struct reader *r, const struct tree_node *list, struct contract *c) {
    c->clocks = arena_get(r->arena, tree_count(list), sizeof(*c->clocks));
    size_t index = 0;
    for (const struct tree_node *n = rule_first(r, list); n; n = n->next, index++) {
        if (rule_begin(r, n, "clock", index))
            read_one(r, n, c->calendars, &c->clocks[c->clock_count++]);
    }
    r->what[0] = '\0';
}
