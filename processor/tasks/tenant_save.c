#include <stdlib.h>

#include "base/check.h"
#include "tasks/tenant_ahead.h"
#include "tasks/tenant_audit.h"
#include "tasks/tenant_commands.h"
#include "tasks/tenant_state.h"

#define FORMAT 22

static void save_scope_name(const struct scope *s, struct buf *b) {
    buf_put_varint(b, s->mask);
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        if (s->mask & SCOPE_BIT(d))
            buf_put_slice(b, s->values[d]);
    }
}

static struct scope load_scope_name(struct cursor *c) {
    struct scope s = {.mask = (uint32_t)cursor_varint(c)};
    if (s.mask >= SCOPE_BIT(SCOPE_DIMENSION_COUNT))
        cursor_fail(c);
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        if (s.mask & SCOPE_BIT(d))
            s.values[d] = cursor_slice(c);
    }
    return s;
}

static void save_scope(const struct tenant_scope *s, struct buf *b) {
    save_scope_name(&s->scope, b);
    cell_save(s->cell, b);
    buf_put_varint(b, s->close_count);
    for (size_t i = 0; i < s->close_count; i++) {
        const struct tenant_close *c = &s->closes[i];
        buf_put_zigzag(b, c->end_at);
        buf_put_varint(b, c->dirty);
        buf_put_zigzag(b, c->revision);
        buf_put_u8(b, c->window);
    }
}

static void load_closes(struct tenant *tenant, struct tenant_scope *s, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        int64_t end_at = cursor_zigzag(c);
        uint64_t dirty = cursor_varint(c);
        int64_t revision = cursor_zigzag(c);
        uint8_t window = cursor_u8(c);
        if (window >= WINDOW_COUNT + PERIOD_COUNT)
            cursor_fail(c);
        if (c->failed)
            return;
        struct tenant_close *close = tenant_scope_close(s, end_at, window);
        close->dirty = dirty;
        close->revision = (int32_t)revision;
        s->late |= dirty != 0;
        tenant->late |= dirty != 0;
    }
}

static void load_scopes(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct scope name = load_scope_name(c);
        struct tenant_scope *s = c->failed ? NULL : tenant_state_scope(t, tenant, &name);
        if (!s) {
            cursor_fail(c); /* kept before, so there must be room for it now */
            return;
        }
        cell_load(s->cell, c);
        load_closes(tenant, s, c);
    }
}

/* As it was judged: sums that came later do not change what the view shows of the step. */
static void save_figure(const struct figure *f, struct buf *b) {
    buf_put_u8(b, f->present);
    buf_put_double(b, f->value);
    buf_put_zigzag(b, f->numerator);
    buf_put_zigzag(b, f->denominator);
    buf_put_zigzag(b, f->sample);
}

static struct figure load_figure(struct cursor *c) {
    struct figure f = {.present = cursor_u8(c) != 0, .value = cursor_double(c)};
    f.numerator = cursor_zigzag(c);
    f.denominator = cursor_zigzag(c);
    f.sample = cursor_zigzag(c);
    return f;
}

static void save_rule(const struct tenant_rule *r, struct buf *b) {
    buf_put_slice(b, r->objective->name);
    save_scope_name(&r->view->scope, b);
    buf_put_zigzag(b, r->from_at);
    cell_save(r->cell, b);
    objective_state_save(&r->state, b);
    save_figure(&r->figure, b);
    tenant_examples_save(&r->examples, b);
    buf_put_zigzag(b, r->late_from_at);
    buf_put_zigzag(b, r->late_to_at);
    if (!r->volume)
        return;
    outlook_state_save(&r->outlook, b);
    volume_save(r->volume, b);
}

static const struct objective *find_objective(const struct contract *c, struct slice name) {
    for (size_t i = 0; i < c->objective_count; i++) {
        if (slice_equal(c->objectives[i].name, name))
            return &c->objectives[i];
    }
    return NULL;
}

static const struct demand_rule *find_demand(const struct contract *c, struct slice name) {
    for (size_t i = 0; i < c->demand_count; i++) {
        if (slice_equal(c->demands[i].name, name))
            return &c->demands[i];
    }
    return NULL;
}

/* A step may measure forecasts anew: that is looked at with the next record. */
static void load_late(struct tenant_rule *r, struct cursor *c) {
    r->late_from_at = cursor_zigzag(c);
    r->late_to_at = cursor_zigzag(c);
    bool none = r->late_from_at == INSTANT_MAX && r->late_to_at == INSTANT_NONE;
    bool some = r->late_from_at >= -DAY_MS && r->late_from_at <= r->late_to_at &&
                r->late_to_at <= EVENT_CLOCK_MAX;
    if (!none && !some)
        cursor_fail(c);
}

static void load_rules(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        const struct objective *o = find_objective(tenant->contract, cursor_slice(c));
        struct scope name = load_scope_name(c);
        struct tenant_scope *view = c->failed ? NULL : tenant_state_scope(t, tenant, &name);
        if (!view || !o || o->per != name.mask) {
            cursor_fail(c);
            return;
        }
        struct tenant_rule *r = tenant_state_rule(t, tenant, o, view);
        r->from_at = cursor_zigzag(c);
        cell_load(r->cell, c);
        objective_state_load(&r->state, c);
        r->figure = load_figure(c);
        tenant_examples_load(&r->examples, c);
        load_late(r, c);
        if (!r->volume)
            continue;
        outlook_state_load(&r->outlook, c);
        volume_load(r->volume, c);
    }
}

static void save_demand(const struct tenant_demand *d, struct buf *b) {
    buf_put_slice(b, d->rule->name);
    save_scope_name(&d->view->scope, b);
    cell_save(d->cell, b);
    demand_state_save(&d->state, b);
}

static void load_demands(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        const struct demand_rule *rule = find_demand(tenant->contract, cursor_slice(c));
        struct scope name = load_scope_name(c);
        struct tenant_scope *view = c->failed ? NULL : tenant_state_scope(t, tenant, &name);
        if (!view || !rule || rule->per != name.mask) {
            cursor_fail(c);
            return;
        }
        struct tenant_demand *d = tenant_state_demand(t, tenant, rule, view);
        cell_load(d->cell, c);
        if (!demand_state_load(&d->state, c))
            cursor_fail(c);
    }
}

static void save_tenant(const struct tenant *tenant, struct buf *b) {
    buf_put_slice(b, tenant->name);
    buf_put_zigzag(b, tenant->contract->effective_at);
    buf_put_slice(b, buf_slice(&tenant->ahead));
    tenant_audit_save(tenant, b);
    buf_put_u8(b, tenant->config_notice);
    buf_put_u8(b, tenant->scopes_notice);
    buf_put_varint(b, tenant->scopes.count);
    for (size_t i = 0; i < tenant->scopes.count; i++)
        save_scope(tenant->scopes.items[i], b);
    buf_put_varint(b, tenant->rules.count);
    for (size_t i = 0; i < tenant->rules.count; i++)
        save_rule(tenant->rules.items[i], b);
    buf_put_varint(b, tenant->demands.count);
    for (size_t i = 0; i < tenant->demands.count; i++)
        save_demand(tenant->demands.items[i], b);
    buf_put_varint(b, tenant->feeds.count);
    for (size_t i = 0; i < tenant->feeds.count; i++) {
        const struct tenant_feed *feed = tenant->feeds.items[i];
        buf_put_slice(b, feed->site);
        feed_state_save(&feed->state, b);
        skew_state_save(&feed->skew, b);
        quality_state_save(&feed->quality, b);
    }
    tenant_forecasts_save(tenant, b);
    episode_book_save(tenant->book, b);
}

/* The version that it was saved under: which that is when no step was made is history. */
static void load_version(struct tenant_task *t, struct tenant *tenant, struct cursor *c) {
    int64_t effective_at = cursor_zigzag(c);
    struct slice ahead = cursor_slice(c);
    if (c->failed || !tenant_ahead_is_whole(ahead)) {
        cursor_fail(c);
        return;
    }
    tenant_state_set_contract(t, tenant, effective_at ? effective_at : INSTANT_NONE);
    buf_put(&tenant->ahead, ahead.at, ahead.size);
}

static bool load_tenant(struct tenant_task *t, struct cursor *c, struct err *err) {
    struct slice name = cursor_slice(c);
    if (c->failed)
        return err_set(err, "the state ends within a tenant");
    struct tenant *tenant = tenant_state_tenant(t, name);
    load_version(t, tenant, c);
    tenant_audit_load(tenant, c);
    tenant->config_notice = cursor_u8(c);
    tenant->scopes_notice = cursor_u8(c);
    load_scopes(t, tenant, c);
    load_rules(t, tenant, c);
    load_demands(t, tenant, c);
    uint64_t feeds = cursor_varint(c);
    for (uint64_t i = 0; i < feeds && !c->failed; i++) {
        struct slice site = cursor_slice(c);
        if (c->failed)
            break;
        struct tenant_feed *feed = tenant_state_feed(tenant, site);
        feed_state_load(&feed->state, c);
        skew_state_load(&feed->skew, c);
        quality_state_load(&feed->quality, c);
    }
    if (!c->failed)
        tenant_forecasts_load(t, tenant, c);
    if (c->failed)
        return err_set(err, "the state of tenant " SLICE_FMT " does not fit its contract",
                       SLICE_ARG(name));
    return episode_book_load(tenant->book, c, err);
}

static int order_leaves(const void *a, const void *b) {
    return leaf_compare(&(*(struct tenant_leaf *const *)a)->leaf,
                        &(*(struct tenant_leaf *const *)b)->leaf);
}

static void save_leaf(const struct tenant_leaf *leaf, struct buf *b) {
    buf_put_slice(b, leaf->leaf.tenant);
    buf_put_slice(b, leaf->leaf.vendor);
    buf_put_slice(b, leaf->leaf.site);
    buf_put_slice(b, leaf->leaf.queue);
    buf_put_u8(b, leaf->leaf.channel);
    buf_put_u8(b, leaf->leaf.priority);
    buf_put_u8(b, leaf->leaf.direction);
    buf_put_slice(b, leaf->leaf.reason);
    buf_put_varint(b, leaf->age_count);
    for (size_t i = 0; i < leaf->age_count; i++) {
        buf_put_varint(b, (uint64_t)leaf->ages[i].partition);
        buf_put_zigzag(b, leaf->ages[i].oldest_waiting_at);
        buf_put_zigzag(b, leaf->ages[i].oldest_open_at);
    }
    buf_put_varint(b, leaf->members.count);
    for (size_t i = 0; i < leaf->members.count; i++) {
        buf_put_slice(b, ((const struct tenant_rule *)leaf->rules.items[i])->objective->name);
        tenant_member_save(leaf->members.items[i], b);
    }
}

static void save_leaves(const struct tenant_task *t, struct buf *b) {
    size_t size = (t->leaves.count + 1) * sizeof(void *);
    struct tenant_leaf **sorted = malloc(size);
    CHECK(sorted);
    if (t->leaves.count > 0)
        memcpy(sorted, t->leaves.items, t->leaves.count * sizeof(void *));
    qsort(sorted, t->leaves.count, sizeof(*sorted), order_leaves);
    buf_put_varint(b, t->leaves.count);
    uint32_t *ranks = malloc((t->leaves.count + 1) * sizeof(*ranks));
    CHECK(ranks);
    for (size_t i = 0; i < t->leaves.count; i++) {
        save_leaf(sorted[i], b);
        ranks[sorted[i]->number] = (uint32_t)i;
    }
    tenant_journeys_save(t, ranks, b);
    tenant_efforts_save(t, ranks, b);
    free(ranks);
    free(sorted);
}

static void load_ages(struct tenant_task *t, struct tenant_leaf *leaf, uint64_t ages,
                      struct cursor *c) {
    for (uint64_t a = 0; a < ages && !c->failed; a++) {
        int32_t partition = (int32_t)cursor_varint(c);
        int64_t waiting_at = cursor_zigzag(c);
        int64_t open_at = cursor_zigzag(c);
        tenant_state_age(t, leaf, partition, waiting_at, open_at);
    }
}

/* With a higher limit of scopes it may have more rules by now. */
static void load_members(struct tenant_leaf *leaf, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct slice name = cursor_slice(c);
        size_t at = 0;
        while (at < leaf->rules.count &&
               !slice_equal(((struct tenant_rule *)leaf->rules.items[at])->objective->name, name))
            at++;
        if (at == leaf->rules.count)
            cursor_fail(c);
        else
            tenant_member_load(leaf->members.items[at], leaf->rules.items[at], c);
    }
}

/* NULL: the cursor tells why. */
static struct tenant_leaf *load_leaf(struct tenant_task *t, struct cursor *c) {
    struct report_leaf names = {.tenant = cursor_slice(c)};
    names.vendor = cursor_slice(c);
    names.site = cursor_slice(c);
    names.queue = cursor_slice(c);
    names.channel = cursor_u8(c);
    names.priority = cursor_u8(c);
    names.direction = cursor_u8(c);
    names.reason = cursor_slice(c);
    uint64_t ages = cursor_varint(c);
    if (names.channel >= CHANNEL_COUNT || names.priority >= PRIORITY_COUNT ||
        names.direction >= DIRECTION_COUNT)
        cursor_fail(c);
    if (c->failed)
        return NULL;
    struct tenant_leaf *leaf = tenant_state_leaf(t, &names);
    load_ages(t, leaf, ages, c);
    load_members(leaf, c);
    return leaf;
}

/* Journeys say where they count by the leaves' order. */
static bool load_leaves(struct tenant_task *t, struct cursor *c, struct err *err) {
    uint64_t count = cursor_varint(c);
    if (count > cursor_left(c))
        return err_set(err, "%llu leaves do not fit what is left of the state",
                       (unsigned long long)count);
    struct tenant_leaf **leaves = calloc((size_t)count + 1, sizeof(*leaves));
    CHECK(leaves);
    for (uint64_t i = 0; i < count && !c->failed; i++)
        leaves[i] = load_leaf(t, c);
    bool loaded = c->failed ? err_set(err, "a leaf is not whole")
                            : tenant_journeys_load(t, leaves, (size_t)count, c, err) &&
                                  tenant_efforts_load(t, leaves, (size_t)count, c, err);
    free(leaves);
    return loaded;
}

static void align_members(const struct tenant_leaf *leaf, int64_t step_at) {
    for (size_t i = 0; i < leaf->members.count; i++) {
        struct tenant_member *member = leaf->members.items[i];
        if (member->cell)
            cell_advance(member->cell, step_at);
    }
}

/* How far a cell or a feed has come depends on who looked at it: all go to the same step first. */
static void align_cells(const struct tenant_task *t) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        const struct tenant *tenant = t->tenants.items[i];
        for (size_t n = 0; n < tenant->scopes.count; n++)
            cell_advance(((struct tenant_scope *)tenant->scopes.items[n])->cell, t->step_at);
        for (size_t n = 0; n < tenant->rules.count; n++)
            cell_advance(((struct tenant_rule *)tenant->rules.items[n])->cell, t->step_at);
        for (size_t n = 0; n < tenant->demands.count; n++)
            cell_advance(((struct tenant_demand *)tenant->demands.items[n])->cell, t->step_at);
        for (size_t n = 0; n < tenant->feeds.count; n++) {
            struct tenant_feed *feed = tenant->feeds.items[n];
            judge_feed_pass(&feed->state, t->step_at);
            judge_skew_pass(&feed->skew, t->step_at);
            judge_quality_pass(&feed->quality, t->step_at);
        }
        for (size_t n = 0; n < tenant->forecasts.count; n++)
            cell_advance(((struct tenant_forecast *)tenant->forecasts.items[n])->cell, t->step_at);
    }
    for (size_t i = 0; i < t->leaves.count; i++)
        align_members(t->leaves.items[i], t->step_at);
}

void tenant_task_save(const struct tenant_task *t, struct buf *b) {
    CHECK(!t->options.unexplained);
    align_cells(t);
    buf_put_u8(b, FORMAT);
    buf_put_zigzag(b, t->clock);
    buf_put_zigzag(b, t->step_at);
    buf_put_zigzag(b, t->first_at);
    buf_put_zigzag(b, t->newest_pane_at);
    tenant_sources_save(&t->sources, b);
    buf_put_varint(b, t->tenants.count);
    for (size_t i = 0; i < t->tenants.count; i++)
        save_tenant(t->tenants.items[i], b);
    save_leaves(t, b);
    tenant_commands_save(&t->waiting, b);
}

bool tenant_task_load(struct tenant_task *t, struct slice bytes, struct err *err) {
    CHECK(!t->options.unexplained);
    struct cursor c = cursor_of(bytes);
    uint8_t format = cursor_u8(&c);
    if (format != FORMAT)
        return err_set(err, "tenant task: unknown format %u of the state", format);
    t->clock = cursor_zigzag(&c);
    t->step_at = cursor_zigzag(&c);
    t->first_at = cursor_zigzag(&c);
    t->newest_pane_at = cursor_zigzag(&c);
    tenant_sources_load(&t->sources, &c);
    t->effective_at = contract_set_next_change(t->options.contracts, t->step_at);
    uint64_t tenants = cursor_varint(&c);
    for (uint64_t i = 0; i < tenants && !c.failed; i++) {
        if (!load_tenant(t, &c, err))
            return err_wrap(err, "tenant task");
    }
    if (!c.failed && (!load_leaves(t, &c, err) || !tenant_commands_load(&t->waiting, &c, err)))
        return err_wrap(err, "tenant task");
    t->counts = (struct tenant_task_counts){0};
    if (c.failed || cursor_left(&c) > 0)
        return err_set(err, "tenant task: the state is not whole");
    return true;
}
