#include "core/judge.h"

#include "core/episode.h"
#include "core/summary.h"

static void put_scope(const struct scope *scope, struct alert *alert) {
    alert->vendor = scope->values[SCOPE_VENDOR];
    alert->site = scope->values[SCOPE_SITE];
    alert->queue = scope->values[SCOPE_QUEUE];
    alert->channel = scope->values[SCOPE_CHANNEL];
    alert->priority = scope->values[SCOPE_PRIORITY];
    alert->agent = scope->values[SCOPE_AGENT];
}

void judge_alert_init(const struct judge_context *ctx, enum alert_kind kind,
                      const struct scope *scope, struct alert *alert) {
    *alert = (struct alert){
        .kind = kind,
        .tenant = ctx->tenant,
        .contract = ctx->contract->name,
        .contract_version = ctx->contract->version,
        .condition_at = ctx->clock,
        .opened_at = ctx->clock,
        .resolved_at = ALERT_LONG_NONE,
        .deadline_at = ALERT_LONG_NONE,
        .window_start_at = ALERT_LONG_NONE,
        .window_end_at = ALERT_LONG_NONE,
        .observed = ALERT_DOUBLE_NONE,
        .threshold = ALERT_DOUBLE_NONE,
        .baseline = ALERT_DOUBLE_NONE,
        .numerator = ALERT_LONG_NONE,
        .denominator = ALERT_LONG_NONE,
        .sample = ALERT_LONG_NONE,
        .p_value = ALERT_DOUBLE_NONE,
        .low = ALERT_DOUBLE_NONE,
        .high = ALERT_DOUBLE_NONE,
        .remaining_ms = ALERT_LONG_NONE,
        .completeness = ctx->completeness,
    };
    if (scope)
        put_scope(scope, alert);
}

void judge_show(const struct judge_context *ctx, int64_t from_at, int64_t to_at,
                struct alert *alert) {
    if (ctx->evidence)
        ctx->evidence->fill(ctx->evidence->context, ctx, from_at, to_at, alert);
}

bool judge_is_late(const struct judge_context *ctx, int64_t condition_at) {
    return ctx->clock != INSTANT_NONE && condition_at < ctx->clock - ctx->max_alert_age_ms;
}

bool judge_notice_open(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                       const struct scope *scope, enum severity severity, int64_t at,
                       struct slice summary) {
    struct episode_name name = {.kind = kind, .rule = rule, .scope = scope};
    if (episode_find(ctx, &name, NULL))
        return true;
    struct alert alert;
    judge_alert_init(ctx, kind, scope, &alert);
    alert.severity = severity;
    alert.opened_at = alert.condition_at = at;
    alert.summary = summary;
    return episode_fire(ctx, &name, &alert);
}

void judge_notice_close(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                        const struct scope *scope, int64_t at) {
    struct episode_name name = {.kind = kind, .rule = rule, .scope = scope};
    if (episode_find(ctx, &name, NULL))
        episode_end(ctx, &name, TRANSITION_RESOLVED, at, NULL);
}

void judge_drop(const struct judge_context *ctx, const struct episode_name *name,
                enum transition end, int64_t at) {
    struct alert alert;
    if (!episode_find(ctx, name, &alert))
        return;
    struct buf summary;
    buf_init(&summary);
    summary_text(&summary, "The contract changed: \"");
    summary_slice(&summary, name->rule);
    summary_text(&summary, "\" is judged no more, or not as it was.");
    alert.summary = buf_slice(&summary);
    episode_end(ctx, name, end, at, &alert);
    buf_deinit(&summary);
}
