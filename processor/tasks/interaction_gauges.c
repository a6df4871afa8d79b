#include "tasks/interaction_gauges.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/leaf.h"

#define FEWEST_LEAVES 64
#define FEWEST_INSTANTS 8
#define FEW_GONE 32 /* in a heap that need not be cleared of them */

void gauges_init(struct gauges *g, struct leaf_dict *leaves) {
    *g = (struct gauges){.leaf_dict = leaves};
}

void gauges_deinit(struct gauges *g) {
    for (size_t k = 0; k < g->leaf_capacity; k++) {
        for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++) {
            free(g->leaves[k].ages[kind].came.at);
            free(g->leaves[k].ages[kind].went.at);
        }
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
        g->leaves[k] = (struct gauge_leaf){
            .ages = {{.told_at = INSTANT_NONE}, {.told_at = INSTANT_NONE}}};
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

static void resize(struct gauge_heap *h, uint32_t capacity) {
    h->at = realloc(h->at, capacity * sizeof(*h->at));
    CHECK(h->at);
    h->capacity = capacity;
}

static void push(struct gauge_heap *h, int64_t at) {
    if (h->count == h->capacity)
        resize(h, h->capacity < FEWEST_INSTANTS ? FEWEST_INSTANTS : h->capacity / 2 * 3);
    uint32_t place = h->count++;
    for (; place > 0 && at < h->at[(place - 1) / 2]; place = (place - 1) / 2)
        h->at[place] = h->at[(place - 1) / 2];
    h->at[place] = at;
}

static void pop(struct gauge_heap *h) {
    int64_t last = h->at[--h->count];
    uint32_t place = 0;
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->at[child + 1] < h->at[child])
            child++;
        if (h->at[child] >= last)
            break;
        h->at[place] = h->at[child];
        place = child;
    }
    h->at[place] = last;
}

static int compare_instants(const void *left, const void *right) {
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* All that went leaves both heaps; what is sorted is a heap. */
static void clear(struct gauge_ages *ages) {
    struct gauge_heap *came = &ages->came, *went = &ages->went;
    qsort(came->at, came->count, sizeof(*came->at), compare_instants);
    qsort(went->at, went->count, sizeof(*went->at), compare_instants);
    uint32_t kept = 0, gone = 0;
    for (uint32_t k = 0; k < came->count; k++) {
        if (gone < went->count && went->at[gone] == came->at[k])
            gone++;
        else
            came->at[kept++] = came->at[k];
    }
    CHECK(gone == went->count);
    came->count = kept;
    went->count = 0;
    resize(came, kept / 2 * 3 + FEWEST_INSTANTS);
    resize(went, FEWEST_INSTANTS);
}

/* The least that has not gone, or INSTANT_NONE. */
static int64_t oldest_at(struct gauge_ages *ages) {
    while (ages->went.count > 0 && ages->went.at[0] == ages->came.at[0]) {
        pop(&ages->went);
        pop(&ages->came);
    }
    return ages->came.count > 0 ? ages->came.at[0] : INSTANT_NONE;
}

static void come(struct gauges *g, enum gauge_kind kind, uint32_t leaf, int64_t at) {
    if (leaf == LEAF_NONE)
        return;
    struct gauge_heap *came = &leaf_at(g, leaf)->ages[kind].came;
    push(came, at);
    if (came->at[0] == at)
        mark(g, leaf);
}

static void go(struct gauges *g, enum gauge_kind kind, uint32_t leaf, int64_t at) {
    if (leaf == LEAF_NONE)
        return;
    struct gauge_ages *ages = &leaf_at(g, leaf)->ages[kind];
    push(&ages->went, at);
    if (ages->came.at[0] == ages->went.at[0])
        mark(g, leaf);
    if (ages->went.count > FEW_GONE && ages->went.count > ages->came.count / 2)
        clear(ages);
}

struct gauge_standing gauges_standing(const struct interaction *now) {
    bool waits = interaction_waits(now) && now->visit.counted;
    return (struct gauge_standing){
        .leaf = {waits ? now->visit.leaf : LEAF_NONE, now->backlog ? now->leaf : LEAF_NONE},
        .at = {now->visit.queued_at, now->opened_at}};
}

struct gauge_standing gauges_nowhere(void) {
    return (struct gauge_standing){.leaf = {LEAF_NONE, LEAF_NONE}};
}

void gauges_move(struct gauges *g, const struct gauge_standing *from,
                 const struct gauge_standing *to) {
    for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++) {
        if (from->leaf[kind] == to->leaf[kind] && from->at[kind] == to->at[kind])
            continue;
        go(g, kind, from->leaf[kind], from->at[kind]);
        come(g, kind, to->leaf[kind], to->at[kind]);
    }
}

bool gauges_has_told(const struct gauges *g, uint32_t leaf) {
    bool told = false;
    for (enum gauge_kind kind = 0; kind < GAUGE_KINDS && leaf < g->leaf_capacity; kind++)
        told |= g->leaves[leaf].ages[kind].told_at != INSTANT_NONE;
    return told;
}

/* Where two leaves have become one, what was told of the second is told no more. */
static void take_over(struct gauges *g, enum gauge_kind kind, uint32_t leaf,
                      const struct gauge_ages *from) {
    struct gauge_ages *to = &leaf_at(g, leaf)->ages[kind];
    for (uint32_t k = 0; k < from->came.count; k++)
        push(&to->came, from->came.at[k]);
    for (uint32_t k = 0; k < from->went.count; k++)
        push(&to->went, from->went.at[k]);
    if (to->told_at == INSTANT_NONE)
        to->told_at = from->told_at;
    mark(g, leaf);
}

void gauges_rename(struct gauges *g, struct leaf_dict *leaves, const uint32_t *ids, size_t count) {
    struct gauges was = *g;
    gauges_init(g, leaves);
    for (uint32_t leaf = 0; leaf < count && leaf < was.leaf_capacity; leaf++)
        for (enum gauge_kind kind = 0; kind < GAUGE_KINDS && ids[leaf] != LEAF_NONE; kind++)
            take_over(g, kind, ids[leaf], &was.leaves[leaf].ages[kind]);
    gauges_deinit(&was);
}

static int compare_gauges(const void *left, const void *right, void *context) {
    const struct gauge *a = left;
    const struct gauge *b = right;
    return leaf_compare(leaf_dict_at(context, a->leaf), leaf_dict_at(context, b->leaf));
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
        int64_t waiting_at = oldest_at(&l->ages[GAUGE_WAITING]);
        int64_t open_at = oldest_at(&l->ages[GAUGE_OPEN]);
        l->changed = false;
        if (waiting_at == l->ages[GAUGE_WAITING].told_at && open_at == l->ages[GAUGE_OPEN].told_at)
            continue;
        l->ages[GAUGE_WAITING].told_at = waiting_at;
        l->ages[GAUGE_OPEN].told_at = open_at;
        g->out[count++] = (struct gauge){g->changed[k], waiting_at, open_at};
    }
    g->changed_count = 0;
    if (count > 1)
        qsort_r(g->out, count, sizeof(*g->out), compare_gauges, g->leaf_dict);
    *out = g->out;
    return count;
}
