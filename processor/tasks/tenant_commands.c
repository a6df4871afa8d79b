#include "tasks/tenant_commands.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/command.h"
#include "tasks/tenant_audit.h"

static void put_text(struct buf *b, const char *label, struct slice text) {
    if (text.size > 0)
        buf_put_format(b, "; %s " SLICE_FMT, label, SLICE_ARG(text));
}

static void put_time(struct buf *b, const char *label, int64_t at) {
    char text[32];
    if (at == INSTANT_NONE)
        return;
    instant_format(at, text);
    buf_put_format(b, "; %s %s", label, text);
}

static void put_detail(struct buf *b, const struct command *c, enum command_result result) {
    buf_put_format(b, "%s of alert ", command_op_name((enum command_op)c->op));
    buf_put_format(b, SLICE_FMT, SLICE_ARG(c->alert_id.size > 0 ? c->alert_id : c->alert_key));
    buf_put_format(b, ": %s", command_result_name(result));
    put_text(b, "command", c->command_id);
    put_text(b, "to", c->assignee);
    put_text(b, "note", c->note_code);
    put_time(b, "until", c->until_at);
    put_time(b, "issued", c->issued_at);
    if (c->seq > 0)
        buf_put_format(b, "; having seen %lld", (long long)c->seq);
}

static bool is_refused(enum command_result result) {
    return result != COMMAND_RESULT_DONE && result != COMMAND_RESULT_NO_EFFECT;
}

/* "duty-manager/3f9a": who; empty parts are left out. */
static void put_actor(struct buf *b, const struct command *c) {
    buf_put_format(b, SLICE_FMT, SLICE_ARG(c->actor_role));
    if (c->actor_key.size > 0)
        buf_put_format(b, "/" SLICE_FMT, SLICE_ARG(c->actor_key));
    if (b->size == 0)
        buf_put_format(b, "unknown");
}

static void tell(struct tenant_task *t, struct tenant *tenant, const struct command *c,
                 enum command_result result) {
    struct buf actor, action, detail;
    buf_init(&actor);
    buf_init(&action);
    buf_init(&detail);
    put_actor(&actor, c);
    buf_put_format(&action, "alert_%s%s", command_op_name((enum command_op)c->op),
                   is_refused(result) ? "_refused" : "");
    put_detail(&detail, c, result);
    struct audit a = {.tenant = tenant->name,
                      .at = c->log_at,
                      .actor = buf_slice(&actor),
                      .action = buf_slice(&action),
                      .object = c->alert_id.size > 0 ? c->alert_id : c->alert_key,
                      .contract_version = tenant->contract->version,
                      .detail = buf_slice(&detail)};
    tenant_audit_say(t, tenant, &a);
    buf_deinit(&actor);
    buf_deinit(&action);
    buf_deinit(&detail);
}

static void count(struct tenant_task_counts *counts, const struct command *c,
                  enum command_result result) {
    counts->commands++;
    counts->commands_repeated += result == COMMAND_RESULT_REPEATED;
    counts->commands_stale += result == COMMAND_RESULT_STALE;
    counts->commands_refused += is_refused(result) && result != COMMAND_RESULT_REPEATED;
    if (result != COMMAND_RESULT_DONE)
        return;
    counts->feedback_true += c->op == COMMAND_FEEDBACK_TRUE;
    counts->feedback_false += c->op == COMMAND_FEEDBACK_FALSE;
}

/* A tenant of which nothing has been heard has no alerts, and no trail. */
static void apply(struct tenant_task *t, const struct command *c) {
    struct tenant *tenant = tenant_state_find(t, c->tenant);
    enum command_result result = COMMAND_RESULT_NOT_OPEN;
    if (tenant) {
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        if (ctx.clock == INSTANT_NONE)
            ctx.clock = c->log_at;
        episode_book_pass(&ctx, c->log_at < t->clock ? c->log_at : t->clock);
        result = episode_command(&ctx, c);
        tenant->due_at = INSTANT_NONE;
    }
    count(&t->counts, c, result);
    if (tenant && result != COMMAND_RESULT_REPEATED)
        tell(t, tenant, c, result);
}

#define SLICES(X)                                                                                  \
    X(tenant)                                                                                      \
    X(command_id) X(alert_id) X(alert_key) X(actor_role) X(actor_key) X(assignee) X(note_code)
#define LONGS(X) X(until_at) X(issued_at) X(seq) X(log_at)

static void pack(const struct command *c, struct buf *b) {
#define PUT_SLICE(field) buf_put_slice(b, c->field);
#define PUT_LONG(field) buf_put_zigzag(b, c->field);
    buf_put_u8(b, c->op);
    SLICES(PUT_SLICE)
    LONGS(PUT_LONG)
}

static bool unpack(struct slice bytes, struct command *command) {
    struct cursor in = cursor_of(bytes), *c = &in;
    *command = (struct command){.op = cursor_u8(c)};
#define GET_SLICE(field) command->field = cursor_slice(c);
#define GET_LONG(field) command->field = cursor_zigzag(c);
    SLICES(GET_SLICE)
    LONGS(GET_LONG)
    return !c->failed && cursor_left(c) == 0 && command->op < COMMAND_OP_COUNT;
}

/* Applies the first of those that wait. */
static void apply_first(struct tenant_task *t) {
    struct tenant_waiting *w = &t->waiting;
    struct slice bytes = w->first[0].bytes;
    struct command command;
    CHECK(unpack(bytes, &command));
    w->count--;
    memmove(w->first, w->first + 1, w->count * sizeof(*w->first));
    apply(t, &command);
    free((void *)(uintptr_t)bytes.at);
}

/* Behind those of the same instant: they came before it. */
static void insert(struct tenant_waiting *w, int64_t at, struct slice bytes) {
    if (!w->first) {
        w->first = calloc(TENANT_COMMANDS_MAX, sizeof(*w->first));
        CHECK(w->first);
    }
    size_t place = w->count++;
    for (; place > 0 && w->first[place - 1].at > at; place--)
        w->first[place] = w->first[place - 1];
    w->first[place] = (struct tenant_waits){at, slice_copy(bytes)};
}

void tenant_commands_hear(struct tenant_task *t, const struct command *c) {
    struct buf b;
    if (t->waiting.count == TENANT_COMMANDS_MAX) {
        t->counts.commands_early++;
        apply_first(t);
    }
    buf_init(&b);
    pack(c, &b);
    insert(&t->waiting, c->log_at, buf_slice(&b));
    buf_deinit(&b);
}

bool tenant_commands_pass(struct tenant_task *t, int64_t until_at) {
    bool any = false;
    for (; t->waiting.count > 0 && t->waiting.first[0].at <= until_at; any = true)
        apply_first(t);
    return any;
}

void tenant_commands_deinit(struct tenant_waiting *w) {
    for (size_t i = 0; i < w->count; i++)
        free((void *)(uintptr_t)w->first[i].bytes.at);
    free(w->first);
    *w = (struct tenant_waiting){0};
}

void tenant_commands_save(const struct tenant_waiting *w, struct buf *b) {
    buf_put_varint(b, w->count);
    for (size_t i = 0; i < w->count; i++)
        buf_put_slice(b, w->first[i].bytes);
}

bool tenant_commands_load(struct tenant_waiting *w, struct cursor *c, struct err *err) {
    uint64_t count = cursor_varint(c);
    if (count > TENANT_COMMANDS_MAX)
        return err_set(err, "%llu commands wait for their time; at most %d can",
                       (unsigned long long)count, TENANT_COMMANDS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        struct slice bytes = cursor_slice(c);
        struct command command;
        if (c->failed || !unpack(bytes, &command))
            return err_set(err, "command %llu of %llu that wait for their time is damaged",
                           (unsigned long long)i + 1, (unsigned long long)count);
        insert(w, command.log_at, bytes);
    }
    return true;
}
