#include "base/table.h"

#include <stdlib.h>

#include "base/check.h"

#define FEWEST_SLOTS 16

/* Linear probing degrades sharply beyond this. */
static size_t most_used(size_t slots) {
    return slots / 10 * 7 + slots % 10 * 7 / 10;
}

/* 0 marks an empty slot. */
static uint64_t stored(uint64_t hash) {
    return hash == 0 ? 1 : hash;
}

static void allocate(struct table *t, size_t slots) {
    t->hashes = calloc(slots, sizeof(*t->hashes));
    t->handles = malloc(slots * sizeof(*t->handles));
    CHECK(t->hashes && t->handles);
    t->mask = slots - 1;
}

static void place(struct table *t, uint64_t hash, uint32_t handle) {
    size_t slot = (size_t)hash & t->mask;
    while (t->hashes[slot] != 0)
        slot = (slot + 1) & t->mask;
    t->hashes[slot] = hash;
    t->handles[slot] = handle;
}

static void grow(struct table *t) {
    struct table old = *t;
    allocate(t, (old.mask + 1) * 2);
    for (size_t slot = 0; slot <= old.mask; slot++) {
        if (old.hashes[slot] != 0)
            place(t, old.hashes[slot], old.handles[slot]);
    }
    free(old.hashes);
    free(old.handles);
}

void table_init(struct table *t, size_t expected) {
    size_t slots = FEWEST_SLOTS;
    while (most_used(slots) < expected)
        slots *= 2;
    *t = (struct table){0};
    allocate(t, slots);
}

void table_deinit(struct table *t) {
    free(t->hashes);
    free(t->handles);
    *t = (struct table){0};
}

uint32_t table_find(const struct table *t, uint64_t hash, table_equal_fn *equal,
                    const void *context, const void *key) {
    hash = stored(hash);
    for (size_t slot = (size_t)hash & t->mask; t->hashes[slot] != 0; slot = (slot + 1) & t->mask) {
        if (t->hashes[slot] == hash && equal(context, t->handles[slot], key))
            return t->handles[slot];
    }
    return TABLE_NONE;
}

void table_insert(struct table *t, uint64_t hash, uint32_t handle) {
    CHECK(handle != TABLE_NONE);
    if (t->used >= most_used(t->mask + 1))
        grow(t);
    place(t, stored(hash), handle);
    t->used++;
}

static size_t slot_of(const struct table *t, uint64_t hash, uint32_t handle) {
    size_t slot = (size_t)hash & t->mask;
    while (t->hashes[slot] != hash || t->handles[slot] != handle) {
        CHECK(t->hashes[slot] != 0);
        slot = (slot + 1) & t->mask;
    }
    return slot;
}

/* Instead of leaving a tombstone, what follows in the probe run moves up to where it may stand. */
void table_remove(struct table *t, uint64_t hash, uint32_t handle) {
    size_t hole = slot_of(t, stored(hash), handle);
    for (size_t slot = (hole + 1) & t->mask; t->hashes[slot] != 0; slot = (slot + 1) & t->mask) {
        size_t from_home = (slot - (size_t)t->hashes[slot]) & t->mask;
        size_t from_hole = (slot - hole) & t->mask;
        if (from_home < from_hole)
            continue;
        t->hashes[hole] = t->hashes[slot];
        t->handles[hole] = t->handles[slot];
        hole = slot;
    }
    t->hashes[hole] = 0;
    t->used--;
}

void table_prefetch(const struct table *t, uint64_t hash) {
    size_t slot = (size_t)stored(hash) & t->mask;
    __builtin_prefetch(&t->hashes[slot]);
    __builtin_prefetch(&t->handles[slot]);
}

uint32_t table_next(const struct table *t, size_t *place) {
    while (*place <= t->mask && t->hashes) {
        size_t slot = (*place)++;
        if (t->hashes[slot] != 0)
            return t->handles[slot];
    }
    return TABLE_NONE;
}
