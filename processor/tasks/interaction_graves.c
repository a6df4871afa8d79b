#include "tasks/interaction_graves.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/event.h"

struct grave {
    uint64_t hash;
    int64_t last_at;
    uint32_t check;      /* a second hash, with another seed */
    uint32_t prev, next; /* of the same minute, in no order */
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
    free(g->minutes);
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

/* The first minute that is not before `at`. */
static size_t minute_place(const struct graves *g, int64_t at) {
    size_t from = 0, to = g->minute_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (g->minutes[middle].at < at)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static struct grave_minute *minute_of(struct graves *g, int64_t last_at) {
    int64_t at = instant_floor(last_at, MINUTE_MS);
    size_t place = minute_place(g, at);
    if (place < g->minute_count && g->minutes[place].at == at)
        return &g->minutes[place];
    if (g->minute_count == g->minute_capacity) {
        g->minute_capacity = g->minute_capacity == 0 ? 64 : g->minute_capacity * 2;
        g->minutes = realloc(g->minutes, g->minute_capacity * sizeof(*g->minutes));
        CHECK(g->minutes);
    }
    memmove(&g->minutes[place + 1], &g->minutes[place],
            (g->minute_count - place) * sizeof(*g->minutes));
    g->minute_count++;
    g->minutes[place] = (struct grave_minute){at, POOL_NONE};
    return &g->minutes[place];
}

static void link_grave(struct graves *g, uint32_t handle) {
    struct grave *grave = grave_at(g, handle);
    struct grave_minute *minute = minute_of(g, grave->last_at);
    grave->prev = POOL_NONE;
    grave->next = minute->first;
    if (minute->first != POOL_NONE)
        grave_at(g, minute->first)->prev = handle;
    minute->first = handle;
}

/* A minute that becomes empty stays until its time comes. */
static void unlink_grave(struct graves *g, uint32_t handle) {
    const struct grave *grave = grave_at(g, handle);
    if (grave->next != POOL_NONE)
        grave_at(g, grave->next)->prev = grave->prev;
    if (grave->prev != POOL_NONE)
        grave_at(g, grave->prev)->next = grave->next;
    else
        minute_of(g, grave->last_at)->first = grave->next;
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

bool graves_hold(const struct graves *g, struct grave_name name, int64_t event_at) {
    if (g->minute_count == 0 || event_at >= g->minutes[g->minute_count - 1].at + MINUTE_MS)
        return false;
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    return handle != TABLE_NONE && event_at <= grave_at(g, handle)->last_at;
}

static void add(struct graves *g, const struct grave *grave) {
    uint32_t handle = pool_get(&g->pool);
    *grave_at(g, handle) = *grave;
    table_insert(&g->index, grave->hash, handle);
    link_grave(g, handle);
}

/* All of the first `count` minutes; how many graves that were. */
static size_t remove_minutes(struct graves *g, size_t count) {
    uint32_t before = g->pool.used;
    for (size_t k = 0; k < count; k++) {
        for (uint32_t handle = g->minutes[k].first, next; handle != POOL_NONE; handle = next) {
            next = grave_at(g, handle)->next;
            table_remove(&g->index, grave_at(g, handle)->hash, handle);
            pool_put(&g->pool, handle);
        }
    }
    g->minute_count -= count;
    if (count > 0)
        memmove(g->minutes, g->minutes + count, g->minute_count * sizeof(*g->minutes));
    return before - g->pool.used;
}

static size_t keep_limit(struct graves *g) {
    size_t lost = 0;
    while (g->pool.used > g->limit)
        lost += remove_minutes(g, 1);
    return lost;
}

size_t graves_bury(struct graves *g, struct grave_name name, int64_t last_at) {
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    if (handle == TABLE_NONE) {
        add(g, &(struct grave){.hash = name.hash, .last_at = last_at, .check = check_of(&name)});
        return keep_limit(g);
    }
    if (last_at > grave_at(g, handle)->last_at) {
        unlink_grave(g, handle);
        grave_at(g, handle)->last_at = last_at;
        link_grave(g, handle);
    }
    return 0;
}

void graves_forget(struct graves *g, int64_t from_at) {
    if (g->minute_count > 0 && g->minutes[0].at + MINUTE_MS <= from_at)
        remove_minutes(g, minute_place(g, instant_floor(from_at, MINUTE_MS)));
}

static int compare_graves(const void *left, const void *right) {
    return compare(left, right);
}

void graves_save(const struct graves *g, struct buf *b) {
    uint32_t count = 0;
    struct grave *sorted = calloc((size_t)g->pool.used + 1, sizeof(*sorted));
    CHECK(sorted);
    for (size_t k = 0; k < g->minute_count; k++) {
        uint32_t first = count;
        for (uint32_t handle = g->minutes[k].first; handle != POOL_NONE;
             handle = sorted[count - 1].next)
            sorted[count++] = *grave_at(g, handle);
        qsort(sorted + first, count - first, sizeof(*sorted), compare_graves);
    }
    buf_put_varint(b, count);
    int64_t near_at = 0;
    for (uint32_t k = 0; k < count; k++) {
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
    CHECK(g->pool.used == 0);
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
        before = grave;
    }
    keep_limit(g); /* it was saved under a larger one */
}
