#include "tasks/tenant_commands.h"

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
void tenant_commands_apply(struct tenant_task *t, const struct command *c) {
    struct tenant *tenant = tenant_state_find(t, c->tenant);
    enum command_result result = COMMAND_RESULT_NOT_OPEN;
    if (tenant) {
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        if (ctx.clock == INSTANT_NONE)
            ctx.clock = c->log_at;
        result = episode_command(&ctx, c);
        tenant->due_at = INSTANT_NONE;
    }
    count(&t->counts, c, result);
    if (tenant && result != COMMAND_RESULT_REPEATED)
        tell(t, tenant, c, result);
}
