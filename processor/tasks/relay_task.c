#include "tasks/relay_task.h"

#include <stdlib.h>

#include "base/check.h"

#define FORMAT 1

struct relay_task {
    struct relay_task_options options;
    int64_t clock, newest_log_at;
};

struct relay_task *relay_task_new(const struct relay_task_options *options) {
    struct relay_task *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    t->clock = t->newest_log_at = INSTANT_NONE;
    return t;
}

void relay_task_free(struct relay_task *t) {
    free(t);
}

void relay_task_tick(struct relay_task *t, int64_t log_at) {
    if (log_at > t->newest_log_at)
        t->newest_log_at = log_at;
    if (log_at - t->options.grace_ms > t->clock)
        t->clock = log_at - t->options.grace_ms;
}

void relay_task_command(struct relay_task *t, int64_t log_at, const struct command *command,
                        struct outbox *out) {
    struct command said = *command;
    relay_task_tick(t, log_at);
    said.log_at = t->newest_log_at;
    out->command(out->context, &said);
}

void relay_task_forecast(struct relay_task *t, int64_t log_at, const struct forecast *forecast,
                         struct outbox *out) {
    struct forecast said = *forecast;
    relay_task_tick(t, log_at);
    said.log_at = log_at;
    out->forecast(out->context, &said);
}

void relay_task_reject(struct relay_task *t, const struct record_place *place,
                       enum dead_letter_reason reason, struct slice detail, struct outbox *out) {
    relay_task_tick(t, place->log_at);
    struct dead_letter letter = dead_letter_of(place, reason, detail, t->clock);
    out->dead_letter(out->context, &letter);
}

void relay_task_finish(struct relay_task *t, int64_t final_clock) {
    if (final_clock > t->clock)
        t->clock = final_clock;
}

int64_t relay_task_clock(const struct relay_task *t) {
    return t->clock;
}

int64_t relay_task_newest_log_at(const struct relay_task *t) {
    return t->newest_log_at;
}

void relay_task_save(const struct relay_task *t, struct buf *b) {
    buf_put_u8(b, FORMAT);
    buf_put_zigzag(b, t->clock);
    buf_put_zigzag(b, t->newest_log_at);
}

bool relay_task_load(struct relay_task *t, struct slice bytes, struct err *err) {
    struct cursor c = cursor_of(bytes);
    uint8_t format = cursor_u8(&c);
    if (format != FORMAT)
        return err_set(err, "relay task: unknown format %u of the state", format);
    t->clock = cursor_zigzag(&c);
    t->newest_log_at = cursor_zigzag(&c);
    if (c.failed || cursor_left(&c) > 0)
        return err_set(err, "relay task: the state is not whole");
    return true;
}
