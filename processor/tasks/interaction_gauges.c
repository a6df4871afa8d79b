#include "tasks/interaction_gauges.h"

#include <stdlib.h>

#include "base/check.h"

#define FEWEST_LEAVES 64

void gauges_init(struct gauges *g, struct record_store *store) {
    *g = (struct gauges){.store = store};
}

void gauges_deinit(struct gauges *g) {
    for (size_t k = 0; k < g->leaf_capacity; k++) {
        for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++)
            free(g->leaves[k].heaps[kind].entries);
    }
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
    for (size_t k = g->leaf_capacity; k < capacity; k++)
        g->leaves[k] = (struct gauge_leaf){.told_at = {INSTANT_NONE, INSTANT_NONE}};
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

static void put(struct gauges *g, struct gauge_heap *h, enum gauge_kind kind, uint32_t place,
                struct gauge_entry entry) {
    h->entries[place] = entry;
    record_at(g->store, entry.handle)->gauge_place[kind] = place;
}

/* Moves an entry towards the top as far as it is older. */
static void rise(struct gauges *g, struct gauge_heap *h, enum gauge_kind kind, uint32_t place,
                 struct gauge_entry entry) {
    while (place > 0 && entry.at < h->entries[(place - 1) / 2].at) {
        put(g, h, kind, place, h->entries[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(g, h, kind, place, entry);
}

/* Moves an entry down as far as something below is older. */
static void sink(struct gauges *g, struct gauge_heap *h, enum gauge_kind kind, uint32_t place,
                 struct gauge_entry entry) {
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->entries[child + 1].at < h->entries[child].at)
            child++;
        if (h->entries[child].at >= entry.at)
            break;
        put(g, h, kind, place, h->entries[child]);
        place = child;
    }
    put(g, h, kind, place, entry);
}

static void add(struct gauges *g, enum gauge_kind kind, uint32_t leaf, struct gauge_entry entry) {
    struct gauge_heap *h = &leaf_at(g, leaf)->heaps[kind];
    if (h->count == h->capacity) {
        h->capacity = h->capacity == 0 ? 16 : h->capacity * 2;
        h->entries = realloc(h->entries, h->capacity * sizeof(*h->entries));
        CHECK(h->entries);
    }
    record_at(g->store, entry.handle)->gauge_leaf[kind] = leaf;
    h->count++;
    rise(g, h, kind, h->count - 1, entry);
    if (h->entries[0].handle == entry.handle)
        mark(g, leaf);
}

static void take_out(struct gauges *g, enum gauge_kind kind, struct record *r) {
    uint32_t leaf = r->gauge_leaf[kind], place = r->gauge_place[kind];
    if (leaf == LEAF_NONE)
        return;
    struct gauge_heap *h = &leaf_at(g, leaf)->heaps[kind];
    struct gauge_entry last = h->entries[--h->count];
    int64_t was_at = h->entries[place].at;
    r->gauge_leaf[kind] = LEAF_NONE;
    if (place == 0)
        mark(g, leaf);
    if (place == h->count)
        return;
    if (last.at < was_at)
        rise(g, h, kind, place, last);
    else
        sink(g, h, kind, place, last);
}

static void stand(struct gauges *g, enum gauge_kind kind, uint32_t handle, uint32_t leaf,
                  int64_t at) {
    struct record *r = record_at(g->store, handle);
    uint32_t stands_in = r->gauge_leaf[kind];
    if (stands_in == leaf &&
        (leaf == LEAF_NONE || leaf_at(g, leaf)->heaps[kind].entries[r->gauge_place[kind]].at == at))
        return;
    take_out(g, kind, r);
    if (leaf != LEAF_NONE)
        add(g, kind, leaf, (struct gauge_entry){at, handle});
}

void gauges_update(struct gauges *g, uint32_t handle) {
    const struct interaction *now = record_now(g->store, record_at(g->store, handle));
    bool waits = interaction_waits(now) && now->visit.counted;
    stand(g, GAUGE_WAITING, handle, waits ? now->visit.leaf : LEAF_NONE, now->visit.queued_at);
    stand(g, GAUGE_OPEN, handle, now->backlog ? now->leaf : LEAF_NONE, now->opened_at);
}

void gauges_remove(struct gauges *g, uint32_t handle) {
    for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++)
        take_out(g, kind, record_at(g->store, handle));
}

static int compare_gauges(const void *left, const void *right, void *context) {
    const struct gauge *a = left;
    const struct gauge *b = right;
    return leaf_compare(leaf_dict_at(context, a->leaf), leaf_dict_at(context, b->leaf));
}

static int64_t oldest_at(const struct gauge_heap *h) {
    return h->count > 0 ? h->entries[0].at : INSTANT_NONE;
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
        int64_t waiting_at = oldest_at(&l->heaps[GAUGE_WAITING]);
        int64_t open_at = oldest_at(&l->heaps[GAUGE_OPEN]);
        l->changed = false;
        if (waiting_at == l->told_at[GAUGE_WAITING] && open_at == l->told_at[GAUGE_OPEN])
            continue;
        l->told_at[GAUGE_WAITING] = waiting_at;
        l->told_at[GAUGE_OPEN] = open_at;
        g->out[count++] = (struct gauge){g->changed[k], waiting_at, open_at};
    }
    g->changed_count = 0;
    if (count > 1)
        qsort_r(g->out, count, sizeof(*g->out), compare_gauges, g->store->leaves);
    *out = g->out;
    return count;
}
