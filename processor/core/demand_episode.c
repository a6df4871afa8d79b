#include "core/demand_episode.h"

#include <math.h>

#include "core/episode.h"
#include "core/summary.h"

/* "61 contacts came to queue billing in 15 min where 22 are usual" */
static void put_counts(struct buf *b, const struct scope *scope, const struct finding *f) {
    summary_count(b, f->count);
    summary_text(b, f->count == 1 ? " contact came to " : " contacts came to ");
    summary_scope(b, scope);
    summary_text(b, " in ");
    summary_duration(b, f->to_at - f->from_at);
    summary_text(b, " where ");
    summary_number(b, f->expected.mean);
    if (f->from_contract)
        summary_text(b, " are expected by the contract");
    else if (f->expected.kind == BASELINE_DAYS)
        summary_text(b, " came on the busiest day so far");
    else if (f->expected.kind == BASELINE_PLAN)
        summary_text(b, " are forecast");
    else
        summary_text(b, " are usual");
}

static void put_chance(struct buf *b, const struct demand_look *look, const struct finding *f) {
    double budget = demand_check_share(look->rule, look->scopes) * (double)look->scopes;
    summary_text(b, "; by chance that is seen in one check of ");
    summary_number(b, f->p > 1e-12 ? floor(1 / f->p) : 1e12);
    summary_text(b, ". About ");
    summary_number(b, budget);
    summary_text(b, budget == 1 ? " false alarm a day is to be expected over "
                                : " false alarms a day are to be expected over ");
    summary_count(b, (int64_t)look->scopes);
    summary_text(b, look->scopes == 1 ? " scope." : " scopes.");
}

static void fill(const struct finding *f, struct alert *a) {
    a->observed = (double)f->count;
    a->baseline = f->expected.mean;
    a->p_value = f->p;
    a->window_start_at = f->from_at;
    a->window_end_at = f->to_at;
}

static struct slice formula_of(enum alert_kind kind, size_t check) {
    if (kind == ALERT_DEMAND_DROP)
        return SLICE("negative_binomial_lower");
    return check == DEMAND_RAMP ? SLICE("negative_binomial_cusum")
                                : SLICE("negative_binomial_upper");
}

bool demand_episode_fire(const struct judge_context *ctx, const struct demand_look *look,
                         const struct scope *scope, enum alert_kind kind, struct demand_since since,
                         size_t check, const struct finding *f) {
    const struct demand_rule *rule = look->rule;
    struct episode_name name = {.kind = kind, .rule = rule->name, .scope = scope};
    struct alert a;
    judge_alert_init(ctx, kind, scope, &a);
    fill(f, &a);
    a.threshold = kind == ALERT_DEMAND_SPIKE ? demand_check_spike_from(look, check, f)
                                             : demand_check_drop_to(look, f);
    a.unit = UNIT_COUNT;
    a.severity = rule->severity;
    a.formula = formula_of(kind, check);
    a.opened_at = since.opened_at;
    a.condition_at = since.condition_at;
    a.contact_role = rule->contact_role;
    a.runbook = rule->runbook;
    struct buf summary;
    buf_init(&summary);
    if (kind == ALERT_DEMAND_DROP)
        summary_text(&summary, "Only ");
    put_counts(&summary, scope, f);
    put_chance(&summary, look, f);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(ctx, &name, &a);
    buf_deinit(&summary);
    return fired;
}

void demand_episode_resolve(const struct judge_context *ctx, const struct demand_rule *rule,
                            const struct scope *scope, enum alert_kind kind,
                            const struct finding *f, int64_t step_at) {
    struct episode_name name = {.kind = kind, .rule = rule->name, .scope = scope};
    struct alert a;
    if (!episode_find(ctx, &name, &a))
        return;
    struct buf summary;
    buf_init(&summary);
    summary_text(&summary, "Demand is back to normal: ");
    put_counts(&summary, scope, f);
    summary_text(&summary, ".");
    fill(f, &a);
    a.summary = buf_slice(&summary);
    episode_end(ctx, &name, TRANSITION_RESOLVED, step_at, &a);
    buf_deinit(&summary);
}
