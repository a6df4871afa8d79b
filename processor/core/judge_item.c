#include "core/judge_item.h"

#include "base/check.h"
#include "core/episode.h"
#include "core/summary.h"

/* What a person calls the thing that a clock waits for. */
static const char *const awaited[CLOCK_KIND_COUNT] = {
    [CLOCK_SPEED_OF_ANSWER] = "an answer",
    [CLOCK_FIRST_REPLY] = "a first reply",
    [CLOCK_NEXT_REPLY] = "the next reply",
    [CLOCK_PERIODIC_UPDATE] = "an update",
    [CLOCK_RESOLUTION] = "a resolution",
    [CLOCK_REQUESTER_WAIT] = "an end of the customer's wait",
    [CLOCK_AGENT_WORK] = "an end of the work",
};

/* A fact, and the names that its episodes go by. */
struct item {
    const struct fact *fact;
    const struct clock_rule *rule; /* NULL: the contract in force has it no more */
    struct scope scope;
};

static void fix(struct scope *scope, enum scope_dimension dimension, struct slice value) {
    if (value.size == 0)
        return;
    scope->mask |= SCOPE_BIT(dimension);
    scope->values[dimension] = value;
}

/* An item fixes what is known of it. */
static struct scope scope_of(const struct report_leaf *leaf) {
    struct scope scope = {0};
    fix(&scope, SCOPE_VENDOR, leaf->vendor);
    fix(&scope, SCOPE_SITE, leaf->site);
    fix(&scope, SCOPE_QUEUE, leaf->queue);
    if (leaf->channel != CHANNEL_UNKNOWN)
        fix(&scope, SCOPE_CHANNEL, slice_of(channel_name((enum channel)leaf->channel)));
    if (leaf->priority != PRIORITY_UNKNOWN)
        fix(&scope, SCOPE_PRIORITY, slice_of(priority_name((enum priority)leaf->priority)));
    return scope;
}

/* A source may be ahead of its tenant: then the rule is one of a version that comes. */
static const struct contract *contract_of(const struct contract *c, const struct fact *fact) {
    const struct contract *said = c;
    while (said && said->version != fact->contract_version)
        said = said->next;
    return said ? said : c;
}

static const struct clock_rule *find_rule(const struct contract *contract, struct slice name) {
    for (size_t i = 0; i < contract->clock_count; i++) {
        if (slice_equal(contract->clocks[i].name, name))
            return &contract->clocks[i];
    }
    return NULL;
}

static struct episode_name name_of(const struct item *item, enum alert_kind kind) {
    return (struct episode_name){
        .kind = kind,
        .rule = item->fact->rule,
        .contract = item->fact->contract,
        .scope = &item->scope,
        .interaction_id = item->fact->interaction_id,
        .instance = item->fact->instance,
    };
}

/* "E-17 in queue orders at site main" */
static void put_subject(struct buf *b, const struct item *item) {
    struct scope place = item->scope;
    place.values[SCOPE_CHANNEL] = place.values[SCOPE_PRIORITY] = (struct slice){0};
    summary_slice(b, item->fact->interaction_id);
    if (place.values[SCOPE_QUEUE].size || place.values[SCOPE_SITE].size) {
        summary_text(b, " in ");
        summary_scope(b, &place);
    }
}

static void put_at_risk(struct buf *b, const struct item *item) {
    const struct fact *fact = item->fact;
    put_subject(b, item);
    summary_text(b, " has ");
    summary_duration(b, fact->target_ms - fact->elapsed_ms);
    summary_text(b, " left for ");
    summary_text(b, awaited[fact->clock]);
    summary_text(b, ": ");
    summary_duration(b, fact->elapsed_ms);
    summary_text(b, " of the agreed ");
    summary_duration(b, fact->target_ms);
    summary_text(b, " have passed.");
}

static void put_breach(struct buf *b, const struct item *item) {
    put_subject(b, item);
    summary_text(b, " still waits for ");
    summary_text(b, awaited[item->fact->clock]);
    summary_text(b, ": the agreed ");
    summary_duration(b, item->fact->target_ms);
    summary_text(b, " have passed.");
}

static void put_ended(struct buf *b, const struct item *item) {
    put_subject(b, item);
    summary_text(b, " waits no more for ");
    summary_text(b, awaited[item->fact->clock]);
    summary_text(b, ": it took ");
    summary_duration(b, item->fact->elapsed_ms);
    summary_text(b, "; agreed is ");
    summary_duration(b, item->fact->target_ms);
    summary_text(b, ".");
}

static void put_voided(struct buf *b, const struct item *item) {
    put_subject(b, item);
    if (!item->rule) {
        summary_text(b, ": the contract no longer has the clock \"");
        summary_slice(b, item->fact->rule);
        summary_text(b, "\".");
        return;
    }
    summary_text(b, ": as is known now, the clock for ");
    summary_text(b, awaited[item->fact->clock]);
    summary_text(b, " gave no ground for this alert.");
}

static void put_replaced(struct buf *b, const struct item *item) {
    put_subject(b, item);
    summary_text(b, ": the contract changed, and the clock \"");
    summary_slice(b, item->fact->rule);
    summary_text(b, "\" no longer measures it, or not as it did.");
}

static void fill_figures(const struct item *item, struct alert *a) {
    const struct fact *fact = item->fact;
    a->observed = (double)fact->elapsed_ms;
    a->threshold = (double)fact->target_ms;
    a->remaining_ms = fact->target_ms - fact->elapsed_ms;
    a->deadline_at = fact->deadline_at;
    a->unit = UNIT_MILLIS;
}

static void fill(const struct judge_context *ctx, const struct item *item, enum alert_kind kind,
                 struct alert *a) {
    const struct fact *fact = item->fact;
    judge_alert_init(ctx, kind, &item->scope, a);
    fill_figures(item, a);
    a->rule = fact->rule;
    a->contract = fact->contract;
    a->contract_version = fact->contract_version;
    a->interaction_id = fact->interaction_id;
    a->formula = slice_of(clock_kind_name(fact->clock));
    a->opened_at = fact->opened_at;
    a->condition_at = fact->at;
    a->severity = SEVERITY_WARNING;
    if (!item->rule)
        return;
    a->severity = kind == ALERT_ITEM_BREACH || item->rule->severity < SEVERITY_WARNING
                      ? item->rule->severity
                      : SEVERITY_WARNING;
    a->contact_role = item->rule->contact_role;
    a->outcome = item->rule->outcome;
    a->runbook = item->rule->runbook;
}

/* FIRING, or UPDATED when it is open already. */
static void say(const struct judge_context *ctx, const struct item *item, enum alert_kind kind) {
    struct episode_name name = name_of(item, kind);
    struct buf summary;
    buf_init(&summary);
    if (kind == ALERT_ITEM_BREACH)
        put_breach(&summary, item);
    else
        put_at_risk(&summary, item);
    struct alert a;
    fill(ctx, item, kind, &a);
    a.summary = buf_slice(&summary);
    if (!episode_find(ctx, &name, NULL))
        episode_fire_item(ctx, &name, &a);
    else
        episode_update(ctx, &name, &a);
    buf_deinit(&summary);
}

static bool is_open(const struct judge_context *ctx, const struct item *item,
                    enum alert_kind kind) {
    struct episode_name name = name_of(item, kind);
    return episode_find(ctx, &name, NULL);
}

static void resolve(const struct judge_context *ctx, const struct item *item,
                    enum alert_kind kind) {
    struct episode_name name = name_of(item, kind);
    struct alert a;
    if (!episode_find(ctx, &name, &a))
        return;
    struct buf summary;
    buf_init(&summary);
    if (item->fact->kind == FACT_BREACHED)
        put_breach(&summary, item);
    else if (item->fact->kind == FACT_REPLACED)
        put_replaced(&summary, item);
    else
        put_ended(&summary, item);
    fill_figures(item, &a);
    a.summary = buf_slice(&summary);
    episode_end(ctx, &name, TRANSITION_RESOLVED, item->fact->at, &a);
    buf_deinit(&summary);
}

static void take_back(const struct judge_context *ctx, const struct item *item,
                      enum alert_kind kind) {
    struct episode_name name = name_of(item, kind);
    struct alert a;
    if (!episode_find(ctx, &name, &a)) {
        episode_end(ctx, &name, TRANSITION_VOIDED, item->fact->at, NULL);
        return;
    }
    struct buf summary;
    buf_init(&summary);
    put_voided(&summary, item);
    a.summary = buf_slice(&summary);
    episode_end(ctx, &name, TRANSITION_VOIDED, item->fact->at, &a);
    buf_deinit(&summary);
}

void judge_item_fact(const struct judge_context *ctx, const struct fact *fact,
                     const struct report_leaf *leaf) {
    struct item item = {fact, find_rule(contract_of(ctx->contract, fact), fact->rule),
                        scope_of(leaf)};
    switch (fact->kind) {
    case FACT_AT_RISK:
        if (!is_open(ctx, &item, ALERT_ITEM_BREACH))
            say(ctx, &item, ALERT_ITEM_AT_RISK);
        break;
    case FACT_BREACHED:
        resolve(ctx, &item, ALERT_ITEM_AT_RISK);
        say(ctx, &item, ALERT_ITEM_BREACH);
        break;
    case FACT_ENDED:
    case FACT_REPLACED:
        resolve(ctx, &item, ALERT_ITEM_AT_RISK);
        resolve(ctx, &item, ALERT_ITEM_BREACH);
        break;
    case FACT_VOIDED:
        take_back(ctx, &item,
                  fact->voided_kind == FACT_BREACHED ? ALERT_ITEM_BREACH : ALERT_ITEM_AT_RISK);
        break;
    case FACT_KIND_COUNT: UNREACHABLE("a kind of fact that there is not");
    }
}
