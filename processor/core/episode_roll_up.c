#include "core/episode_roll_up.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"
#include "core/episode_roll_up_words.h"

#define SITE_MASK (SCOPE_BIT(SCOPE_VENDOR) | SCOPE_BIT(SCOPE_SITE))

/* One that may fire, and its episode where it does. */
struct member {
    const struct scope *scope;
    uint32_t handle; /* TABLE_NONE: it does not fire */
    bool judged;
};

/* One rule in one kind. */
struct rolling {
    const struct judge_context *ctx;
    struct slice rule;
    enum alert_kind kind;
    int64_t step_at;
};

static struct episode_name name_of(const struct rolling *r, const struct scope *scope) {
    return (struct episode_name){.kind = r->kind, .rule = r->rule, .scope = scope};
}

static struct scope part_of(const struct scope *scope, uint32_t mask) {
    struct scope part = {.mask = mask};
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        if (mask & SCOPE_BIT(d))
            part.values[d] = scope->values[d];
    return part;
}

/* What the children of a site fix beside it; 0: they are sites, or fix none. */
static uint32_t site_of(uint32_t mask) {
    bool finer = (mask & SCOPE_BIT(SCOPE_SITE)) && (mask & ~SITE_MASK);
    return finer ? mask & SITE_MASK : 0;
}

static int64_t needed_of(const struct contract *c, int64_t judged) {
    /* A share of 60 % of five is three, whatever the last bit of 0.6 is. */
    int64_t share = (int64_t)ceil(c->roll_up_share * (double)judged - 1e-9);
    return share > c->roll_up_children ? share : c->roll_up_children;
}

/* How many fire, of how many, which, and how grave the gravest of them is. */
static struct roll_up_count count_members(const struct rolling *r, const struct member *members,
                                          size_t count, struct alert *a) {
    struct roll_up_count c = {0};
    a->contributor_count = 0;
    for (size_t i = 0; i < count; i++) {
        c.judged += members[i].judged || members[i].handle != TABLE_NONE;
        if (members[i].handle == TABLE_NONE)
            continue;
        const struct episode *e = episode_at(r->ctx->book, members[i].handle);
        c.firing++;
        if (e->severity > (uint8_t)a->severity)
            a->severity = (enum severity)e->severity;
        if (a->contributor_count < ALERT_CONTRIBUTORS_MAX)
            roll_up_words_contributor(members[i].scope, a);
    }
    for (size_t i = 0; i < a->contributor_count; i++)
        a->contributors[i].share = 1 / (double)c.firing;
    return c;
}

static void fill(const struct rolling *r, const struct roll_up_count *c, struct alert *a) {
    a->numerator = c->firing;
    a->denominator = a->sample = c->judged;
    a->observed = c->judged > 0 ? (double)c->firing / (double)c->judged : ALERT_DOUBLE_NONE;
    a->more = (int32_t)c->firing;
    a->completeness = r->ctx->completeness;
}

/* Whose it is, of the first that fires. */
static void take_over(const struct rolling *r, const struct member *members, size_t count,
                      struct alert *a) {
    size_t first = 0;
    while (first < count && members[first].handle == TABLE_NONE)
        first++;
    CHECK(first < count);
    struct alert child;
    CHECK(episode_unpack(episode_at(r->ctx->book, members[first].handle)->bytes, &child));
    a->contact_role = child.contact_role;
    a->runbook = child.runbook;
    a->outcome = child.outcome;
}

static uint32_t find(const struct rolling *r, const struct episode_name *name) {
    return episode_handle_of_name(r->ctx, name);
}

static uint32_t fire(const struct rolling *r, const struct scope *parent,
                     const struct member *members, size_t count) {
    struct episode_name name = name_of(r, parent);
    if (!episode_may_fire(r->ctx, &name, r->step_at))
        return TABLE_NONE;
    struct alert a;
    struct buf summary;
    judge_alert_init(r->ctx, r->kind, parent, &a);
    struct roll_up_count c = count_members(r, members, count, &a);
    fill(r, &c, &a);
    take_over(r, members, count, &a);
    a.opened_at = a.condition_at = r->step_at;
    a.threshold = r->ctx->contract->roll_up_share;
    a.unit = UNIT_RATIO;
    a.formula = SLICE("roll_up");
    buf_init(&summary);
    roll_up_words(&summary, r->kind, r->rule, parent, members[0].scope, &c, &a);
    a.summary = buf_slice(&summary);
    bool fired = episode_fire(r->ctx, &name, &a);
    buf_deinit(&summary);
    if (!fired)
        return TABLE_NONE;
    uint32_t handle = find(r, &name);
    episode_at(r->ctx->book, handle)->spare = (int32_t)(c.firing -
                                                        needed_of(r->ctx->contract, c.judged));
    r->ctx->book->counts.rolled_up++;
    return handle;
}

/* It stands until fewer than half of what it takes to begin are left, so that it does not come and
 * go with one child; VOIDED where late events took the ground away on which it began. */
static uint32_t go_on(const struct rolling *r, const struct scope *parent,
                      const struct member *members, size_t count, uint32_t handle) {
    struct episode_name name = name_of(r, parent);
    struct episode *episode = episode_at(r->ctx->book, handle);
    struct alert a, last;
    CHECK(episode_unpack(episode->bytes, &last));
    a = last;
    a.severity = (enum severity)episode->severity;
    struct roll_up_count c = count_members(r, members, count, &a);
    bool voided = episode->spare < 0;
    bool over = 2 * c.firing < needed_of(r->ctx->contract, c.judged);
    if (!voided && !over && c.firing == last.numerator && c.judged == last.denominator)
        return handle;
    struct buf summary;
    fill(r, &c, &a);
    buf_init(&summary);
    roll_up_words(&summary, r->kind, r->rule, parent, members[0].scope, &c, &a);
    if (voided || over)
        summary_text(&summary, voided ? " As late events have shown, there was no ground for it."
                                      : " The others are well again.");
    a.summary = buf_slice(&summary);
    if (voided || over)
        episode_end(r->ctx, &name, voided ? TRANSITION_VOIDED : TRANSITION_RESOLVED, r->step_at,
                    &a);
    else
        episode_update_roll_up(r->ctx, handle, &a);
    buf_deinit(&summary);
    return voided || over ? TABLE_NONE : handle;
}

/* The parent's episode after this step; TABLE_NONE: it does not fire. */
static uint32_t judge_parent(const struct rolling *r, const struct scope *parent,
                             const struct member *members, size_t count) {
    struct episode_name name = name_of(r, parent);
    uint32_t handle = find(r, &name);
    if (handle != TABLE_NONE)
        handle = go_on(r, parent, members, count, handle);
    if (handle != TABLE_NONE)
        return handle;
    int64_t firing = 0, judged = 0;
    for (size_t i = 0; i < count; i++) {
        firing += members[i].handle != TABLE_NONE;
        judged += members[i].judged || members[i].handle != TABLE_NONE;
    }
    return firing >= needed_of(r->ctx->contract, judged) ? fire(r, parent, members, count)
                                                         : TABLE_NONE;
}

/* By the parent, which is said before; by none: those that were, come back. */
static void suppress(const struct rolling *r, const struct member *members, size_t count,
                     uint32_t parent) {
    struct slice id = {NULL, 0};
    bool begins = false;
    if (parent != TABLE_NONE) {
        const struct episode *e = episode_at(r->ctx->book, parent);
        struct alert a;
        if (e->state == EPISODE_NONE)
            episode_unhold(r->ctx, parent, id);
        CHECK(episode_unpack(e->bytes, &a));
        id = (struct slice){e->id, EPISODE_ID_SIZE};
        begins = a.condition_at == r->step_at;
    }
    for (size_t i = 0; i < count; i++)
        if (members[i].handle != TABLE_NONE)
            episode_suppress(r->ctx, members[i].handle, id, begins);
}

static bool of_one(const struct scope *a, const struct scope *b, uint32_t mask) {
    struct scope x = part_of(a, mask), y = part_of(b, mask);
    return scope_equal(&x, &y);
}

/* The children of each site that has some, and what the site is to the tenant. */
static size_t judge_sites(const struct rolling *r, uint32_t mask, const struct member *children,
                          size_t count, struct scope *sites, struct member *members) {
    size_t site = 0;
    for (size_t from = 0, to; from < count; from = to, site++) {
        bool judged = false;
        for (to = from; to < count && of_one(children[from].scope, children[to].scope, mask); to++)
            judged |= children[to].judged;
        sites[site] = part_of(children[from].scope, mask);
        members[site] = (struct member){&sites[site], TABLE_NONE, judged};
        members[site].handle = judge_parent(r, &sites[site], &children[from], to - from);
    }
    return site;
}

static void suppress_by_sites(const struct rolling *r, uint32_t mask, const struct member *children,
                              size_t count, const struct member *members) {
    size_t site = 0;
    for (size_t from = 0, to; from < count; from = to, site++) {
        for (to = from; to < count && of_one(children[from].scope, children[to].scope, mask);)
            to++;
        suppress(r, &children[from], to - from, members[site].handle);
    }
}

/* From the children up it is decided, and from the top down it is said. */
static void roll_up(const struct rolling *r, const struct member *children, size_t count) {
    uint32_t mask = site_of(children[0].scope->mask);
    struct scope tenant = {0};
    if (!mask) {
        suppress(r, children, count, judge_parent(r, &tenant, children, count));
        return;
    }
    struct scope *sites = calloc(count, sizeof(*sites));
    struct member *members = calloc(count, sizeof(*members));
    CHECK(sites && members);
    size_t site_count = judge_sites(r, mask, children, count, sites, members);
    suppress(r, members, site_count, judge_parent(r, &tenant, members, site_count));
    suppress_by_sites(r, mask, children, count, members);
    free(sites);
    free(members);
}

void episode_roll_up(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                     const struct roll_up_child *children, size_t count, int64_t step_at) {
    struct rolling r = {ctx, rule, kind, step_at};
    if (count == 0 || children[0].scope->mask == 0 || ctx->book->open_of[kind] == 0)
        return;
    struct member *members = calloc(count, sizeof(*members));
    CHECK(members);
    for (size_t i = 0; i < count; i++) {
        struct episode_name name = name_of(&r, children[i].scope);
        members[i] = (struct member){children[i].scope, find(&r, &name), children[i].judged};
    }
    roll_up(&r, members, count);
    free(members);
}

void episode_roll_up_drop(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                          const struct scope *child, int64_t at) {
    struct rolling r = {ctx, rule, kind, at};
    uint32_t mask = site_of(child->mask);
    struct scope parent = part_of(child, mask);
    struct scope tenant = {0};
    struct episode_name of_parent = name_of(&r, &parent), of_tenant = name_of(&r, &tenant);
    if (child->mask == 0)
        return;
    if (find(&r, &of_parent) != TABLE_NONE || find(&r, &of_tenant) != TABLE_NONE)
        ctx->book->orphans = ctx->book->unsettled = true;
    judge_drop(ctx, &of_parent, TRANSITION_VOIDED, at);
    judge_drop(ctx, &of_tenant, TRANSITION_VOIDED, at);
}

static bool is_orphan(const struct episode_book *book, const struct episode *episode) {
    struct alert a;
    CHECK(episode_unpack(episode->bytes, &a));
    return episode->state == EPISODE_OPEN && a.interaction_id.size == 0 &&
           a.suppressed_by.size > 0 && episode_handle_of_id(book, a.suppressed_by) == TABLE_NONE;
}

/* Not where the parent goes: whose rule goes too would come back for an instant, and page. */
void episode_roll_up_orphans(const struct judge_context *ctx) {
    struct episode_book *book = ctx->book;
    if (!book->orphans)
        return;
    size_t count;
    struct episode **list = episode_sorted(book, true, &count);
    for (size_t i = 0; i < count; i++)
        if (is_orphan(book, list[i]))
            episode_suppress(ctx, episode_handle(book, list[i]->key), (struct slice){NULL, 0},
                             false);
    free(list);
    book->orphans = false;
}
