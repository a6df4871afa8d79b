#include "tasks/interaction_graves.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/event.h"

struct grave {
    uint64_t hash;
    int64_t last_at;
    uint32_t check; /* a second hash, with another seed */
    uint32_t place; /* in the heap */
};

#define CHECK_SEED UINT64_C(0x9e3779b97f4a7c15)

/* The least that one grave takes when saved. */
#define SAVED_BYTES_MIN 13

void graves_init(struct graves *g, uint32_t limit) {
    *g = (struct graves){.limit = limit};
    pool_init(&g->pool, sizeof(struct grave));
    table_init(&g->index, 64);
}

void graves_deinit(struct graves *g) {
    table_deinit(&g->index);
    pool_deinit(&g->pool);
    free(g->heap);
}

static struct grave *grave_at(const struct graves *g, uint32_t handle) {
    return pool_at(&g->pool, handle);
}

static int compare(const struct grave *a, const struct grave *b) {
    if (a->last_at != b->last_at)
        return a->last_at < b->last_at ? -1 : 1;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->check > b->check) - (a->check < b->check);
}

static void put(struct graves *g, uint32_t place, uint32_t handle) {
    g->heap[place] = handle;
    grave_at(g, handle)->place = place;
}

static void rise(struct graves *g, uint32_t place, uint32_t handle) {
    while (place > 0) {
        uint32_t above = g->heap[(place - 1) / 2];
        if (compare(grave_at(g, handle), grave_at(g, above)) >= 0)
            break;
        put(g, place, above);
        place = (place - 1) / 2;
    }
    put(g, place, handle);
}

static void sink(struct graves *g, uint32_t place, uint32_t handle) {
    for (size_t child; (child = (size_t)place * 2 + 1) < g->count;) {
        if (child + 1 < g->count &&
            compare(grave_at(g, g->heap[child + 1]), grave_at(g, g->heap[child])) < 0)
            child++;
        if (compare(grave_at(g, handle), grave_at(g, g->heap[child])) <= 0)
            break;
        put(g, place, g->heap[child]);
        place = (uint32_t)child;
    }
    put(g, place, handle);
}

static uint32_t check_of(const struct grave_name *name) {
    return (uint32_t)slice_hash(name->id, slice_hash(name->tenant, CHECK_SEED));
}

/* The second hash is made only where the first one hits. */
static bool is_named(const void *context, uint32_t handle, const void *key) {
    const struct grave *grave = grave_at(context, handle);
    const struct grave_name *name = key;
    return grave->hash == name->hash && grave->check == check_of(name);
}

static bool is_same(const void *context, uint32_t handle, const void *key) {
    const struct grave *grave = grave_at(context, handle);
    const struct grave *other = key;
    return grave->hash == other->hash && grave->check == other->check;
}

int64_t graves_last_at(const struct graves *g, struct grave_name name) {
    if (g->count == 0)
        return INSTANT_NONE;
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    return handle == TABLE_NONE ? INSTANT_NONE : grave_at(g, handle)->last_at;
}

static void grow(struct graves *g) {
    if (g->count < g->capacity)
        return;
    g->capacity = g->capacity == 0 ? 256 : g->capacity * 2;
    g->heap = realloc(g->heap, g->capacity * sizeof(*g->heap));
    CHECK(g->heap);
}

static void add(struct graves *g, const struct grave *grave) {
    grow(g);
    uint32_t handle = pool_get(&g->pool);
    *grave_at(g, handle) = *grave;
    table_insert(&g->index, grave->hash, handle);
    rise(g, g->count++, handle);
}

static void remove_oldest(struct graves *g) {
    uint32_t oldest = g->heap[0];
    table_remove(&g->index, grave_at(g, oldest)->hash, oldest);
    pool_put(&g->pool, oldest);
    g->count--;
    if (g->count > 0)
        sink(g, 0, g->heap[g->count]);
}

bool graves_bury(struct graves *g, struct grave_name name, int64_t last_at) {
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    if (handle != TABLE_NONE) {
        struct grave *grave = grave_at(g, handle);
        if (last_at > grave->last_at) {
            grave->last_at = last_at;
            sink(g, grave->place, handle);
        }
        return true;
    }
    add(g, &(struct grave){.hash = name.hash, .last_at = last_at, .check = check_of(&name)});
    if (g->count <= g->limit)
        return true;
    remove_oldest(g);
    return false;
}

void graves_forget(struct graves *g, int64_t from_at) {
    while (g->count > 0 && grave_at(g, g->heap[0])->last_at < from_at)
        remove_oldest(g);
}

static int compare_graves(const void *left, const void *right) {
    return compare(left, right);
}

void graves_save(const struct graves *g, struct buf *b) {
    struct grave *sorted = calloc((size_t)g->count + 1, sizeof(*sorted));
    CHECK(sorted);
    for (uint32_t k = 0; k < g->count; k++)
        sorted[k] = *grave_at(g, g->heap[k]);
    qsort(sorted, g->count, sizeof(*sorted), compare_graves);
    buf_put_varint(b, g->count);
    int64_t near_at = 0;
    for (uint32_t k = 0; k < g->count; k++) {
        buf_put_zigzag(b, sorted[k].last_at - near_at);
        buf_put_u64(b, sorted[k].hash);
        buf_put_u32(b, sorted[k].check);
        near_at = sorted[k].last_at;
    }
    free(sorted);
}

static bool read_grave(struct cursor *in, struct grave *grave) {
    struct grave before = *grave;
    if (__builtin_add_overflow(before.last_at, cursor_zigzag(in), &grave->last_at))
        cursor_fail(in);
    grave->hash = cursor_u64(in);
    grave->check = cursor_u32(in);
    if (grave->last_at < 0 || grave->last_at > EVENT_AT_MAX)
        cursor_fail(in);
    return !in->failed;
}

void graves_load(struct graves *g, struct cursor *in) {
    CHECK(g->count == 0);
    uint64_t count = cursor_varint(in);
    if (count > cursor_left(in) / SAVED_BYTES_MIN)
        cursor_fail(in);
    struct grave grave = {0}, before = {0};
    for (uint64_t k = 0; k < count && !in->failed && read_grave(in, &grave); k++) {
        bool known = table_find(&g->index, grave.hash, is_same, g, &grave) != TABLE_NONE;
        if (known || (k > 0 && compare(&before, &grave) >= 0)) {
            cursor_fail(in);
            return;
        }
        add(g, &grave);
        if (g->count > g->limit) /* it was saved under a larger one */
            remove_oldest(g);
        before = grave;
    }
}
