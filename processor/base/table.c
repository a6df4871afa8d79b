#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define FEWEST_BITS 4u
#define MOST_BITS 32u

/* Linear probing degrades sharply beyond this. */
static size_t most_used(size_t slots) {
    return slots / 10 * 7 + slots % 10 * 7 / 10;
}

/* Fibonacci hashing (Knuth 6.4): the high bits of the product depend on all bits, so that hashes
 * which differ little do not crowd. */
static uint32_t tag_of(uint64_t hash) {
    return (uint32_t)((hash * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static void allocate(struct table *t, unsigned bits) {
    CHECK(bits <= MOST_BITS);
    size_t count = (size_t)1 << bits;
    t->slots = malloc(count * sizeof(*t->slots));
    CHECK(t->slots);
    memset(t->slots, 0xFF, count * sizeof(*t->slots));
    t->mask = count - 1;
    t->shift = MOST_BITS - bits;
}

static void place(struct table *t, struct table_slot what) {
    size_t at = what.tag >> t->shift;
    while (t->slots[at].handle != TABLE_NONE)
        at = (at + 1) & t->mask;
    t->slots[at] = what;
}

static void grow(struct table *t) {
    struct table old = *t;
    allocate(t, MOST_BITS - old.shift + 1);
    for (size_t at = 0; at <= old.mask; at++) {
        if (old.slots[at].handle != TABLE_NONE)
            place(t, old.slots[at]);
    }
    free(old.slots);
}

void table_init(struct table *t, size_t expected) {
    unsigned bits = FEWEST_BITS;
    while (most_used((size_t)1 << bits) < expected)
        bits++;
    *t = (struct table){0};
    allocate(t, bits);
}

void table_deinit(struct table *t) {
    free(t->slots);
    *t = (struct table){0};
}

uint32_t table_find(const struct table *t, uint64_t hash, table_equal_fn *equal,
                    const void *context, const void *key) {
    uint32_t tag = tag_of(hash);
    for (size_t at = tag >> t->shift;; at = (at + 1) & t->mask) {
        struct table_slot slot = t->slots[at];
        if (slot.handle == TABLE_NONE)
            return TABLE_NONE;
        if (slot.tag == tag && equal(context, slot.handle, key))
            return slot.handle;
    }
}

void table_insert(struct table *t, uint64_t hash, uint32_t handle) {
    CHECK(handle != TABLE_NONE);
    if (t->used >= most_used(t->mask + 1))
        grow(t);
    place(t, (struct table_slot){tag_of(hash), handle});
    t->used++;
}

static size_t slot_of(const struct table *t, uint32_t tag, uint32_t handle) {
    size_t at = tag >> t->shift;
    while (t->slots[at].handle != handle) {
        CHECK(t->slots[at].handle != TABLE_NONE);
        at = (at + 1) & t->mask;
    }
    return at;
}

/* Instead of leaving a tombstone, what follows in the probe run moves up to where it may stand. */
void table_remove(struct table *t, uint64_t hash, uint32_t handle) {
    size_t hole = slot_of(t, tag_of(hash), handle);
    for (size_t at = (hole + 1) & t->mask; t->slots[at].handle != TABLE_NONE;
         at = (at + 1) & t->mask) {
        size_t from_home = (at - (t->slots[at].tag >> t->shift)) & t->mask;
        size_t from_hole = (at - hole) & t->mask;
        if (from_home < from_hole)
            continue;
        t->slots[hole] = t->slots[at];
        hole = at;
    }
    t->slots[hole].handle = TABLE_NONE;
    t->used--;
}

uint32_t table_guess(const struct table *t, uint64_t hash) {
    uint32_t tag = tag_of(hash);
    size_t at = tag >> t->shift;
    while (t->slots[at].handle != TABLE_NONE && t->slots[at].tag != tag)
        at = (at + 1) & t->mask;
    return t->slots[at].handle;
}

void table_prefetch(const struct table *t, uint64_t hash) {
    __builtin_prefetch(&t->slots[tag_of(hash) >> t->shift]);
}

uint32_t table_next(const struct table *t, size_t *place) {
    while (*place <= t->mask && t->slots) {
        uint32_t handle = t->slots[(*place)++].handle;
        if (handle != TABLE_NONE)
            return handle;
    }
    return TABLE_NONE;
}

/* The end of a run that began before slot 0. */
static size_t wrapped_slots(const struct table *t) {
    size_t count = 0;
    while (count <= t->mask && t->slots[count].handle != TABLE_NONE &&
           t->slots[count].tag >> t->shift > count)
        count++;
    return count;
}

struct table_slot *table_sorted(const struct table *t) {
    struct table_slot *sorted = malloc((t->used + 1) * sizeof(*sorted));
    CHECK(sorted);
    size_t first = wrapped_slots(t), count = 0;
    for (size_t k = 0; k <= t->mask; k++) {
        struct table_slot slot = t->slots[(first + k) & t->mask];
        if (slot.handle == TABLE_NONE)
            continue;
        size_t at = count++;
        for (; at > 0 && sorted[at - 1].tag > slot.tag; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = slot;
    }
    CHECK(count == t->used);
    return sorted;
}
