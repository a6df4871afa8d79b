#include "tasks/tenant_steps.h"

#include "core/delta.h"
#include "core/objective_window.h"
#include "core/summary.h"
#include "tasks/tenant_commands.h"
#include "tasks/tenant_kpi.h"
#include "tasks/tenant_storms.h"
#include "tasks/tenant_turn.h"

#define STEP_MS DELTA_PANE_MS
_Static_assert(DEMAND_STEP_MS == STEP_MS && FEED_STEP_MS == STEP_MS, "each step is one of theirs");
#define HEARD_MS MINUTE_MS    /* a site that said nothing for so long may still have to send */
#define GONE_MS (14 * DAY_MS) /* and after so long a silence it is no site any more */

static void tell_notices(struct tenant *tenant, const struct judge_context *ctx, int64_t step_at) {
    if (tenant->config_notice == NOTICE_DUE) {
        judge_notice_open(ctx, ALERT_CONFIG, SLICE("no-contract"), NULL, SEVERITY_WARNING, step_at,
                          SLICE("No contract is known for this tenant: it is counted, in UTC, "
                                "and nothing is judged."));
        tenant->config_notice = NOTICE_TOLD;
    }
    if (tenant->scopes_notice == NOTICE_DUE) {
        judge_notice_open(ctx, ALERT_DATA_QUALITY, SLICE("limits.scopes"), NULL, SEVERITY_WARNING,
                          step_at,
                          SLICE("limits.scopes is reached: new scopes count in their parents "
                                "only."));
        tenant->scopes_notice = NOTICE_TOLD;
    }
}

/* How many scopes share this rule's budget of false alarms. */
static size_t scopes_of(const struct tenant *tenant, const struct demand_rule *rule) {
    size_t scopes = 0;
    for (size_t i = 0; i < tenant->demands.count; i++)
        scopes += ((const struct tenant_demand *)tenant->demands.items[i])->rule == rule;
    return scopes;
}

/* All sites behind the scope spoke lately: what is missing did not happen. */
static bool is_heard(const struct tenant *tenant, const struct scope *scope, int64_t step_at) {
    bool one_site = scope->mask & SCOPE_BIT(SCOPE_SITE);
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        const struct tenant_feed *feed = tenant->feeds.items[i];
        if (one_site && !slice_equal(feed->site, scope->values[SCOPE_SITE]))
            continue;
        int64_t heard_at = judge_feed_last(&feed->state, step_at);
        if (heard_at < step_at - HEARD_MS && heard_at > step_at - GONE_MS)
            return false;
    }
    return true;
}

static struct demand_plan plan_of(const struct tenant *tenant, const struct tenant_demand *d) {
    const struct tenant_forecast *f = tenant_forecast_of(tenant, &d->rule->when, &d->view->scope);
    return f ? (struct demand_plan){&f->series, &f->planned.miss} : (struct demand_plan){0};
}

static void judge_demands(struct tenant *tenant, const struct judge_context *ctx, int64_t step_at) {
    const struct demand_rule *rule = NULL;
    size_t scopes = 0;
    for (size_t i = 0; i < tenant->demands.count; i++) {
        struct tenant_demand *d = tenant->demands.items[i];
        if (d->rule != rule) {
            rule = d->rule;
            scopes = scopes_of(tenant, rule);
        }
        bool heard = is_heard(tenant, &d->view->scope, step_at);
        struct demand_plan plan = plan_of(tenant, d);
        tenant_demand_step(d, ctx, &plan, scopes, heard, step_at);
    }
}

static void put_gap(struct buf *b, const struct tenant_gap *g) {
    summary_text(b, "Records of ");
    summary_slice(b, g->name);
    summary_text(b, " were lost before they were read, ");
    if (g->from_at == INSTANT_NONE || g->to_at == INSTANT_NONE)
        summary_text(b, "of a time that is not known");
    else
        summary_duration(b, g->to_at - g->from_at);
    summary_text(b, " of them: figures of that time are incomplete.");
}

/* Some gap of this source is still to be told. */
static bool stands(const struct tenant_sources *s, struct slice name, int64_t step_at) {
    for (size_t i = 0; i < s->gap_count; i++)
        if (slice_equal(s->gaps[i].name, name) &&
            !tenant_sources_is_past(&s->gaps[i], step_at, TENANT_GAP_TOLD_MS))
            return true;
    return false;
}

/* Who comes later is told too. */
static void tell_gaps(const struct tenant_task *t, const struct judge_context *ctx,
                      int64_t step_at) {
    const struct tenant_sources *s = &t->sources;
    for (size_t i = 0; i < s->gap_count; i++) {
        const struct tenant_gap *g = &s->gaps[i];
        if (!stands(s, g->name, step_at)) {
            judge_notice_close(ctx, ALERT_DATA_GAP, g->name, NULL, step_at);
            continue;
        }
        struct buf summary;
        buf_init(&summary);
        put_gap(&summary, g);
        judge_notice_open(ctx, ALERT_DATA_GAP, g->name, NULL, SEVERITY_MAJOR, step_at,
                          buf_slice(&summary));
        buf_deinit(&summary);
    }
}

static void forget_gaps(struct tenant_task *t, int64_t step_at) {
    for (size_t i = t->sources.gap_count; i-- > 0;)
        if (tenant_sources_is_past(&t->sources.gaps[i], step_at, TENANT_GAP_KEPT_MS))
            tenant_sources_forget(&t->sources, i);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Without gaps every window has the completeness that the context came with. */
static void note_gaps(const struct tenant_task *t, struct judge_context *ctx,
                      const struct contract *contract, unsigned window, int64_t step_at) {
    if (t->sources.gap_count == 0)
        return;
    int64_t start_at = objective_window_start(contract, window, step_at);
    ctx->completeness = tenant_sources_window(&t->sources, start_at, step_at);
}

/* Each judges its rules that are due at the step, and returns when the next one is. */
static int64_t judge_rules(struct tenant_task *t, struct tenant *tenant, struct judge_context *ctx,
                           int64_t step_at) {
    int64_t due_at = INSTANT_MAX;
    for (size_t i = 0; i < tenant->rules.count; i++) {
        struct tenant_rule *r = tenant->rules.items[i];
        unsigned window = r->objective->window;
        if (r->due_at <= step_at && step_at % objective_window_step_ms(window) == 0) {
            note_gaps(t, ctx, tenant->contract, window, step_at);
            tenant_rule_step(r, ctx, step_at);
        }
        due_at = earlier(due_at, r->due_at);
    }
    return due_at;
}

/* What is held of steps that are over goes on once an hour at least. */
static bool feeds_are_due(const struct tenant *tenant, int64_t step_at) {
    return step_at >= tenant->feeds_due_at || step_at % HOUR_MS == 0;
}

static void judge_feeds(struct tenant *tenant, const struct judge_context *ctx, int64_t step_at) {
    int64_t due_at = INSTANT_MAX;
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        struct tenant_feed *feed = tenant->feeds.items[i];
        judge_feed_step(ctx, feed->site, &feed->state, step_at);
        due_at = earlier(due_at, judge_feed_due(ctx->contract, &feed->state, step_at));
        judge_skew_step(ctx, feed->site, &feed->skew, step_at);
        due_at = earlier(due_at, judge_skew_due(ctx->contract, &feed->skew, step_at));
        bool clock_told = judge_skew_is_ahead(ctx->contract, &feed->skew);
        judge_quality_step(ctx, feed->site, &feed->quality, clock_told, step_at);
        due_at = earlier(due_at,
                         judge_quality_due(ctx->contract, &feed->quality, clock_told, step_at));
    }
    tenant->feeds_due_at = due_at;
}

/* The timers of episodes that are due. */
static void pass_book(const struct judge_context *ctx, int64_t until_at) {
    if (episode_book_due(ctx->book) <= until_at)
        episode_book_pass(ctx, until_at);
}

/* Whatever acts at steps says when it is due next: steps in between may be passed over. */
static void step_tenant(struct tenant_task *t, struct tenant *tenant, int64_t step_at) {
    struct judge_context ctx = tenant_state_context(t, tenant, t->out);
    double completeness = ctx.completeness;
    ctx.now_at = step_at;
    pass_book(&ctx, step_at);
    episode_book_hold(tenant->book);
    if (tenant->config_notice == NOTICE_DUE || tenant->scopes_notice == NOTICE_DUE)
        tell_notices(tenant, &ctx, step_at);
    if (t->sources.gap_count > 0)
        tell_gaps(t, &ctx, step_at);
    tenant->due_at = INSTANT_MAX; /* what follows brings it forward */
    int64_t forecasts_at = tenant_forecasts_step(t, tenant, step_at);
    tenant_state_due(tenant, judge_rules(t, tenant, &ctx, step_at));
    if (t->sources.gap_count > 0)
        ctx.completeness = tenant_sources_window(&t->sources, step_at - DEMAND_LOOK_BACK_MS,
                                                 step_at);
    judge_demands(tenant, &ctx, step_at);
    ctx.completeness = completeness; /* what follows has that of now */
    if (feeds_are_due(tenant, step_at))
        judge_feeds(tenant, &ctx, step_at);
    tenant_state_due(tenant, tenant->feeds_due_at);
    tenant_storms_settle(tenant, &ctx, step_at);
    episode_book_count_more(&ctx);
    if (!t->options.judge_only && step_at % MINUTE_MS == 0)
        tenant_kpi_minute(t, tenant, step_at);
    if (step_at % HOUR_MS == 0)
        episode_book_forget(tenant->book, step_at, tenant->contract->quiet_ms);
    tenant_state_due(tenant, forecasts_at);
    if (tenant->demands.count > 0)
        tenant_state_due(tenant, step_at + STEP_MS);
}

/* When every tenant makes a step, due or not: the first of those instants after the newest step. */
static int64_t next_round(const struct tenant_task *t) {
    return t->options.judge_only ? instant_floor(t->step_at, HOUR_MS) + HOUR_MS
                                 : instant_floor(t->step_at, MINUTE_MS) + MINUTE_MS;
}

/* The first after the newest at which something may happen. */
static int64_t next_step(const struct tenant_task *t) {
    int64_t first_at = t->step_at + STEP_MS;
    if (t->sources.gap_count > 0)
        return first_at;
    int64_t at = earlier(next_round(t), t->effective_at);
    for (size_t i = 0; i < t->tenants.count && at > first_at; i++)
        at = earlier(at, ((const struct tenant *)t->tenants.items[i])->due_at);
    return at > first_at ? instant_floor(at + STEP_MS - 1, STEP_MS) : first_at;
}

/* The earlier of a step and of the timers of all books. */
static int64_t earliest(const struct tenant_task *t, int64_t at) {
    for (size_t i = 0; i < t->tenants.count; i++)
        at = earlier(at, episode_book_due(((const struct tenant *)t->tenants.items[i])->book));
    return at;
}

int64_t tenant_steps_due(const struct tenant_task *t) {
    return earliest(t, next_step(t));
}

static void step_task(struct tenant_task *t, int64_t step_at) {
    bool hour = step_at % HOUR_MS == 0;
    bool all = t->sources.gap_count > 0 || hour ||
               (!t->options.judge_only && step_at % MINUTE_MS == 0);
    for (size_t i = 0; i < t->tenants.count; i++) {
        struct tenant *tenant = t->tenants.items[i];
        if (all || tenant->due_at <= step_at)
            step_tenant(t, tenant, step_at);
    }
    if (t->sources.gap_count > 0)
        forget_gaps(t, step_at);
    if (hour) {
        tenant_journeys_forget(t);
        tenant_efforts_forget(t);
    }
    if (step_at >= t->effective_at) /* the step is the old one's: its windows end there */
        tenant_turn_all(t, SLICE("calendar"), step_at);
}

/* What is due between the last step and the clock. */
static void pass_timers(struct tenant_task *t, int64_t clock) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        struct tenant *tenant = t->tenants.items[i];
        if (episode_book_due(tenant->book) > clock)
            continue;
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        episode_book_pass(&ctx, clock);
    }
}

/* Returns the next step that may do something. */
static int64_t pass_steps(struct tenant_task *t, int64_t clock) {
    int64_t end_at = instant_floor(clock, STEP_MS), due_at = next_step(t);
    while (t->step_at < end_at) {
        int64_t step_at = earlier(due_at, end_at);
        tenant_commands_pass(t, step_at - 1); /* nothing that they change makes a step due */
        t->counts.steps += (uint64_t)(step_at - t->step_at) / STEP_MS;
        t->step_at = step_at;
        step_task(t, step_at);
        due_at = next_step(t);
    }
    return due_at;
}

int64_t tenant_steps_pass(struct tenant_task *t) {
    int64_t clock = tenant_sources_clock(&t->sources);
    if (clock <= t->clock) {
        tenant_commands_pass(t, t->clock); /* of those that came late */
        return t->step_at == INSTANT_NONE ? INSTANT_NONE : tenant_steps_due(t);
    }
    t->clock = clock;
    if (t->sources.gap_count > 0)
        tenant_sources_moved(&t->sources, clock);
    if (t->step_at == INSTANT_NONE) {
        t->step_at = instant_floor(clock < t->first_at ? clock : t->first_at, STEP_MS);
        tenant_turn_all(t, (struct slice){NULL, 0}, t->step_at);
    }
    int64_t due_at = pass_steps(t, clock);
    if (tenant_commands_pass(t, clock))
        due_at = next_step(t);
    pass_timers(t, clock);
    return earliest(t, due_at);
}

void tenant_steps_tell_judged(struct tenant_task *t) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        struct tenant *tenant = t->tenants.items[i];
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        for (size_t r = 0; r < tenant->rules.count; r++)
            tenant_rule_tell(tenant->rules.items[r], &ctx, t->step_at);
    }
}

void tenant_steps_revise(struct tenant_task *t) {
    if (t->step_at == INSTANT_NONE || !t->late)
        return;
    t->late = false;
    for (size_t i = 0; i < t->tenants.count; i++) {
        struct tenant *tenant = t->tenants.items[i];
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        for (size_t r = 0; r < tenant->rules.count; r++) {
            struct tenant_rule *rule = tenant->rules.items[r];
            tenant_rule_revise(rule, &ctx, t->step_at);
            tenant_state_due(tenant, rule->due_at);
        }
    }
}
