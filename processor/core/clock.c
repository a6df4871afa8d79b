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

int64_t clock_elapsed_ms(const struct clock *c, int64_t at) {
    if (c->state != CLOCK_RUNNING || at <= c->since_at)
        return c->elapsed_ms;
    return c->elapsed_ms + (at - c->since_at);
}

static void stand(struct clock *c, int64_t at, enum clock_state state) {
    c->elapsed_ms = clock_elapsed_ms(c, at);
    c->since_at = INSTANT_NONE;
    c->state = (uint8_t)state;
}

void clock_pause(struct clock *c, int64_t at) {
    if (c->state == CLOCK_RUNNING)
        stand(c, at, CLOCK_PAUSED);
}

void clock_resume(struct clock *c, int64_t at) {
    if (c->state != CLOCK_PAUSED)
        return;
    c->since_at = at;
    c->state = CLOCK_RUNNING;
}

void clock_end(struct clock *c, int64_t at) {
    CHECK(c->state == CLOCK_RUNNING || c->state == CLOCK_PAUSED);
    stand(c, at, CLOCK_ENDED);
}

void clock_continue(struct clock *c, int64_t at) {
    CHECK(c->state == CLOCK_ENDED);
    c->started_at = at;
    c->since_at = at;
    c->state = CLOCK_RUNNING;
    c->instance++;
}

void clock_retarget(struct clock *c, uint16_t rule, int64_t at) {
    CHECK(rule != CLOCK_NO_RULE);
    if (c->state == CLOCK_RUNNING) {
        c->elapsed_ms = clock_elapsed_ms(c, at);
        c->since_at = at;
    }
    c->rule = rule;
    c->risk_at = INSTANT_NONE;
    c->breach_at = INSTANT_NONE;
    c->warned = 0;
}

/* When this much has elapsed, but not before the clock last began to run: a rule that comes late
 * finds its warnings passed. */
static int64_t instant_of(const struct clock *c, int64_t elapsed_ms) {
    int64_t rest_ms = elapsed_ms - c->elapsed_ms;
    return rest_ms > 0 ? c->since_at + rest_ms : c->since_at;
}

int64_t clock_deadline_at(const struct clock *c, const struct clock_rule *rule) {
    return c->state == CLOCK_RUNNING ? instant_of(c, rule->target_ms) : INSTANT_MAX;
}

int64_t clock_next_at(const struct clock *c, const struct clock_rule *rule) {
    if (c->state != CLOCK_RUNNING || c->breach_at != INSTANT_NONE)
        return INSTANT_MAX;
    int64_t next_ms = rule->target_ms;
    if (c->warned < rule->warning_count && rule->warnings[c->warned].elapsed_ms < next_ms)
        next_ms = rule->warnings[c->warned].elapsed_ms;
    return instant_of(c, next_ms);
}

bool clock_pass_warnings(struct clock *c, const struct clock_rule *rule, int64_t at) {
    bool passed = false;
    while (c->warned < rule->warning_count) {
        int64_t elapsed_ms = rule->warnings[c->warned].elapsed_ms;
        if (elapsed_ms >= rule->target_ms || instant_of(c, elapsed_ms) > at)
            break;
        c->warned++;
        passed = true;
    }
    if (passed && c->risk_at == INSTANT_NONE)
        c->risk_at = at;
    return passed;
}
