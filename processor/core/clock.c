#include "core/clock.h"

#include "base/check.h"

void clock_begin(struct clock *c, uint16_t rule, int64_t at, uint32_t instance) {
    CHECK(rule != CLOCK_NO_RULE);
    *c = (struct clock){.started_at = at,
                        .since_at = at,
                        .risk_at = INSTANT_NONE,
                        .breach_at = INSTANT_NONE,
                        .instance = instance,
                        .rule = rule,
                        .state = CLOCK_RUNNING};
}

void clock_hush(struct clock *c) {
    c->warned = CLOCK_SILENT;
    c->risk_at = INSTANT_NONE;
    c->breach_at = INSTANT_NONE;
}

void clock_forget(struct clock *c) {
    *c = (struct clock){.started_at = c->started_at,
                        .since_at = INSTANT_NONE,
                        .risk_at = INSTANT_NONE,
                        .breach_at = INSTANT_NONE,
                        .instance = c->instance};
}

int64_t clock_elapsed_ms(const struct clock *c, const struct clock_rule *rule, int64_t at) {
    if (c->state != CLOCK_RUNNING)
        return c->elapsed_ms;
    return c->elapsed_ms + calendar_open_ms(rule->calendar, c->since_at, at);
}

int64_t clock_target_ms(const struct clock_rule *rule, int64_t started_at) {
    if (!rule->days)
        return rule->target_ms;
    int64_t due_at = calendar_days_after(rule->calendar, started_at, rule->days->count);
    return calendar_open_ms(rule->calendar, started_at, due_at);
}

/* What has elapsed when the clock's next warning is due. It is not before those that passed. */
static int64_t warning_ms(const struct clock *c, const struct clock_rule *rule, int64_t target_ms) {
    const struct clock_days *days = rule->days;
    int64_t latest_ms = 0;
    if (!days)
        return rule->warnings[c->warned].elapsed_ms;
    for (size_t w = 0; w <= c->warned; w++) {
        int64_t elapsed_ms = days->warnings[w].share > 0
                                 ? (int64_t)(days->warnings[w].share * (double)target_ms)
                                 : target_ms - days->warnings[w].left_ms;
        latest_ms = elapsed_ms > latest_ms ? elapsed_ms : latest_ms;
    }
    return latest_ms;
}

static bool same_days(const struct clock_days *a, const struct clock_days *b, size_t warnings) {
    if (!a || !b)
        return a == b;
    for (size_t w = 0; w < warnings; w++)
        if (a->warnings[w].share != b->warnings[w].share ||
            a->warnings[w].left_ms != b->warnings[w].left_ms)
            return false;
    return a->count == b->count;
}

bool clock_same_terms(const struct clock_rule *a, const struct clock_rule *b) {
    if (a->target_ms != b->target_ms || a->warning_count != b->warning_count)
        return false;
    for (size_t w = 0; w < a->warning_count; w++)
        if (a->warnings[w].elapsed_ms != b->warnings[w].elapsed_ms)
            return false;
    return same_days(a->days, b->days, a->warning_count);
}

static void stand(struct clock *c, const struct clock_rule *rule, int64_t at,
                  enum clock_state state) {
    c->elapsed_ms = clock_elapsed_ms(c, rule, at);
    c->since_at = INSTANT_NONE;
    c->state = (uint8_t)state;
}

void clock_pause(struct clock *c, const struct clock_rule *rule, int64_t at) {
    if (c->state == CLOCK_RUNNING)
        stand(c, rule, at, CLOCK_PAUSED);
}

void clock_resume(struct clock *c, int64_t at) {
    if (c->state != CLOCK_PAUSED)
        return;
    c->since_at = at;
    c->state = CLOCK_RUNNING;
}

void clock_end(struct clock *c, const struct clock_rule *rule, int64_t at) {
    CHECK(clock_is_on(c));
    stand(c, rule, at, CLOCK_ENDED);
}

void clock_continue(struct clock *c, int64_t at) {
    CHECK(c->state == CLOCK_ENDED);
    c->started_at = at;
    c->since_at = at;
    c->risk_at = INSTANT_NONE;
    c->state = CLOCK_RUNNING;
    c->instance++;
}

/* What has elapsed at `at`, as the rule `to` would have counted it. */
static int64_t elapsed_under(const struct clock *c, const struct clock_rule *from,
                             const struct clock_rule *to, int64_t at) {
    int64_t elapsed_ms = clock_elapsed_ms(c, from, at);
    bool never_paused = elapsed_ms == calendar_open_ms(from->calendar, c->started_at, at);
    if (from->calendar == to->calendar || !never_paused)
        return elapsed_ms;
    return calendar_open_ms(to->calendar, c->started_at, at);
}

void clock_retarget(struct clock *c, const struct clock_rule *from, const struct clock_rule *to,
                    uint16_t rule, int64_t at) {
    CHECK(rule != CLOCK_NO_RULE);
    if (c->state == CLOCK_RUNNING) {
        c->elapsed_ms = elapsed_under(c, from, to, at);
        c->since_at = at;
    }
    c->rule = rule;
    c->risk_at = INSTANT_NONE;
    c->breach_at = INSTANT_NONE;
    c->warned = 0;
}

/* When this much has elapsed, but not before the clock last began to run: a rule that comes late
 * finds its warnings passed. */
static int64_t instant_of(const struct clock *c, const struct clock_rule *rule,
                          int64_t elapsed_ms) {
    return calendar_after(rule->calendar, c->since_at, elapsed_ms - c->elapsed_ms);
}

/* The same local time of the day on which the target ends, which no opening hours need to contain;
 * put off by pauses it is the end of that much open time, and an opening rather than a closing. */
static int64_t days_deadline(const struct clock *c, const struct clock_rule *rule) {
    const struct calendar *hours = rule->calendar;
    int64_t due_at = calendar_days_after(hours, c->started_at, rule->days->count);
    if (due_at == INSTANT_MAX)
        return INSTANT_MAX;
    int64_t left_ms = calendar_open_ms(hours, c->started_at, due_at) - c->elapsed_ms;
    int64_t first_at = calendar_after(hours, c->since_at, left_ms);
    int64_t last_at = left_ms < 0 ? first_at : calendar_opens_at(hours, first_at);
    if (due_at >= first_at && due_at <= last_at)
        return due_at;
    return left_ms > 0 ? last_at : first_at;
}

int64_t clock_deadline_at(const struct clock *c, const struct clock_rule *rule) {
    if (c->state != CLOCK_RUNNING)
        return INSTANT_MAX;
    return rule->days ? days_deadline(c, rule) : instant_of(c, rule, rule->target_ms);
}

int64_t clock_next_at(const struct clock *c, const struct clock_rule *rule) {
    if (c->state != CLOCK_RUNNING || c->breach_at != INSTANT_NONE || clock_is_silent(c))
        return INSTANT_MAX;
    if (c->warned >= rule->warning_count)
        return clock_deadline_at(c, rule);
    int64_t target_ms = clock_target_ms(rule, c->started_at);
    int64_t elapsed_ms = warning_ms(c, rule, target_ms);
    return elapsed_ms >= target_ms ? clock_deadline_at(c, rule) : instant_of(c, rule, elapsed_ms);
}

bool clock_pass_warnings(struct clock *c, const struct clock_rule *rule, int64_t at) {
    bool passed = false;
    int64_t target_ms = clock_target_ms(rule, c->started_at);
    while (c->warned < rule->warning_count) {
        int64_t elapsed_ms = warning_ms(c, rule, target_ms);
        if (elapsed_ms >= target_ms || instant_of(c, rule, elapsed_ms) > at)
            break;
        c->warned++;
        passed = true;
    }
    if (passed && c->risk_at == INSTANT_NONE)
        c->risk_at = at;
    return passed;
}
