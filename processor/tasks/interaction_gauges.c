#include "tasks/interaction_gauges.h"

#include <stdlib.h>

#include "base/check.h"

#define FEWEST_LEAVES 64

void gauges_init(struct gauges *g, struct record_store *store) {
    *g = (struct gauges){.store = store};
}

void gauges_deinit(struct gauges *g) {
    free(g->leaves);
    free(g->changed);
    free(g->out);
}

static struct gauge_leaf *leaf_at(struct gauges *g, uint32_t leaf) {
    if (leaf < g->leaf_capacity)
        return &g->leaves[leaf];
    size_t capacity = g->leaf_capacity == 0 ? FEWEST_LEAVES : g->leaf_capacity;
    while (capacity <= leaf)
        capacity *= 2;
    g->leaves = realloc(g->leaves, capacity * sizeof(*g->leaves));
    CHECK(g->leaves);
    for (size_t k = g->leaf_capacity; k < capacity; k++) {
        g->leaves[k] = (struct gauge_leaf){RECORD_NONE,  RECORD_NONE,  RECORD_NONE, RECORD_NONE,
                                           INSTANT_NONE, INSTANT_NONE, false};
    }
    g->leaf_capacity = capacity;
    return &g->leaves[leaf];
}

static void mark(struct gauges *g, uint32_t leaf) {
    struct gauge_leaf *l = leaf_at(g, leaf);
    if (l->changed)
        return;
    l->changed = true;
    if (g->changed_count == g->changed_capacity) {
        g->changed_capacity = g->changed_capacity == 0 ? 64 : g->changed_capacity * 2;
        g->changed = realloc(g->changed, g->changed_capacity * sizeof(*g->changed));
        CHECK(g->changed);
    }
    g->changed[g->changed_count++] = leaf;
}

/* New ones are mostly the newest: the search begins at the end. */
static void link_waiting(struct gauges *g, uint32_t handle, uint32_t leaf, int64_t at) {
    struct gauge_leaf *l = leaf_at(g, leaf);
    uint32_t prev = l->waiting_last;
    while (prev != RECORD_NONE && record_at(g->store, prev)->waiting_at > at)
        prev = record_at(g->store, prev)->waiting_prev;
    struct record *r = record_at(g->store, handle);
    uint32_t next = l->waiting_first;
    if (prev != RECORD_NONE)
        next = record_at(g->store, prev)->waiting_next;
    r->waiting_leaf = leaf;
    r->waiting_at = at;
    r->waiting_prev = prev;
    r->waiting_next = next;
    *(prev == RECORD_NONE ? &l->waiting_first : &record_at(g->store, prev)->waiting_next) = handle;
    *(next == RECORD_NONE ? &l->waiting_last : &record_at(g->store, next)->waiting_prev) = handle;
    if (prev == RECORD_NONE)
        mark(g, leaf);
}

static void unlink_waiting(struct gauges *g, uint32_t handle) {
    struct record *r = record_at(g->store, handle);
    if (r->waiting_leaf == LEAF_NONE)
        return;
    struct gauge_leaf *l = leaf_at(g, r->waiting_leaf);
    uint32_t prev = r->waiting_prev, next = r->waiting_next;
    *(prev == RECORD_NONE ? &l->waiting_first : &record_at(g->store, prev)->waiting_next) = next;
    *(next == RECORD_NONE ? &l->waiting_last : &record_at(g->store, next)->waiting_prev) = prev;
    if (prev == RECORD_NONE)
        mark(g, r->waiting_leaf);
    r->waiting_leaf = LEAF_NONE;
}

static void link_open(struct gauges *g, uint32_t handle, uint32_t leaf, int64_t at) {
    struct gauge_leaf *l = leaf_at(g, leaf);
    uint32_t prev = l->open_last;
    while (prev != RECORD_NONE && record_at(g->store, prev)->open_at > at)
        prev = record_at(g->store, prev)->open_prev;
    struct record *r = record_at(g->store, handle);
    uint32_t next = l->open_first;
    if (prev != RECORD_NONE)
        next = record_at(g->store, prev)->open_next;
    r->open_leaf = leaf;
    r->open_at = at;
    r->open_prev = prev;
    r->open_next = next;
    *(prev == RECORD_NONE ? &l->open_first : &record_at(g->store, prev)->open_next) = handle;
    *(next == RECORD_NONE ? &l->open_last : &record_at(g->store, next)->open_prev) = handle;
    if (prev == RECORD_NONE)
        mark(g, leaf);
}

static void unlink_open(struct gauges *g, uint32_t handle) {
    struct record *r = record_at(g->store, handle);
    if (r->open_leaf == LEAF_NONE)
        return;
    struct gauge_leaf *l = leaf_at(g, r->open_leaf);
    uint32_t prev = r->open_prev, next = r->open_next;
    *(prev == RECORD_NONE ? &l->open_first : &record_at(g->store, prev)->open_next) = next;
    *(next == RECORD_NONE ? &l->open_last : &record_at(g->store, next)->open_prev) = prev;
    if (prev == RECORD_NONE)
        mark(g, r->open_leaf);
    r->open_leaf = LEAF_NONE;
}

void gauges_update(struct gauges *g, uint32_t handle) {
    struct record *r = record_at(g->store, handle);
    const struct interaction *now = record_now(g->store, r);
    bool waits = interaction_waits(now) && now->visit.counted;
    uint32_t waiting_leaf = waits ? now->visit.leaf : LEAF_NONE;
    if (waiting_leaf != r->waiting_leaf || (waits && now->visit.queued_at != r->waiting_at)) {
        unlink_waiting(g, handle);
        if (waits)
            link_waiting(g, handle, waiting_leaf, now->visit.queued_at);
    }
    uint32_t open_leaf = now->backlog ? now->leaf : LEAF_NONE;
    if (open_leaf != r->open_leaf || (now->backlog && now->opened_at != r->open_at)) {
        unlink_open(g, handle);
        if (now->backlog)
            link_open(g, handle, open_leaf, now->opened_at);
    }
}

void gauges_remove(struct gauges *g, uint32_t handle) {
    unlink_waiting(g, handle);
    unlink_open(g, handle);
}

static int compare_gauges(const void *left, const void *right, void *context) {
    const struct gauge *a = left;
    const struct gauge *b = right;
    return leaf_compare(leaf_dict_at(context, a->leaf), leaf_dict_at(context, b->leaf));
}

static struct gauge gauge_of(const struct gauges *g, uint32_t leaf) {
    const struct gauge_leaf *l = &g->leaves[leaf];
    struct gauge gauge = {leaf, INSTANT_NONE, INSTANT_NONE};
    if (l->waiting_first != RECORD_NONE)
        gauge.oldest_waiting_at = record_at(g->store, l->waiting_first)->waiting_at;
    if (l->open_first != RECORD_NONE)
        gauge.oldest_open_at = record_at(g->store, l->open_first)->open_at;
    return gauge;
}

size_t gauges_take(struct gauges *g, const struct gauge **out) {
    if (g->out_capacity < g->changed_count) {
        g->out_capacity = g->changed_capacity;
        g->out = realloc(g->out, g->out_capacity * sizeof(*g->out));
        CHECK(g->out);
    }
    size_t count = 0;
    for (size_t k = 0; k < g->changed_count; k++) {
        struct gauge_leaf *l = &g->leaves[g->changed[k]];
        struct gauge gauge = gauge_of(g, g->changed[k]);
        l->changed = false;
        if (gauge.oldest_waiting_at == l->told_waiting_at &&
            gauge.oldest_open_at == l->told_open_at)
            continue;
        l->told_waiting_at = gauge.oldest_waiting_at;
        l->told_open_at = gauge.oldest_open_at;
        g->out[count++] = gauge;
    }
    g->changed_count = 0;
    if (count > 1)
        qsort_r(g->out, count, sizeof(*g->out), compare_gauges, g->store->leaves);
    *out = g->out;
    return count;
}
