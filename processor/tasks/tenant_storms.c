#include "tasks/tenant_storms.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode_roll_up.h"

#define FEEDS SLICE("feeds") /* the rule of those alerts */

static const enum alert_kind objective_kinds[] = {ALERT_OBJECTIVE_BREACH, ALERT_OBJECTIVE_AT_RISK,
                                                  ALERT_OBJECTIVE_UNRECOVERABLE,
                                                  ALERT_STAFFING_GAP};
static const enum alert_kind demand_kinds[] = {ALERT_DEMAND_SPIKE, ALERT_DEMAND_DROP,
                                               ALERT_FORECAST_MISS};
static const enum alert_kind feed_kinds[] = {ALERT_FEED_SILENT, ALERT_FEED_SKEWED,
                                             ALERT_DATA_QUALITY};

#define COUNT(kinds) (sizeof(kinds) / sizeof((kinds)[0]))

/* The scopes of one rule. */
struct rolled {
    const struct judge_context *ctx;
    struct roll_up_child *children; /* room for all scopes of the tenant */
    size_t count;
    int64_t step_at;
};

static void roll_up(const struct rolled *r, struct slice rule, const enum alert_kind *kinds,
                    size_t kind_count) {
    for (size_t i = 0; i < kind_count; i++)
        episode_roll_up(r->ctx, kinds[i], rule, r->children, r->count, r->step_at);
}

static void settle_rules(const struct tenant *tenant, struct rolled *r) {
    for (size_t from = 0, to; from < tenant->rules.count; from = to) {
        const struct objective *o = ((struct tenant_rule *)tenant->rules.items[from])->objective;
        r->count = 0;
        for (to = from; to < tenant->rules.count; to++) {
            const struct tenant_rule *rule = tenant->rules.items[to];
            if (rule->objective != o)
                break;
            r->children[r->count++] = (struct roll_up_child){&rule->view->scope, !rule->state.thin};
        }
        roll_up(r, o->name, objective_kinds, COUNT(objective_kinds));
    }
}

static void settle_demands(const struct tenant *tenant, struct rolled *r) {
    for (size_t from = 0, to; from < tenant->demands.count; from = to) {
        const struct demand_rule *rule =
            ((struct tenant_demand *)tenant->demands.items[from])->rule;
        r->count = 0;
        for (to = from; to < tenant->demands.count; to++) {
            const struct tenant_demand *d = tenant->demands.items[to];
            if (d->rule != rule)
                break;
            r->children[r->count++] = (struct roll_up_child){&d->view->scope, true};
        }
        roll_up(r, rule->name, demand_kinds, COUNT(demand_kinds));
    }
}

static void settle_feeds(const struct tenant *tenant, struct rolled *r) {
    struct scope *sites = calloc(tenant->feeds.count + 1, sizeof(*sites));
    CHECK(sites);
    r->count = 0;
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        const struct tenant_feed *feed = tenant->feeds.items[i];
        if (feed->site.size == 0)
            continue; /* no site */
        sites[i].mask = SCOPE_BIT(SCOPE_SITE);
        sites[i].values[SCOPE_SITE] = feed->site;
        r->children[r->count++] = (struct roll_up_child){&sites[i], true};
    }
    roll_up(r, FEEDS, feed_kinds, COUNT(feed_kinds));
    free(sites);
}

void tenant_storms_settle(struct tenant *tenant, const struct judge_context *ctx, int64_t step_at) {
    if (episode_book_is_unsettled(tenant->book)) {
        size_t most = tenant->rules.count + tenant->demands.count + tenant->feeds.count + 1;
        struct rolled r = {.ctx = ctx, .step_at = step_at};
        r.children = calloc(most, sizeof(*r.children));
        CHECK(r.children);
        settle_rules(tenant, &r);
        settle_demands(tenant, &r);
        settle_feeds(tenant, &r);
        episode_roll_up_orphans(ctx);
        free(r.children);
    }
    episode_book_release(ctx);
}

void tenant_storms_drop_objective(const struct judge_context *ctx, const struct tenant_rule *r,
                                  int64_t at) {
    for (size_t i = 0; i < COUNT(objective_kinds); i++)
        episode_roll_up_drop(ctx, objective_kinds[i], r->objective->name, &r->view->scope, at);
}

void tenant_storms_drop_demand(const struct judge_context *ctx, const struct tenant_demand *d,
                               int64_t at) {
    for (size_t i = 0; i < COUNT(demand_kinds); i++)
        episode_roll_up_drop(ctx, demand_kinds[i], d->rule->name, &d->view->scope, at);
}

void tenant_storms_drop_feeds(const struct judge_context *ctx, int64_t at) {
    const struct scope site = {.mask = SCOPE_BIT(SCOPE_SITE)};
    for (size_t i = 0; i < COUNT(feed_kinds); i++)
        episode_roll_up_drop(ctx, feed_kinds[i], FEEDS, &site, at);
}
