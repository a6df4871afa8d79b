/* One partition of `tenants`: what is said there is passed on to the tenant's task, in order, and
 * its clock is one of those that a tenant's time waits for. A deterministic state machine
 * (DESIGN 2) that knows nothing else. */
#pragma once

#include "base/cursor.h"
#include "base/err.h"
#include "core/outbox.h"

struct relay_task_options {
    int64_t grace_ms;
};

struct relay_task; /* opaque */

struct relay_task *relay_task_new(const struct relay_task_options *options);
void relay_task_free(struct relay_task *t);

/* A command or a forecast, written at log_at; a command goes out with that, or with a newer one of
 * before. */
void relay_task_command(struct relay_task *t, int64_t log_at, const struct command *command,
                        struct outbox *out);
void relay_task_forecast(struct relay_task *t, int64_t log_at, const struct forecast *forecast,
                         struct outbox *out);

/* A record that says nothing but its log time. */
void relay_task_tick(struct relay_task *t, int64_t log_at);

/* One that cannot be used: a dead letter. */
void relay_task_reject(struct relay_task *t, const struct record_place *place,
                       enum dead_letter_reason reason, struct slice detail, struct outbox *out);

/* Nothing follows: the clock goes to final_clock. */
void relay_task_finish(struct relay_task *t, int64_t final_clock);

int64_t relay_task_clock(const struct relay_task *t);         /* INSTANT_NONE: no record yet */
int64_t relay_task_newest_log_at(const struct relay_task *t); /* INSTANT_NONE: no record yet */

void relay_task_save(const struct relay_task *t, struct buf *b);
MUST_USE bool relay_task_load(struct relay_task *t, struct slice bytes, struct err *err);
