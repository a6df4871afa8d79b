#include "tasks/interaction_graves.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/event.h"

/* As it lies in memory and in what is saved; little-endian. */
struct grave {
    uint32_t low, high; /* of the name's hash */
    uint16_t check;     /* of a second hash, with another seed */
    uint16_t after_ms;  /* in its minute; GONE: it took over a later time elsewhere */
};
#define GONE UINT16_MAX
_Static_assert(MINUTE_MS < GONE, "a minute has room below GONE");
_Static_assert(sizeof(struct grave) == 12, "no padding is saved");

#define BLOCK_GRAVES 64u
struct grave_block {
    int64_t minute_at;
    uint32_t next; /* of the same minute, or POOL_NONE */
    uint16_t count, gone;
    struct grave graves[BLOCK_GRAVES];
};

#define CHECK_SEED UINT64_C(0x9e3779b97f4a7c15)
#define BATCH 16u /* of loading: so many look-ups are under way at a time */

void graves_init(struct graves *g, uint32_t limit) {
    *g = (struct graves){.limit = limit};
    pool_init(&g->blocks, sizeof(struct grave_block));
    table_init(&g->index, 64);
}

void graves_deinit(struct graves *g) {
    table_deinit(&g->index);
    pool_deinit(&g->blocks);
    free(g->minutes);
}

/* A handle is the block's and the place in it. */
static struct grave_block *block_of(const struct graves *g, uint32_t handle) {
    return pool_at(&g->blocks, handle / BLOCK_GRAVES);
}

static struct grave *grave_at(const struct graves *g, uint32_t handle) {
    return &block_of(g, handle)->graves[handle % BLOCK_GRAVES];
}

static uint64_t hash_of(const struct grave *grave) {
    return (uint64_t)grave->high << 32 | grave->low;
}

static int64_t last_at(const struct graves *g, uint32_t handle) {
    return block_of(g, handle)->minute_at + grave_at(g, handle)->after_ms;
}

static struct grave_minute *nth_minute(const struct graves *g, size_t place) {
    return &g->minutes[g->first_minute + place];
}

/* The first minute that is not before `at`. */
static size_t minute_place(const struct graves *g, int64_t at) {
    size_t from = 0, to = g->minute_count;
    if (to > 0 && nth_minute(g, to - 1)->at <= at) /* mostly the newest, or one more */
        return nth_minute(g, to - 1)->at < at ? to : to - 1;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (nth_minute(g, middle)->at < at)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* For one more. */
static void make_room(struct graves *g) {
    if (g->first_minute + g->minute_count < g->minute_capacity)
        return;
    if (g->first_minute > g->minute_count) {
        memcpy(g->minutes, nth_minute(g, 0), g->minute_count * sizeof(*g->minutes));
        g->first_minute = 0;
        return;
    }
    g->minute_capacity = g->minute_capacity == 0 ? 64 : g->minute_capacity * 2;
    g->minutes = realloc(g->minutes, g->minute_capacity * sizeof(*g->minutes));
    CHECK(g->minutes);
}

static struct grave_minute *minute_of(struct graves *g, int64_t at) {
    size_t place = minute_place(g, at);
    if (place < g->minute_count && nth_minute(g, place)->at == at)
        return nth_minute(g, place);
    make_room(g);
    struct grave_minute *minute = nth_minute(g, place);
    memmove(minute + 1, minute, (g->minute_count - place) * sizeof(*minute));
    g->minute_count++;
    *minute = (struct grave_minute){at, POOL_NONE, POOL_NONE};
    return minute;
}

/* The minute's last block, with room for one more. */
static uint32_t block_with_room(struct graves *g, int64_t minute_at) {
    struct grave_minute *minute = minute_of(g, minute_at);
    if (minute->last != POOL_NONE) {
        const struct grave_block *last = pool_at(&g->blocks, minute->last);
        if (last->count < BLOCK_GRAVES)
            return minute->last;
    }
    uint32_t handle = pool_get_dirty(&g->blocks);
    CHECK(handle < UINT32_MAX / BLOCK_GRAVES);
    struct grave_block *block = pool_at(&g->blocks, handle);
    block->minute_at = minute_at;
    block->next = POOL_NONE;
    block->count = block->gone = 0;
    if (minute->last == POOL_NONE)
        minute->first = handle;
    else
        ((struct grave_block *)pool_at(&g->blocks, minute->last))->next = handle;
    minute->last = handle;
    return handle;
}

static void add(struct graves *g, int64_t minute_at, const struct grave *grave) {
    uint32_t handle = block_with_room(g, minute_at);
    struct grave_block *block = pool_at(&g->blocks, handle);
    block->graves[block->count] = *grave;
    table_insert(&g->index, hash_of(grave), handle * BLOCK_GRAVES + block->count);
    block->count++;
    g->count++;
}

/* Its place stays empty until its minute goes. */
static void take_out(struct graves *g, uint32_t handle) {
    struct grave *grave = grave_at(g, handle);
    table_remove(&g->index, hash_of(grave), handle);
    grave->after_ms = GONE;
    block_of(g, handle)->gone++;
    g->count--;
}

static uint16_t check_of(const struct grave_name *name) {
    return (uint16_t)slice_hash(name->id, slice_hash(name->tenant, CHECK_SEED));
}

/* The second hash is made only where the first one hits. */
static bool is_named(const void *context, uint32_t handle, const void *key) {
    const struct grave *grave = grave_at(context, handle);
    const struct grave_name *name = key;
    return hash_of(grave) == name->hash && grave->check == check_of(name);
}

static bool is_same(const void *context, uint32_t handle, const void *key) {
    const struct grave *grave = grave_at(context, handle);
    const struct grave *other = key;
    return hash_of(grave) == hash_of(other) && grave->check == other->check;
}

bool graves_hold(const struct graves *g, struct grave_name name, int64_t event_at) {
    if (g->minute_count == 0 || event_at >= nth_minute(g, g->minute_count - 1)->at + MINUTE_MS)
        return false;
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    return handle != TABLE_NONE && event_at <= last_at(g, handle);
}

static void remove_block(struct graves *g, uint32_t handle) {
    const struct grave_block *block = pool_at(&g->blocks, handle);
    for (uint32_t k = 0; k < block->count; k++) {
        if (block->graves[k].after_ms == GONE)
            continue;
        table_remove(&g->index, hash_of(&block->graves[k]), handle * BLOCK_GRAVES + k);
        g->count--;
    }
    pool_put(&g->blocks, handle);
}

/* All of the first `count` minutes; how many graves that were. */
static size_t remove_minutes(struct graves *g, size_t count) {
    uint32_t before = g->count;
    for (size_t k = 0; k < count; k++) {
        for (uint32_t handle = nth_minute(g, k)->first, next; handle != POOL_NONE; handle = next) {
            next = ((const struct grave_block *)pool_at(&g->blocks, handle))->next;
            remove_block(g, handle);
        }
    }
    g->minute_count -= count;
    g->first_minute = g->minute_count == 0 ? 0 : g->first_minute + count;
    return before - g->count;
}

static size_t keep_limit(struct graves *g) {
    size_t lost = 0;
    while (g->count > g->limit)
        lost += remove_minutes(g, 1);
    return lost;
}

size_t graves_bury(struct graves *g, struct grave_name name, int64_t at) {
    uint32_t handle = table_find(&g->index, name.hash, is_named, g, &name);
    if (handle != TABLE_NONE) {
        if (at <= last_at(g, handle))
            return 0;
        take_out(g, handle);
    }
    int64_t minute_at = instant_floor(at, MINUTE_MS);
    add(g, minute_at,
        &(struct grave){.low = (uint32_t)name.hash,
                        .high = (uint32_t)(name.hash >> 32),
                        .check = check_of(&name),
                        .after_ms = (uint16_t)(at - minute_at)});
    return keep_limit(g);
}

void graves_forget(struct graves *g, int64_t from_at) {
    if (g->minute_count > 0 && nth_minute(g, 0)->at + MINUTE_MS <= from_at)
        remove_minutes(g, minute_place(g, instant_floor(from_at, MINUTE_MS)));
}

static uint32_t minute_size(const struct graves *g, const struct grave_minute *minute) {
    uint32_t count = 0;
    for (uint32_t handle = minute->first; handle != POOL_NONE;) {
        const struct grave_block *block = pool_at(&g->blocks, handle);
        count += (uint32_t)(block->count - block->gone);
        handle = block->next;
    }
    return count;
}

static void save_block(const struct grave_block *block, struct buf *b) {
    if (block->gone == 0) {
        buf_put(b, block->graves, block->count * sizeof(*block->graves));
        return;
    }
    for (uint32_t k = 0; k < block->count; k++) {
        if (block->graves[k].after_ms != GONE)
            buf_put(b, &block->graves[k], sizeof(block->graves[k]));
    }
}

void graves_save(const struct graves *g, struct buf *b) {
    buf_put_varint(b, g->count);
    buf_reserve(b, g->count * sizeof(struct grave));
    for (size_t k = 0; k < g->minute_count; k++) {
        const struct grave_minute *minute = nth_minute(g, k);
        uint32_t count = minute_size(g, minute);
        if (count == 0)
            continue;
        buf_put_zigzag(b, minute->at / MINUTE_MS);
        buf_put_varint(b, count);
        for (uint32_t handle = minute->first; handle != POOL_NONE;) {
            const struct grave_block *block = pool_at(&g->blocks, handle);
            save_block(block, b);
            handle = block->next;
        }
    }
}

static void load_batch(struct graves *g, int64_t minute_at, const struct grave *batch, size_t count,
                       struct cursor *in) {
    for (size_t k = 0; k < count; k++)
        table_prefetch(&g->index, hash_of(&batch[k]));
    for (size_t k = 0; k < count; k++) {
        if (batch[k].after_ms >= MINUTE_MS ||
            table_find(&g->index, hash_of(&batch[k]), is_same, g, &batch[k]) != TABLE_NONE) {
            cursor_fail(in);
            return;
        }
        add(g, minute_at, &batch[k]);
    }
}

static void load_minute(struct graves *g, int64_t minute_at, uint64_t count, struct cursor *in) {
    while (count > 0 && !in->failed) {
        struct grave batch[BATCH];
        size_t size = count < BATCH ? (size_t)count : BATCH;
        struct slice bytes = cursor_bytes(in, size * sizeof(*batch));
        if (in->failed)
            return;
        memcpy(batch, bytes.at, bytes.size);
        load_batch(g, minute_at, batch, size, in);
        count -= size;
    }
}

void graves_load(struct graves *g, struct cursor *in) {
    CHECK(g->count == 0);
    uint64_t total = cursor_varint(in);
    if (total > cursor_left(in) / sizeof(struct grave)) {
        cursor_fail(in);
        return;
    }
    table_deinit(&g->index);
    table_init(&g->index, (size_t)total);
    int64_t before = -1;
    while (g->count < total && !in->failed) {
        int64_t minute = cursor_zigzag(in);
        uint64_t count = cursor_varint(in);
        if (count == 0 || count > total - g->count || minute <= before ||
            minute > EVENT_AT_MAX / MINUTE_MS)
            cursor_fail(in);
        else
            load_minute(g, minute * MINUTE_MS, count, in);
        before = minute;
    }
    keep_limit(g); /* it was saved under a larger one */
}
