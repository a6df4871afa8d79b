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

int64_t clock_elapsed_ms(const struct clock *c, const struct clock_rule *rule, int64_t at) {
    if (c->state != CLOCK_RUNNING)
        return c->elapsed_ms;
    return c->elapsed_ms + calendar_open_ms(rule->calendar, c->since_at, at);
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
    CHECK(c->state == CLOCK_RUNNING || c->state == CLOCK_PAUSED);
    stand(c, rule, at, CLOCK_ENDED);
}

void clock_continue(struct clock *c, int64_t at) {
    CHECK(c->state == CLOCK_ENDED);
    c->started_at = at;
    c->since_at = at;
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

int64_t clock_deadline_at(const struct clock *c, const struct clock_rule *rule) {
    return c->state == CLOCK_RUNNING ? instant_of(c, rule, rule->target_ms) : INSTANT_MAX;
}

int64_t clock_next_at(const struct clock *c, const struct clock_rule *rule) {
    if (c->state != CLOCK_RUNNING || c->breach_at != INSTANT_NONE)
        return INSTANT_MAX;
    int64_t next_ms = rule->target_ms;
    if (c->warned < rule->warning_count && rule->warnings[c->warned].elapsed_ms < next_ms)
        next_ms = rule->warnings[c->warned].elapsed_ms;
    return instant_of(c, rule, next_ms);
}

bool clock_pass_warnings(struct clock *c, const struct clock_rule *rule, int64_t at) {
    bool passed = false;
    while (c->warned < rule->warning_count) {
        int64_t elapsed_ms = rule->warnings[c->warned].elapsed_ms;
        if (elapsed_ms >= rule->target_ms || instant_of(c, rule, elapsed_ms) > at)
            break;
        c->warned++;
        passed = true;
    }
    if (passed && c->risk_at == INSTANT_NONE)
        c->risk_at = at;
    return passed;
}
