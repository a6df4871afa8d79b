#include "backtest/episodes.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"
#include "base/table.h"

/* Texts are places in the buffer, which moves when it grows. */
struct text {
    size_t at, size;
};

struct kept {
    uint32_t group;
    enum transition ended;
    int32_t contract_version;
    int64_t opened_at, condition_at, resolved_at;
    struct text alert_id, scope, interaction_id;
};

struct episodes {
    struct episode_group **groups;
    size_t group_count, group_capacity;
    struct episode_group **sorted; /* the same, in order; NULL: not made yet */
    struct kept *kept;
    size_t kept_count, kept_capacity;
    struct buf texts;
    struct table open; /* of those kept, by alert_id */
    uint64_t left_out, uncounted;
};

struct episodes *episodes_new(void) {
    struct episodes *e = calloc(1, sizeof(*e));
    CHECK(e);
    buf_init(&e->texts);
    table_init(&e->open, 64);
    return e;
}

static void free_text(struct slice s) {
    free((char *)(uintptr_t)s.at);
}

void episodes_free(struct episodes *e) {
    if (!e)
        return;
    for (size_t i = 0; i < e->group_count; i++) {
        free_text(e->groups[i]->tenant);
        free_text(e->groups[i]->contract);
        free_text(e->groups[i]->rule);
        free(e->groups[i]);
    }
    free(e->groups);
    free(e->sorted);
    free(e->kept);
    buf_deinit(&e->texts);
    table_deinit(&e->open);
    free(e);
}

static bool is_of(const struct episode_group *g, const struct alert *a) {
    return g->kind == a->kind && slice_equal(g->rule, a->rule) && slice_equal(g->tenant, a->tenant);
}

static uint32_t new_group(struct episodes *e, const struct alert *a) {
    if (e->group_count == e->group_capacity) {
        e->group_capacity = e->group_capacity ? e->group_capacity * 2 : 16;
        e->groups = realloc(e->groups, e->group_capacity * sizeof(struct episode_group *));
        CHECK(e->groups);
    }
    struct episode_group *g = calloc(1, sizeof(*g));
    CHECK(g);
    g->tenant = slice_copy(a->tenant);
    g->contract = slice_copy(a->contract);
    g->rule = slice_copy(a->rule);
    g->contract_version = a->contract_version;
    g->kind = a->kind;
    free(e->sorted);
    e->sorted = NULL;
    e->groups[e->group_count] = g;
    return (uint32_t)e->group_count++;
}

/* EPISODE_GROUPS_MAX when there are too many. There are few: one for each rule that fires. */
static uint32_t group_of(struct episodes *e, const struct alert *a) {
    for (size_t i = 0; i < e->group_count; i++)
        if (is_of(e->groups[i], a))
            return (uint32_t)i;
    return e->group_count == EPISODE_GROUPS_MAX ? (uint32_t)EPISODE_GROUPS_MAX : new_group(e, a);
}

static struct slice slice_at(const struct episodes *e, struct text t) {
    return (struct slice){e->texts.at + t.at, t.size};
}

static struct text keep_text(struct episodes *e, struct slice s) {
    struct text t = {e->texts.size, s.size};
    if (s.size > 0)
        buf_put(&e->texts, s.at, s.size);
    return t;
}

static struct text keep_scope(struct episodes *e, const struct alert *a) {
    struct scope scope = {.values = {[SCOPE_VENDOR] = a->vendor,
                                     [SCOPE_SITE] = a->site,
                                     [SCOPE_QUEUE] = a->queue,
                                     [SCOPE_CHANNEL] = a->channel,
                                     [SCOPE_PRIORITY] = a->priority,
                                     [SCOPE_AGENT] = a->agent}};
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        if (scope.values[d].size > 0)
            scope.mask |= SCOPE_BIT(d);
    struct text t = {e->texts.size, 0};
    scope_format(&scope, &e->texts);
    t.size = e->texts.size - t.at;
    return t;
}

static void keep(struct episodes *e, uint32_t group, const struct alert *a) {
    if (e->kept_count == EPISODES_MAX || e->texts.size > EPISODES_TEXT_MAX) {
        e->left_out++;
        return;
    }
    if (e->kept_count == e->kept_capacity) {
        e->kept_capacity = e->kept_capacity ? e->kept_capacity * 2 : 64;
        e->kept = realloc(e->kept, e->kept_capacity * sizeof(*e->kept));
        CHECK(e->kept);
    }
    e->kept[e->kept_count] = (struct kept){.group = group,
                                           .contract_version = a->contract_version,
                                           .opened_at = a->opened_at,
                                           .condition_at = a->condition_at,
                                           .resolved_at = INSTANT_NONE,
                                           .alert_id = keep_text(e, a->alert_id),
                                           .scope = keep_scope(e, a),
                                           .interaction_id = keep_text(e, a->interaction_id)};
    table_insert(&e->open, slice_hash(a->alert_id, 0), (uint32_t)e->kept_count++);
}

static bool same_id(const void *context, uint32_t handle, const void *key) {
    const struct episodes *e = context;
    const struct slice *id = key;
    return slice_equal(slice_at(e, e->kept[handle].alert_id), *id);
}

static void end(struct episodes *e, struct episode_group *g, const struct alert *a) {
    int64_t lasted_ms = a->resolved_at - a->opened_at;
    g->ended[a->transition]++;
    g->total_ms += lasted_ms;
    if (lasted_ms > g->longest_ms)
        g->longest_ms = lasted_ms;
    uint64_t hash = slice_hash(a->alert_id, 0);
    uint32_t handle = table_find(&e->open, hash, same_id, e, &a->alert_id);
    if (handle == TABLE_NONE)
        return;
    e->kept[handle].ended = a->transition;
    e->kept[handle].resolved_at = a->resolved_at;
    table_remove(&e->open, hash, handle);
}

void episodes_take(struct episodes *e, const struct alert *a) {
    bool ends = a->transition == TRANSITION_RESOLVED || a->transition == TRANSITION_EXPIRED ||
                a->transition == TRANSITION_VOIDED;
    if (a->transition != TRANSITION_FIRING && !ends)
        return;
    uint32_t group = group_of(e, a);
    if (group == EPISODE_GROUPS_MAX) {
        e->uncounted++;
        return;
    }
    if (ends) {
        end(e, e->groups[group], a);
        return;
    }
    e->groups[group]->fired++;
    if (e->groups[group]->contract_version != a->contract_version)
        e->groups[group]->contract_version = 0;
    keep(e, group, a);
}

size_t episodes_group_count(const struct episodes *e) {
    return e->group_count;
}

static int compare_groups(const void *left, const void *right) {
    const struct episode_group *a = *(struct episode_group *const *)left;
    const struct episode_group *b = *(struct episode_group *const *)right;
    int order = slice_compare(a->tenant, b->tenant);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order != 0 ? order : slice_compare(a->rule, b->rule);
}

const struct episode_group *episodes_group(struct episodes *e, size_t index) {
    CHECK(index < e->group_count);
    if (!e->sorted) {
        e->sorted = malloc(e->group_count * sizeof(struct episode_group *));
        CHECK(e->sorted);
        memcpy(e->sorted, e->groups, e->group_count * sizeof(struct episode_group *));
        qsort(e->sorted, e->group_count, sizeof(struct episode_group *), compare_groups);
    }
    return e->sorted[index];
}

size_t episodes_count(const struct episodes *e) {
    return e->kept_count;
}

struct past_episode episodes_at(const struct episodes *e, size_t index) {
    CHECK(index < e->kept_count);
    const struct kept *k = &e->kept[index];
    return (struct past_episode){.group = k->group,
                                 .ended = k->ended,
                                 .contract_version = k->contract_version,
                                 .opened_at = k->opened_at,
                                 .condition_at = k->condition_at,
                                 .resolved_at = k->resolved_at,
                                 .alert_id = slice_at(e, k->alert_id),
                                 .scope = slice_at(e, k->scope),
                                 .interaction_id = slice_at(e, k->interaction_id)};
}

const struct episode_group *episodes_group_of(const struct episodes *e,
                                              const struct past_episode *p) {
    CHECK(p->group < e->group_count);
    return e->groups[p->group];
}

uint64_t episodes_left_out(const struct episodes *e) {
    return e->left_out;
}

uint64_t episodes_uncounted(const struct episodes *e) {
    return e->uncounted;
}
