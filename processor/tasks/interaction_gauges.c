#include "tasks/interaction_gauges.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/leaf.h"

#define FEWEST_LEAVES 64
#define FEWEST_INSTANTS 8
#define FEW_GONE 32 /* in a heap that need not be cleared of them */
#define MANY_CHANGED 32

void gauges_init(struct gauges *g, struct leaf_dict *leaves) {
    *g = (struct gauges){.leaf_dict = leaves};
}

void gauges_deinit(struct gauges *g) {
    for (size_t k = 0; k < g->leaf_capacity; k++) {
        for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++) {
            free(g->leaves[k].ages[kind].line.at);
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

/* Makes room at the end: what is empty goes, and memory follows what is left. */
static void line_tidy(struct gauge_line *l) {
    uint32_t kept = 0;
    for (uint32_t k = l->first; k < l->end; k++) {
        if (l->at[k].count > 0)
            l->at[kept++] = l->at[k];
    }
    l->first = l->empty = 0;
    l->end = kept;
    bool large = l->capacity > FEWEST_INSTANTS && kept < l->capacity / 8;
    if (kept < l->capacity / 2 && !large)
        return;
    l->capacity = kept * 2 + FEWEST_INSTANTS;
    l->at = realloc(l->at, l->capacity * sizeof(*l->at));
    CHECK(l->at);
}

/* False of one that is earlier than the last. */
static bool line_add(struct gauge_line *l, int64_t at) {
    if (l->end > l->first && at <= l->at[l->end - 1].at) {
        struct gauge_instant *last = &l->at[l->end - 1];
        if (at < last->at)
            return false;
        l->empty -= last->count++ == 0;
        return true;
    }
    if (l->end == l->capacity)
        line_tidy(l);
    l->at[l->end++] = (struct gauge_instant){at, 1};
    return true;
}

/* The first that is not before `at`, or the end. */
static uint32_t line_find(const struct gauge_line *l, int64_t at) {
    uint32_t from = l->first, count = l->end - l->first;
    if (count > 0 && l->at[from].at >= at)
        return from; /* who came first mostly goes first */
    while (count > 1) {
        uint32_t half = count / 2;
        from += l->at[from + half - 1].at < at ? half : 0;
        count -= half;
    }
    return count == 1 && l->at[from].at < at ? from + 1 : from;
}

/* False when it is not there. */
static bool line_remove(struct gauge_line *l, int64_t at) {
    uint32_t place = line_find(l, at);
    if (place == l->end || l->at[place].at != at || l->at[place].count == 0)
        return false;
    if (--l->at[place].count > 0)
        return true;
    l->empty++;
    for (; l->first < l->end && l->at[l->first].count == 0; l->first++)
        l->empty--;
    if (l->empty > FEW_GONE && l->empty > (l->end - l->first) / 2)
        line_tidy(l);
    return true;
}

static int64_t line_oldest_at(const struct gauge_line *l) {
    return l->first < l->end ? l->at[l->first].at : INSTANT_NONE;
}

/* The least of the heaps that has not gone, or INSTANT_NONE. */
static int64_t heaps_oldest_at(struct gauge_ages *ages) {
    while (ages->went.count > 0 && ages->went.at[0] == ages->came.at[0]) {
        pop(&ages->went);
        pop(&ages->came);
    }
    return ages->came.count > 0 ? ages->came.at[0] : INSTANT_NONE;
}

static int64_t oldest_at(struct gauge_ages *ages) {
    int64_t line_at = line_oldest_at(&ages->line), heaps_at = heaps_oldest_at(ages);
    if (line_at == INSTANT_NONE || heaps_at == INSTANT_NONE)
        return line_at == INSTANT_NONE ? heaps_at : line_at;
    return line_at < heaps_at ? line_at : heaps_at;
}

static void come(struct gauges *g, enum gauge_kind kind, uint32_t leaf, int64_t at) {
    if (leaf == LEAF_NONE)
        return;
    struct gauge_ages *ages = &leaf_at(g, leaf)->ages[kind];
    bool in_line = line_add(&ages->line, at);
    if (!in_line)
        push(&ages->came, at);
    if ((in_line ? line_oldest_at(&ages->line) : ages->came.at[0]) == at)
        mark(g, leaf);
}

/* Of one that came out of order. */
static bool go_from_heaps(struct gauge_ages *ages, int64_t at) {
    CHECK(ages->went.count < ages->came.count);
    push(&ages->went, at);
    bool oldest = ages->came.at[0] == ages->went.at[0];
    if (ages->went.count > FEW_GONE && ages->went.count > ages->came.count / 2)
        clear(ages);
    return oldest;
}

static void go(struct gauges *g, enum gauge_kind kind, uint32_t leaf, int64_t at) {
    if (leaf == LEAF_NONE)
        return;
    struct gauge_ages *ages = &leaf_at(g, leaf)->ages[kind];
    int64_t line_at = line_oldest_at(&ages->line);
    bool in_line = line_remove(&ages->line, at);
    bool oldest = in_line ? line_at == at : go_from_heaps(ages, at);
    if (oldest)
        mark(g, leaf);
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

static uint32_t plain_of(const struct gauges *g, uint32_t leaf) {
    return leaf == LEAF_NONE ? LEAF_NONE : leaf_dict_plain(g->leaf_dict, leaf);
}

void gauges_move(struct gauges *g, const struct gauge_standing *from,
                 const struct gauge_standing *to) {
    for (enum gauge_kind kind = 0; kind < GAUGE_KINDS; kind++) {
        if (from->leaf[kind] == to->leaf[kind] && from->at[kind] == to->at[kind])
            continue;
        go(g, kind, plain_of(g, from->leaf[kind]), from->at[kind]);
        come(g, kind, plain_of(g, to->leaf[kind]), to->at[kind]);
    }
}

bool gauges_knows(const struct gauges *g, uint32_t leaf) {
    bool knows = false;
    for (enum gauge_kind kind = 0; kind < GAUGE_KINDS && leaf < g->leaf_capacity; kind++) {
        const struct gauge_ages *ages = &g->leaves[leaf].ages[kind];
        knows |= ages->told_at != INSTANT_NONE || ages->line.first < ages->line.end ||
                 ages->came.count > 0;
    }
    return knows;
}

/* Where two leaves have become one, what was told of the second is told no more. */
static void take_over(struct gauges *g, enum gauge_kind kind, uint32_t leaf,
                      const struct gauge_ages *from) {
    struct gauge_ages *to = &leaf_at(g, leaf)->ages[kind];
    for (uint32_t k = from->line.first; k < from->line.end; k++)
        for (uint32_t n = 0; n < from->line.at[k].count; n++)
            come(g, kind, leaf, from->line.at[k].at);
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

static int compare_ranks(const void *left, const void *right, void *context) {
    const uint32_t *ranks = context;
    uint32_t a = ranks[((const struct gauge *)left)->leaf];
    uint32_t b = ranks[((const struct gauge *)right)->leaf];
    return (a > b) - (a < b);
}

/* To know the ranks of all leaves may cost more than comparing the names of a few. */
static void order_out(struct gauges *g, size_t count) {
    if (count < MANY_CHANGED)
        qsort_r(g->out, count, sizeof(*g->out), compare_gauges, g->leaf_dict);
    else
        qsort_r(g->out, count, sizeof(*g->out), compare_ranks,
                (void *)(uintptr_t)leaf_dict_ranks(g->leaf_dict));
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
        order_out(g, count);
    *out = g->out;
    return count;
}
