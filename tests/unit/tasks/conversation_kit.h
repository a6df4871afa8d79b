/* A conversation by mail in a few words, and contracts of one clock: for the tests of turns and
 * reopenings. */
#pragma once

#include "tasks/interaction_kit.h"

#define M MINUTE_MS
#define H HOUR_MS
#define PENDING (1u << STATUS_PENDING_CUSTOMER)
#define ON_HOLD (1u << STATUS_ON_HOLD)

static inline void say_mail(struct kit *k, enum event_type type, int64_t after_ms) {
    struct event ev = kit_event(type, after_ms);
    ev.channel = CHANNEL_EMAIL;
    kit_apply(k, ev);
}

static inline void write_as(struct kit *k, enum author author, int64_t after_ms) {
    struct event ev = kit_event(EVENT_AGENT_MESSAGE, after_ms);
    ev.channel = CHANNEL_EMAIL;
    ev.author = (uint8_t)author;
    kit_apply(k, ev);
}

static inline void ask(struct kit *k, int64_t after_ms) {
    say_mail(k, EVENT_CUSTOMER_MESSAGE, after_ms);
}

static inline void reply(struct kit *k, int64_t after_ms) {
    write_as(k, AUTHOR_AGENT, after_ms);
}

static inline void set_status(struct kit *k, const char *status, int64_t after_ms) {
    struct event ev = kit_event(EVENT_STATUS_CHANGED, after_ms);
    ev.channel = CHANNEL_EMAIL;
    ev.status = slice_of(status);
    kit_apply(k, ev);
}

static inline void set_priority(struct kit *k, enum priority priority, int64_t after_ms) {
    struct event ev = kit_event(EVENT_PRIORITY_CHANGED, after_ms);
    ev.channel = CHANNEL_EMAIL;
    ev.priority = (uint8_t)priority;
    kit_apply(k, ev);
}

static inline void queue_in(struct kit *k, const char *queue, int64_t after_ms) {
    struct event ev = kit_event(EVENT_QUEUED, after_ms);
    ev.channel = CHANNEL_EMAIL;
    ev.queue = slice_of(queue);
    kit_apply(k, ev);
}

/* One more clock of mails, as the contract's file has it where nothing but the target is said. */
static inline struct clock_rule *add(struct kit *k, const char *name, enum clock_kind kind,
                                     int64_t target_ms) {
    kit_clock(k, name, kind, 1u << CHANNEL_EMAIL, 0, target_ms, 0);
    struct clock_rule *rule = &k->clocks[k->contract.clock_count - 1];
    if (kind == CLOCK_RESOLUTION || kind == CLOCK_REQUESTER_WAIT)
        rule->pause_on = PENDING;
    if (kind == CLOCK_AGENT_WORK)
        rule->pause_on = PENDING | ON_HOLD;
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    return rule;
}

static inline struct clock_rule *only(struct kit *k, enum clock_kind kind, int64_t target_ms) {
    k->contract.clock_count = 0;
    return add(k, "it", kind, target_ms);
}

static inline void expect_verdicts(struct kit *k, int64_t met, int64_t missed) {
    assert_int_equal(ALL(k, CLOCKS_MET), met);
    assert_int_equal(ALL(k, CLOCKS_MISSED), missed);
}

static inline void expect_breach(struct kit *k, const char *rule, uint32_t instance,
                                 int64_t after_ms, int64_t elapsed_ms) {
    char text[128];
    snprintf(text, sizeof(text), "%s %u breached at=%lld due=%lld elapsed=%lld", rule, instance,
             (long long)after_ms, (long long)after_ms, (long long)elapsed_ms);
    kit_tick(k, after_ms);
    kit_expect_facts(k, 0);
    kit_tick(k, after_ms + 1);
    kit_expect_facts(k, 1, text);
}
