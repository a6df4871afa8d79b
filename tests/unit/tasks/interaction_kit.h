/* A task with an outbox that remembers, and events in one line: for the tests of interactions. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/contract.h"
#include "tasks/interaction_task.h"

#define T0 INT64_C(1700000000000) /* a multiple of the pane */
#define S SECOND_MS
#define KIT_TEXTS 256
#define KIT_CLOCKS 16

struct kit_texts {
    char *at[KIT_TEXTS];
    size_t count;
};

struct kit {
    struct contract contract;
    struct clock_rule clocks[KIT_CLOCKS];
    struct objective objectives[2];
    struct contract_set contracts;
    struct leaf_dict *leaves;
    struct interaction_task_options options;
    struct interaction_task *task;
    struct delta_table *deltas;
    struct outbox out;
    struct kit_texts facts;   /* "speed_of_answer 1 breached at=20 ..." */
    struct kit_texts letters; /* "impossible_move value=... detail" */
    uint64_t next_id;
    int64_t log_at; /* where the log has come */
};

static inline void kit_note(struct kit_texts *texts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void kit_note(struct kit_texts *texts, const char *format, ...) {
    va_list args;
    va_start(args, format);
    CHECK(texts->count < KIT_TEXTS);
    CHECK(vasprintf(&texts->at[texts->count++], format, args) >= 0);
    va_end(args);
}

static inline void kit_forget(struct kit_texts *texts) {
    while (texts->count > 0)
        free(texts->at[--texts->count]);
}

/* Instants in the texts are milliseconds after T0. */
static inline void kit_fact(void *context, const struct fact *f) {
    struct kit *k = context;
    char voided[32] = "";
    if (f->kind == FACT_VOIDED)
        snprintf(voided, sizeof(voided), " %s", fact_kind_name(f->voided_kind));
    kit_note(&k->facts, "%.*s %u %s%s at=%lld due=%lld elapsed=%lld", (int)f->rule.size, f->rule.at,
             f->instance, fact_kind_name(f->kind), voided, (long long)(f->at - T0),
             (long long)(f->deadline_at - T0), (long long)f->elapsed_ms);
}

static inline void kit_letter(void *context, const struct dead_letter *l) {
    struct kit *k = context;
    kit_note(&k->letters, "%s key=%.*s value=%.*s offset=%lld: %.*s",
             dead_letter_reason_name(l->reason), (int)l->place.key.size, l->place.key.at,
             (int)l->place.value.size, l->place.value.at, (long long)l->place.offset,
             (int)l->detail.size, l->detail.at);
}

static inline void kit_alert(void *context, const struct alert *alert) {
    (void)context, (void)alert;
    UNREACHABLE("a source task opens no alert");
}

static inline void kit_kpi(void *context, const struct kpi *kpi) {
    (void)context, (void)kpi;
    UNREACHABLE("a source task publishes no figure");
}

static inline void kit_clock(struct kit *k, const char *name, enum clock_kind kind,
                             uint32_t channels, uint32_t priorities, int64_t target_ms,
                             int64_t warn_ms) {
    struct clock_rule *c = &k->clocks[k->contract.clock_count++];
    *c = (struct clock_rule){.name = slice_of(name),
                             .kind = kind,
                             .when = {.channels = channels, .priorities = priorities},
                             .target_ms = target_ms,
                             .warnings = {{warn_ms}},
                             .warning_count = warn_ms > 0 ? 1 : 0};
}

/* Of mails and chats: the next reply in 30 s (high: 10 s), an update each minute, the customer's
 * wait and the work within 100 s. For a high priority only, resolved in 5 minutes. */
static inline void kit_conversation(struct kit *k) {
    uint32_t written = 1u << CHANNEL_EMAIL | 1u << CHANNEL_CHAT, chat = 1u << CHANNEL_CHAT;
    uint32_t pending = 1u << STATUS_PENDING_CUSTOMER, hold = 1u << STATUS_ON_HOLD;
    size_t first = k->contract.clock_count;
    kit_clock(k, "next-high", CLOCK_NEXT_REPLY, written, 1u << PRIORITY_HIGH, 10 * S, 0);
    kit_clock(k, "next", CLOCK_NEXT_REPLY, written, 1u << PRIORITY_NORMAL, 30 * S, 20 * S);
    kit_clock(k, "update", CLOCK_PERIODIC_UPDATE, written, 0, 60 * S, 45 * S);
    kit_clock(k, "wait", CLOCK_REQUESTER_WAIT, written, 0, 100 * S, 0);
    kit_clock(k, "work", CLOCK_AGENT_WORK, written, 0, 100 * S, 80 * S);
    kit_clock(k, "chat-solve", CLOCK_RESOLUTION, chat, 1u << PRIORITY_HIGH, 300 * S, 0);
    kit_clock(k, "chat-reply", CLOCK_FIRST_REPLY, chat, 0, 20 * S, 0);
    k->clocks[first + 3].pause_on = pending;
    k->clocks[first + 4].pause_on = pending | hold;
    k->clocks[first + 5].pause_on = pending;
    k->clocks[first + 6].on_reopen = ON_REOPEN_NEW;
}

static inline struct outbox kit_outbox(struct kit *k) {
    return (struct outbox){.context = k,
                           .deltas = k->deltas,
                           .fact = kit_fact,
                           .dead_letter = kit_letter,
                           .alert = kit_alert,
                           .kpi = kit_kpi};
}

/* Voice: answer in 20 s, warning at 15 s. Mail: reply in 4 h (urgent: 1 h), resolve in 24 h,
 * paused while the customer is asked. Thresholds: 20 s and 30 s. */
static inline void kit_init(struct kit *k) {
    *k = (struct kit){0};
    contract_init_default(&k->contract);
    k->contract.name = SLICE("acme-support");
    k->contract.tenant = SLICE("acme");
    k->contract.version = 3;
    k->contract.short_abandon_ms = 5 * S;
    k->contract.clocks = k->clocks;
    uint32_t voice = 1u << CHANNEL_VOICE, mail = 1u << CHANNEL_EMAIL;
    kit_clock(k, "answer", CLOCK_SPEED_OF_ANSWER, voice, 0, 20 * S, 15 * S);
    kit_clock(k, "urgent", CLOCK_FIRST_REPLY, mail, 1u << PRIORITY_URGENT, HOUR_MS, 0);
    kit_clock(k, "reply", CLOCK_FIRST_REPLY, mail, 0, 4 * HOUR_MS, 3 * HOUR_MS);
    kit_clock(k, "solve", CLOCK_RESOLUTION, mail, 0, 24 * HOUR_MS, 0);
    k->clocks[3].pause_on = 1u << STATUS_PENDING_CUSTOMER;
    for (size_t i = 0; i < 2; i++) {
        k->objectives[i] = (struct objective){.name = SLICE("level"),
                                              .metric = METRIC_SERVICE_LEVEL,
                                              .within_ms = i == 0 ? 20 * S : 30 * S};
    }
    k->contract.objectives = k->objectives;
    k->contract.objective_count = 2;
    k->contracts = (struct contract_set){.contracts = &k->contract, .count = 1};
    contract_init_default(&k->contracts.fallback);
    k->leaves = leaf_dict_new(&k->contracts, 20000);
    k->options = (struct interaction_task_options){.grace_ms = 500,
                                                   .reorder_ms = 5 * MINUTE_MS,
                                                   .lateness_ms = DAY_MS,
                                                   .max_skew_ms = MINUTE_MS,
                                                   .open_limit = 100000,
                                                   .leaves = k->leaves,
                                                   .contracts = &k->contracts};
    k->task = interaction_task_new(&k->options);
    k->deltas = delta_table_new();
    k->out = kit_outbox(k);
    k->log_at = T0;
}

static inline void kit_deinit(struct kit *k) {
    interaction_task_free(k->task);
    delta_table_free(k->deltas);
    leaf_dict_free(k->leaves);
    kit_forget(&k->facts);
    kit_forget(&k->letters);
}

static inline int kit_setup(void **state) {
    struct kit *k = calloc(1, sizeof(*k));
    CHECK(k);
    kit_init(k);
    *state = k;
    return 0;
}

static inline int kit_teardown(void **state) {
    kit_deinit(*state);
    free(*state);
    return 0;
}

/* A voice event of interaction "i" at T0 + after_ms with an id of its own. */
static inline struct event kit_event(enum event_type type, int64_t after_ms) {
    return (struct event){.tenant = SLICE("acme"),
                          .site = SLICE("main"),
                          .source = SLICE("pbx"),
                          .interaction_id = SLICE("i"),
                          .queue = SLICE("sales"),
                          .event_at = T0 + after_ms,
                          .emitted_at = EVENT_ABSENT,
                          .source_seq = EVENT_ABSENT,
                          .queue_wait_ms = EVENT_ABSENT,
                          .talk_ms = EVENT_ABSENT,
                          .hold_ms = EVENT_ABSENT,
                          .wrap_ms = EVENT_ABSENT,
                          .type = (uint8_t)type,
                          .channel = CHANNEL_VOICE,
                          .priority = PRIORITY_NORMAL,
                          .direction = DIRECTION_INBOUND,
                          .is_public = true,
                          .resolved = -1};
}

/* As it comes from a decoder, which refuses what is not valid. */
static inline void kit_decoded(struct kit *k, const struct record_place *place,
                               const struct event *ev) {
    struct err err;
    if (event_is_valid(ev, &err))
        interaction_task_apply(k->task, place, ev, &k->out);
    else
        interaction_task_reject(k->task, place, &(struct record_sender){ev->tenant, ev->site},
                                DEAD_INVALID, slice_of(err.text), &k->out);
}

/* Appends the event to the log at T0 + log_after_ms. */
static inline void kit_apply_at(struct kit *k, struct event ev, int64_t log_after_ms) {
    char id[32];
    if (ev.event_id.size == 0) {
        snprintf(id, sizeof(id), "e%llu", (unsigned long long)++k->next_id);
        ev.event_id = slice_of(id);
    }
    k->log_at = T0 + log_after_ms;
    struct record_place place = {.topic = SLICE("interactions"),
                                 .offset = (int64_t)k->next_id,
                                 .log_at = k->log_at,
                                 .key = ev.interaction_id,
                                 .value = SLICE("bytes"),
                                 .schema_id = 7};
    kit_decoded(k, &place, &ev);
}

/* The log stands still, or at the event where that is later. */
static inline void kit_apply(struct kit *k, struct event ev) {
    int64_t after_ms = (k->log_at > ev.event_at ? k->log_at : ev.event_at) - T0;
    kit_apply_at(k, ev, after_ms);
}

static inline void kit_say(struct kit *k, enum event_type type, int64_t after_ms) {
    kit_apply(k, kit_event(type, after_ms));
}

/* Time passes to T0 + after_ms on the task's clock. */
static inline void kit_tick(struct kit *k, int64_t after_ms) {
    k->log_at = T0 + after_ms + k->options.grace_ms;
    interaction_task_tick(k->task, k->log_at, &k->out);
}

/* The task goes through bytes. */
static inline void kit_reload(struct kit *k) {
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    interaction_task_save(k->task, &bytes);
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    assert_true(interaction_task_load(k->task, buf_slice(&bytes), &err));
    buf_deinit(&bytes);
}

/* Over all panes; or in the pane of T0 + after_ms. */
#define KIT_ALL INT64_MIN
static inline int64_t kit_count(const struct kit *k, enum counter c, int64_t after_ms) {
    int64_t sum = 0;
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        if (after_ms == KIT_ALL || row->pane_at == instant_floor(T0 + after_ms, DELTA_PANE_MS))
            sum += row->counters[c];
    }
    return sum;
}

static inline int64_t kit_level(const struct kit *k, enum attribution by, size_t threshold,
                                enum level_counter c, int64_t after_ms) {
    int64_t sum = 0;
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        if (after_ms == KIT_ALL || row->pane_at == instant_floor(T0 + after_ms, DELTA_PANE_MS))
            sum += row->levels[by][threshold][c];
    }
    return sum;
}

static inline int64_t kit_samples(const struct kit *k, enum histogram_id h) {
    size_t count;
    const struct delta_sample *samples = delta_table_samples(k->deltas, &count);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += samples[i].histogram == h ? samples[i].count : 0;
    return sum;
}

#define ALL(k, c) kit_count(k, COUNTER_##c, KIT_ALL)
#define PANE(k, c, after_ms) kit_count(k, COUNTER_##c, after_ms)
#define LEVEL(k, t, c) kit_level(k, BY_EVENT, t, LEVEL_##c, KIT_ALL)
#define LEVEL_PANE(k, t, c, after_ms) kit_level(k, BY_EVENT, t, LEVEL_##c, after_ms)

static inline void kit_expect_facts(struct kit *k, size_t count, ...) {
    va_list args;
    va_start(args, count);
    for (size_t i = 0; i < count; i++) {
        const char *expected = va_arg(args, const char *);
        assert_string_equal(i < k->facts.count ? k->facts.at[i] : "(no more facts)", expected);
    }
    va_end(args);
    if (k->facts.count > count)
        fail_msg("one fact more than expected: %s", k->facts.at[count]);
    kit_forget(&k->facts);
}
