#include "tasks/tenant_state.h"

#include <stdlib.h>

#include "base/check.h"

/* Beyond this many leaves for each scope that may be kept, new ones count without vendor, site and
 * queue: they would only ever count in such scopes anyway. */
#define LEAVES_PER_SCOPE 8

void tenant_array_insert(struct tenant_array *a, size_t index, void *item) {
    CHECK(index <= a->count);
    if (a->count == a->capacity) {
        a->capacity = a->capacity == 0 ? 8 : a->capacity * 2;
        a->items = realloc(a->items, a->capacity * sizeof(*a->items));
        CHECK(a->items);
    }
    memmove(&a->items[index + 1], &a->items[index], (a->count - index) * sizeof(*a->items));
    a->items[index] = item;
    a->count++;
}

void tenant_array_deinit(struct tenant_array *a) {
    free(a->items);
    *a = (struct tenant_array){0};
}

static void append(struct tenant_array *a, void *item) {
    tenant_array_insert(a, a->count, item);
}

typedef int order_fn(const void *item, const void *key);

/* The first item that is not before the key; *found: it is the key's. */
static size_t lower(const struct tenant_array *a, order_fn *order, const void *key, bool *found) {
    size_t low = 0;
    size_t high = a->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order(a->items[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < a->count && order(a->items[low], key) == 0;
    return low;
}

static int order_tenant(const void *item, const void *key) {
    return slice_compare(((const struct tenant *)item)->name, *(const struct slice *)key);
}

static int order_feed(const void *item, const void *key) {
    return slice_compare(((const struct tenant_feed *)item)->site, *(const struct slice *)key);
}

static int order_scope(const void *item, const void *key) {
    return scope_compare(&((const struct tenant_scope *)item)->scope, key);
}

static int order_rule(const void *item, const void *key) {
    const struct tenant_rule *a = item;
    const struct tenant_rule *b = key;
    if (a->objective != b->objective)
        return a->objective < b->objective ? -1 : 1; /* in one array of the contract */
    return scope_compare(&a->view->scope, &b->view->scope);
}

static int order_demand(const void *item, const void *key) {
    const struct tenant_demand *a = item;
    const struct tenant_demand *b = key;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return scope_compare(&a->view->scope, &b->view->scope);
}

void tenant_state_set_contract(struct tenant_task *t, struct tenant *tenant, int64_t at) {
    tenant->contract = contract_set_find(t->options.contracts, tenant->name, at);
    tenant->until_at = contract_set_until(t->options.contracts, tenant->name, at);
    tenant->due_at = tenant->feeds_due_at = INSTANT_NONE;
    tenant->aligned.step_at = tenant->aligned.pane_at = INSTANT_NONE;
    tenant->mask_count = contract_views(tenant->contract, tenant->masks);
}

int64_t tenant_state_seen_at(const struct tenant_task *t) {
    if (t->step_at != INSTANT_NONE)
        return t->step_at;
    return t->first_at == INSTANT_MAX ? t->log_at : t->first_at;
}

struct tenant *tenant_state_tenant(struct tenant_task *t, struct slice name) {
    bool found;
    size_t at = lower(&t->tenants, order_tenant, &name, &found);
    if (found)
        return t->tenants.items[at];
    struct tenant *tenant = calloc(1, sizeof(*tenant));
    CHECK(tenant);
    tenant->name = slice_copy(name);
    tenant->book = episode_book_new(tenant->name, EPISODE_OPEN_LIMIT);
    buf_init(&tenant->ahead);
    tenant_state_set_contract(t, tenant, tenant_state_seen_at(t));
    tenant->config_notice = tenant->contract->is_default ? NOTICE_DUE : NOTICE_NONE;
    tenant_array_insert(&t->tenants, at, tenant);
    return tenant;
}

struct tenant *tenant_state_find(struct tenant_task *t, struct slice name) {
    bool found;
    size_t at = lower(&t->tenants, order_tenant, &name, &found);
    return found ? t->tenants.items[at] : NULL;
}

bool tenant_state_has_feed(const struct tenant *tenant, struct slice site) {
    bool found;
    lower(&tenant->feeds, order_feed, &site, &found);
    return found;
}

struct tenant_feed *tenant_state_feed(struct tenant *tenant, struct slice site) {
    bool found;
    size_t at = lower(&tenant->feeds, order_feed, &site, &found);
    if (found)
        return tenant->feeds.items[at];
    struct tenant_feed *feed = calloc(1, sizeof(*feed));
    CHECK(feed);
    feed->site = slice_copy(site);
    feed_state_init(&feed->state);
    skew_state_init(&feed->skew);
    quality_state_init(&feed->quality);
    tenant_array_insert(&tenant->feeds, at, feed);
    return feed;
}

struct tenant_scope *tenant_state_scope(struct tenant_task *t, struct tenant *tenant,
                                        const struct scope *scope) {
    bool found;
    size_t at = lower(&tenant->scopes, order_scope, scope, &found);
    if (found)
        return tenant->scopes.items[at];
    if (t->scope_count >= t->options.scope_limit) {
        t->counts.refused_scopes++;
        if (tenant->scopes_notice == NOTICE_NONE)
            tenant->scopes_notice = NOTICE_DUE;
        tenant->due_at = INSTANT_NONE;
        return NULL;
    }
    struct tenant_scope *s = tenant_scope_new(tenant->contract, scope, t->options.lateness_ms,
                                              &t->scratch);
    tenant_array_insert(&tenant->scopes, at, s);
    t->scope_count++;
    return s;
}

struct tenant_rule *tenant_state_rule(struct tenant_task *t, struct tenant *tenant,
                                      const struct objective *objective,
                                      struct tenant_scope *view) {
    struct tenant_rule key = {.objective = objective, .view = view};
    bool found;
    size_t at = lower(&tenant->rules, order_rule, &key, &found);
    if (!found)
        tenant_array_insert(&tenant->rules, at,
                            tenant_rule_new(tenant->contract, objective, view, &t->scratch));
    tenant->due_at = INSTANT_NONE;
    return tenant->rules.items[at];
}

struct tenant_demand *tenant_state_demand(struct tenant_task *t, struct tenant *tenant,
                                          const struct demand_rule *rule,
                                          struct tenant_scope *view) {
    struct tenant_demand key = {.rule = rule, .view = view};
    bool found;
    size_t at = lower(&tenant->demands, order_demand, &key, &found);
    if (!found)
        tenant_array_insert(&tenant->demands, at,
                            tenant_demand_new(rule, view, tenant_state_seen_at(t), &t->scratch));
    tenant->due_at = INSTANT_NONE;
    return tenant->demands.items[at];
}

struct leaf tenant_state_copy_leaf(const struct report_leaf *names) {
    const struct slice from[] = {names->tenant, names->vendor, names->site, names->queue,
                                 names->reason};
    struct slice to[5];
    size_t size = 1;
    for (size_t i = 0; i < 5; i++)
        size += from[i].size;
    char *place = malloc(size);
    CHECK(place);
    for (size_t i = 0; i < 5; i++) {
        to[i] = (struct slice){place, from[i].size};
        if (from[i].size > 0)
            memcpy(place, from[i].at, from[i].size);
        place += from[i].size;
    }
    return (struct leaf){.tenant = to[0],
                         .vendor = to[1],
                         .site = to[2],
                         .queue = to[3],
                         .reason = to[4],
                         .channel = names->channel,
                         .priority = names->priority,
                         .direction = names->direction};
}

/* A site without vendors has no vendor's figures: beside those of all they would look the same. */
static bool is_nameless(const struct contract *c, const struct scope *scope) {
    bool empty = false;
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        empty |= (scope->mask & SCOPE_BIT(d)) && scope->values[d].size == 0;
    /* Unless a rule asks for each of them. */
    for (size_t o = 0; empty && o < c->objective_count; o++)
        empty = c->objectives[o].per != scope->mask;
    for (size_t d = 0; empty && d < c->demand_count; d++)
        empty = c->demands[d].per != scope->mask;
    return empty;
}

static struct tenant_member *member_of(const struct tenant_task *t, struct tenant_rule *rule,
                                       const struct tenant_leaf *leaf) {
    return t->options.unexplained ? NULL : tenant_members_join(rule, leaf);
}

static void find_targets(struct tenant_task *t, struct tenant_leaf *leaf) {
    struct tenant *tenant = leaf->tenant;
    const struct contract *c = tenant->contract;
    for (size_t i = 0; i < tenant->mask_count; i++) {
        struct scope scope = scope_of_leaf(&leaf->leaf, tenant->masks[i]);
        struct tenant_scope *s = is_nameless(c, &scope) ? NULL
                                                        : tenant_state_scope(t, tenant, &scope);
        if (!s)
            continue;
        append(&leaf->scopes, s);
        for (size_t o = 0; o < c->objective_count; o++) {
            const struct objective *objective = &c->objectives[o];
            if (objective->per != scope.mask || !match_leaf(&objective->when, &leaf->leaf))
                continue;
            struct tenant_rule *rule = tenant_state_rule(t, tenant, objective, s);
            append(&leaf->rules, rule);
            append(&leaf->members, member_of(t, rule, leaf));
        }
        for (size_t d = 0; d < c->demand_count; d++) {
            const struct demand_rule *rule = &c->demands[d];
            if (rule->per == scope.mask && match_leaf(&rule->when, &leaf->leaf))
                append(&leaf->demands, tenant_state_demand(t, tenant, rule, s));
        }
    }
    for (size_t i = 0; i < tenant->forecasts.count; i++)
        if (tenant_forecast_has(tenant->forecasts.items[i], &leaf->leaf))
            append(&leaf->forecasts, tenant->forecasts.items[i]);
}

/* Objectives of forecasts in this scope; nobody's visits are a part of those. */
static void find_forecast_rules(struct tenant_task *t, struct tenant_leaf *leaf,
                                struct tenant_scope *s) {
    const struct contract *c = leaf->tenant->contract;
    for (size_t o = 0; o < c->objective_count; o++) {
        const struct objective *objective = &c->objectives[o];
        if (objective->per != s->scope.mask || !metric_is_of_forecasts(objective->metric) ||
            !match_leaf(&objective->when, &leaf->leaf))
            continue;
        append(&leaf->rules, tenant_state_rule(t, leaf->tenant, objective, s));
        append(&leaf->members, NULL);
    }
}

void tenant_state_target_forecast(struct tenant_task *t, struct tenant_leaf *leaf, uint32_t mask) {
    struct tenant *tenant = leaf->tenant;
    tenant_state_untarget(leaf);
    leaf->leaf.contract = tenant->contract;
    for (size_t i = 0; i < tenant->mask_count; i++) {
        struct scope scope = scope_of_leaf(&leaf->leaf, tenant->masks[i]);
        struct tenant_scope *s = scope.mask & ~mask ? NULL : tenant_state_scope(t, tenant, &scope);
        if (!s)
            continue;
        append(&leaf->scopes, s);
        find_forecast_rules(t, leaf, s);
    }
}

bool tenant_state_is_viewed(const struct tenant *tenant, const struct scope *scope) {
    for (size_t i = 0; i < tenant->mask_count; i++)
        if (tenant->masks[i] == scope->mask)
            return !is_nameless(tenant->contract, scope);
    return false;
}

void tenant_state_untarget(struct tenant_leaf *leaf) {
    tenant_array_deinit(&leaf->scopes);
    tenant_array_deinit(&leaf->rules);
    tenant_array_deinit(&leaf->members);
    tenant_array_deinit(&leaf->demands);
    tenant_array_deinit(&leaf->forecasts);
    leaf->leaf.contract = NULL;
}

void tenant_state_retarget(struct tenant_task *t, struct tenant_leaf *leaf) {
    tenant_state_untarget(leaf);
    leaf->leaf.contract = leaf->tenant->contract;
    find_targets(t, leaf);
}

static uint64_t hash_names(const struct report_leaf *n) {
    uint64_t seed = (uint64_t)n->channel << 16 | (uint64_t)n->priority << 8 | n->direction;
    uint64_t hash = slice_hash(n->tenant, seed);
    hash = slice_hash(n->vendor, hash + n->tenant.size);
    hash = slice_hash(n->site, hash + n->vendor.size);
    hash = slice_hash(n->queue, hash + n->site.size);
    return slice_hash(n->reason, hash + n->queue.size);
}

static bool has_names(const void *context, uint32_t handle, const void *key) {
    const struct tenant_task *t = context;
    const struct leaf *a = &((const struct tenant_leaf *)t->leaves.items[handle])->leaf;
    const struct report_leaf *b = key;
    return a->channel == b->channel && a->priority == b->priority && a->direction == b->direction &&
           slice_equal(a->queue, b->queue) && slice_equal(a->reason, b->reason) &&
           slice_equal(a->site, b->site) && slice_equal(a->vendor, b->vendor) &&
           slice_equal(a->tenant, b->tenant);
}

static uint32_t find_leaf(const struct tenant_task *t, const struct report_leaf *names,
                          uint64_t *hash) {
    *hash = hash_names(names);
    return table_find(&t->leaf_index, *hash, has_names, t, names);
}

/* Half as many leaves may have a reason beside those without: no reason costs a scope its place. */
struct tenant_leaf *tenant_state_leaf(struct tenant_task *t, const struct report_leaf *names) {
    struct report_leaf wanted = *names;
    uint64_t hash;
    size_t most = (size_t)t->options.scope_limit * LEAVES_PER_SCOPE;
    uint32_t handle = find_leaf(t, &wanted, &hash);
    if (handle == TABLE_NONE && wanted.reason.size > 0 && t->reasoned_leaves >= most / 2) {
        wanted.reason = (struct slice){NULL, 0};
        handle = find_leaf(t, &wanted, &hash);
    }
    if (handle == TABLE_NONE && wanted.reason.size == 0 &&
        t->leaves.count - t->reasoned_leaves >= most) {
        wanted.vendor = wanted.site = wanted.queue = (struct slice){0};
        handle = find_leaf(t, &wanted, &hash);
    }
    if (handle != TABLE_NONE)
        return t->leaves.items[handle];
    struct tenant_leaf *leaf = calloc(1, sizeof(*leaf));
    CHECK(leaf);
    leaf->leaf = tenant_state_copy_leaf(&wanted);
    leaf->tenant = tenant_state_tenant(t, wanted.tenant);
    tenant_state_retarget(t, leaf);
    leaf->number = (uint32_t)t->leaves.count;
    table_insert(&t->leaf_index, hash, leaf->number);
    append(&t->leaves, leaf);
    t->reasoned_leaves += wanted.reason.size > 0;
    return leaf;
}

static void remove_age(struct tenant_leaf *leaf, size_t at) {
    leaf->age_count--;
    memmove(&leaf->ages[at], &leaf->ages[at + 1], (leaf->age_count - at) * sizeof(*leaf->ages));
}

/* That of this partition, or where it belongs: there is one of each partition where somebody is. */
static size_t place_of_age(const struct tenant_leaf *leaf, int32_t partition) {
    size_t from = 0;
    for (size_t count = leaf->age_count; count > 0;) {
        size_t half = count / 2;
        if (leaf->ages[from + half].partition < partition) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

void tenant_state_age(struct tenant_task *t, struct tenant_leaf *leaf, int32_t partition,
                      int64_t oldest_waiting_at, int64_t oldest_open_at) {
    size_t at = place_of_age(leaf, partition);
    bool there = at < leaf->age_count && leaf->ages[at].partition == partition;
    t->ages_changed = true;
    if (oldest_waiting_at == INSTANT_NONE && oldest_open_at == INSTANT_NONE) {
        if (there)
            remove_age(leaf, at);
        return;
    }
    if (!there) {
        leaf->ages = realloc(leaf->ages, (leaf->age_count + 1) * sizeof(*leaf->ages));
        CHECK(leaf->ages);
        memmove(&leaf->ages[at + 1], &leaf->ages[at], (leaf->age_count - at) * sizeof(*leaf->ages));
        leaf->age_count++;
    }
    leaf->ages[at] = (struct tenant_age){partition, oldest_waiting_at, oldest_open_at};
}

static void free_leaf(struct tenant_leaf *leaf) {
    tenant_state_untarget(leaf);
    free(leaf->ages);
    free((void *)(uintptr_t)leaf->leaf.tenant.at);
    free(leaf);
}

void tenant_state_free_counts(struct tenant *tenant) {
    for (size_t i = 0; i < tenant->rules.count; i++)
        tenant_rule_free(tenant->rules.items[i]);
    for (size_t i = 0; i < tenant->demands.count; i++)
        tenant_demand_free(tenant->demands.items[i]);
    for (size_t i = 0; i < tenant->scopes.count; i++)
        tenant_scope_free(tenant->scopes.items[i]);
    tenant_array_deinit(&tenant->rules);
    tenant_array_deinit(&tenant->demands);
    tenant_array_deinit(&tenant->scopes);
}

static void free_tenant(struct tenant *tenant) {
    tenant_state_free_counts(tenant);
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        struct tenant_feed *feed = tenant->feeds.items[i];
        free((void *)(uintptr_t)feed->site.at);
        feed_state_deinit(&feed->state);
        skew_state_deinit(&feed->skew);
        quality_state_deinit(&feed->quality);
        free(feed);
    }
    tenant_array_deinit(&tenant->feeds);
    tenant_forecasts_free(tenant);
    episode_book_free(tenant->book);
    buf_deinit(&tenant->ahead);
    free((void *)(uintptr_t)tenant->name.at);
    free(tenant);
}

void tenant_state_free(struct tenant_task *t) {
    for (size_t i = 0; i < t->leaves.count; i++)
        free_leaf(t->leaves.items[i]);
    for (size_t i = 0; i < t->tenants.count; i++)
        free_tenant(t->tenants.items[i]);
    tenant_array_deinit(&t->leaves);
    tenant_array_deinit(&t->tenants);
    table_deinit(&t->leaf_index);
    tenant_journeys_deinit(&t->journeys);
    tenant_efforts_deinit(&t->efforts);
}

struct judge_context tenant_state_context(struct tenant_task *t, struct tenant *tenant,
                                          struct outbox *out) {
    return (struct judge_context){.out = out,
                                  .book = tenant->book,
                                  .contract = tenant->contract,
                                  .tenant = tenant->name,
                                  .clock = t->clock,
                                  .now_at = t->clock,
                                  .max_alert_age_ms = t->options.max_alert_age_ms,
                                  .wordless = t->options.unexplained,
                                  .completeness = tenant_sources_completeness(&t->sources)};
}
