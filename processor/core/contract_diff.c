#include "core/contract_diff.h"

#include <inttypes.h>

#include "core/clock.h"

struct diff {
    struct buf *b;
    size_t count;
};

static void say(struct diff *d, const char *what, struct slice name, const char *how) {
    if (d->count++ >= CONTRACT_DIFF_MAX)
        return;
    buf_put_format(d->b, "%s%s", d->count > 1 ? ", " : ": ", what);
    if (name.size > 0)
        buf_put_format(d->b, " " SLICE_FMT, SLICE_ARG(name));
    buf_put_format(d->b, " %s", how);
}

static bool same_calendar(const struct calendar *a, const struct calendar *b) {
    if (!a || !b)
        return a == b;
    return slice_equal(a->name, b->name) && slice_equal(a->zone.name, b->zone.name) &&
           a->count == b->count &&
           (a->count == 0 || memcmp(a->spans, b->spans, a->count * sizeof(*a->spans)) == 0);
}

static bool same_escalation(const struct escalation *a, const struct escalation *b) {
    if (!a || !b)
        return a == b;
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->tiers[i].after_ms == b->tiers[i].after_ms &&
               a->tiers[i].least == b->tiers[i].least &&
               slice_equal(a->tiers[i].role, b->tiers[i].role) &&
               same_calendar(a->tiers[i].hours, b->tiers[i].hours);
    return same;
}

static bool same_clock(const struct clock_rule *a, const struct clock_rule *b) {
    return a->kind == b->kind && match_equal(&a->when, &b->when) && clock_same_terms(a, b) &&
           same_calendar(a->calendar, b->calendar) && a->pause_on == b->pause_on &&
           a->bots_count == b->bots_count && a->start_on_handoff == b->start_on_handoff &&
           a->on_resolve == b->on_resolve && a->on_reopen == b->on_reopen &&
           same_escalation(a->escalation, b->escalation) && a->severity == b->severity &&
           slice_equal(a->contact_role, b->contact_role) && slice_equal(a->outcome, b->outcome) &&
           slice_equal(a->runbook, b->runbook);
}

static bool same_objective(const struct objective *a, const struct objective *b) {
    return a->metric == b->metric && a->variant == b->variant && a->attribution == b->attribution &&
           a->within_ms == b->within_ms && match_equal(&a->when, &b->when) && a->per == b->per &&
           a->window == b->window && a->at_least == b->at_least && a->target == b->target &&
           a->clear == b->clear && a->min_sample == b->min_sample &&
           a->deviations == b->deviations && a->hold_ms == b->hold_ms && a->at_risk == b->at_risk &&
           a->margin == b->margin && a->expected_per_ms == b->expected_per_ms &&
           a->expected_volume == b->expected_volume &&
           same_escalation(a->escalation, b->escalation) && a->severity == b->severity &&
           slice_equal(a->contact_role, b->contact_role) && slice_equal(a->outcome, b->outcome) &&
           slice_equal(a->runbook, b->runbook);
}

static bool same_demand(const struct demand_rule *a, const struct demand_rule *b) {
    return match_equal(&a->when, &b->when) && a->per == b->per &&
           a->window_count == b->window_count &&
           memcmp(a->windows_ms, b->windows_ms, sizeof(a->windows_ms)) == 0 &&
           a->false_alarms_per_day == b->false_alarms_per_day &&
           a->expected_per_ms == b->expected_per_ms && a->expected_volume == b->expected_volume &&
           a->min_excess == b->min_excess && a->severity == b->severity &&
           same_escalation(a->escalation, b->escalation) &&
           slice_equal(a->contact_role, b->contact_role) && slice_equal(a->runbook, b->runbook);
}

#define FIND(list, count, rule)                                                                    \
    size_t at = 0;                                                                                 \
    while (at < (count) && !slice_equal((list)[at].name, (rule)->name))                            \
        at++;                                                                                      \
    return at < (count) ? &(list)[at] : NULL

static const struct clock_rule *find_clock(const struct contract *c, const struct clock_rule *r) {
    FIND(c->clocks, c->clock_count, r);
}

static const struct objective *find_objective(const struct contract *c, const struct objective *r) {
    FIND(c->objectives, c->objective_count, r);
}

static const struct demand_rule *find_demand(const struct contract *c,
                                             const struct demand_rule *r) {
    FIND(c->demands, c->demand_count, r);
}

/* In the order of the new contract, then what is gone. */
#define DIFF(what, rules, count, type, find, same)                                                 \
    for (size_t i = 0; i < now->count; i++) {                                                      \
        const struct type *before = find(was, &now->rules[i]);                                     \
        if (!before)                                                                               \
            say(d, what, now->rules[i].name, "added");                                             \
        else if (!same(before, &now->rules[i]))                                                    \
            say(d, what, now->rules[i].name, "changed");                                           \
    }                                                                                              \
    for (size_t i = 0; i < was->count; i++) {                                                      \
        if (!find(now, &was->rules[i]))                                                            \
            say(d, what, was->rules[i].name, "gone");                                              \
    }

static void diff_rules(struct diff *d, const struct contract *was, const struct contract *now) {
    DIFF("clock", clocks, clock_count, clock_rule, find_clock, same_clock)
    DIFF("objective", objectives, objective_count, objective, find_objective, same_objective)
    DIFF("demand rule", demands, demand_count, demand_rule, find_demand, same_demand)
}

static bool same_statuses(const struct contract *a, const struct contract *b) {
    bool same = a->status_count == b->status_count;
    for (size_t i = 0; same && i < a->status_count; i++)
        same = a->statuses[i].status == b->statuses[i].status &&
               slice_equal(a->statuses[i].word, b->statuses[i].word);
    return same;
}

static bool same_noise(const struct contract *a, const struct contract *b) {
    return a->quiet_ms == b->quiet_ms && a->clear_hold_ms == b->clear_hold_ms &&
           a->items_per_minute == b->items_per_minute && a->pages_per_hour == b->pages_per_hour &&
           a->roll_up_share == b->roll_up_share && a->roll_up_children == b->roll_up_children;
}

static void diff_settings(struct diff *d, const struct contract *was, const struct contract *now) {
    const struct slice none = {NULL, 0};
    if (!slice_equal(was->zone.name, now->zone.name))
        say(d, "timezone", none, "changed");
    if (was->week_starts != now->week_starts)
        say(d, "week_starts", none, "changed");
    if (was->short_abandon_ms != now->short_abandon_ms)
        say(d, "short_abandon", none, "changed");
    if (!same_statuses(was, now))
        say(d, "statuses", none, "changed");
    if (memcmp(was->ageing_ms, now->ageing_ms, sizeof(was->ageing_ms)) != 0)
        say(d, "ageing", none, "changed");
    if (!same_noise(was, now))
        say(d, "alerts", none, "changed");
    if (was->feed_silent_after_ms != now->feed_silent_after_ms ||
        was->feed_skewed_after_ms != now->feed_skewed_after_ms ||
        was->feed_refused_above != now->feed_refused_above)
        say(d, "feeds", none, "changed");
}

/* What is told of a clock names its contract. */
static bool same_clocks(const struct contract *a, const struct contract *b) {
    bool same = a->clock_count == b->clock_count;
    if (same && a->clock_count > 0)
        same = slice_equal(a->name, b->name) && a->version == b->version;
    for (size_t i = 0; same && i < a->clock_count; i++)
        same = slice_equal(a->clocks[i].name, b->clocks[i].name) &&
               same_clock(&a->clocks[i], &b->clocks[i]);
    return same;
}

static bool counts_alike(const struct contract *a, const struct contract *b) {
    return slice_equal(a->tenant, b->tenant) && a->effective_at == b->effective_at &&
           slice_equal(a->zone.name, b->zone.name) && a->short_abandon_ms == b->short_abandon_ms &&
           memcmp(a->ageing_ms, b->ageing_ms, sizeof(a->ageing_ms)) == 0 && same_statuses(a, b) &&
           same_clocks(a, b);
}

bool contract_set_counts_alike(const struct contract_set *a, const struct contract_set *b) {
    bool alike = a->count == b->count && counts_alike(&a->fallback, &b->fallback);
    for (size_t i = 0; alike && i < a->count; i++)
        alike = counts_alike(&a->contracts[i], &b->contracts[i]);
    return alike;
}

static void put_name(struct buf *b, const struct contract *c) {
    if (c->is_default)
        buf_put_format(b, "no contract");
    else
        buf_put_format(b, SLICE_FMT " version %" PRId32, SLICE_ARG(c->name), c->version);
}

void contract_diff(const struct contract *was, const struct contract *now, struct buf *b) {
    struct diff d = {.b = b};
    put_name(b, now);
    buf_put_format(b, " in place of ");
    put_name(b, was);
    diff_rules(&d, was, now);
    diff_settings(&d, was, now);
    if (d.count == 0)
        buf_put_format(b, ": nothing that is counted or judged changed");
    if (d.count > CONTRACT_DIFF_MAX)
        buf_put_format(b, ", and %zu more", d.count - CONTRACT_DIFF_MAX);
}
