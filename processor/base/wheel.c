#include "base/wheel.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/earliest.h"

/* A due_at, shifted so that it orders as an unsigned number (its key), has eight digits of six
 * bits. A node stands at the level of the highest digit in which it differs from the ring's base,
 * in the slot of that digit. So everything at a lower level is earlier than anything at a higher
 * one, no distance needs further memory, and a slot of level 0 is one millisecond. When the base
 * enters a slot of a higher level, the slot's nodes spread over the lower levels. */
#define DIGIT_BITS 6u
#define SLOTS 64u
#define LEVELS 8u
#define RING_SLOTS (LEVELS * SLOTS)

struct ring {
    uint64_t base;              /* a key: no node is earlier */
    uint32_t levels;            /* bit l: level l is not empty */
    uint64_t occupied[LEVELS];  /* bit s: slot s is not empty */
    uint32_t heads[RING_SLOTS]; /* valid where occupied */
};

/* Two rings: what is armed before the base of the coming ring has passed and comes first. */
enum { PASSED, COMING, RINGS };

struct wheel {
    struct ring rings[RINGS];
    wheel_node_fn *node;
    void *context;
    int64_t now;
    size_t armed;
    struct earliest *earliest; /* apart, because asking changes nothing that can be seen */
};

static int64_t within(int64_t at) {
    if (at < WHEEL_EARLIEST)
        return WHEEL_EARLIEST;
    return at > WHEEL_LATEST ? WHEEL_LATEST : at;
}

static uint64_t key_of(int64_t at) {
    return (uint64_t)(within(at) - WHEEL_EARLIEST);
}

static int64_t instant_of(uint64_t key) {
    return (int64_t)key + WHEEL_EARLIEST;
}

/* Slots of both rings in one row, from 1 on: 0 is disarmed. */
static void set_place(struct wheel_node *node, int64_t due_at, uint32_t place) {
    node->due_and_place = (uint64_t)due_at << 16 | place;
}

static uint32_t place_of(const struct wheel_node *node) {
    return (uint32_t)(node->due_and_place & UINT16_MAX);
}

static uint32_t slot_of(const struct ring *ring, uint64_t key) {
    uint64_t differs = (key ^ ring->base) | 1;
    uint32_t level = (63 - (uint32_t)__builtin_clzll(differs)) / DIGIT_BITS;
    return level * SLOTS + (uint32_t)(key >> (level * DIGIT_BITS) & (SLOTS - 1));
}

/* The earliest slot of a ring that is not empty. */
static uint32_t first_slot(const struct ring *ring) {
    uint32_t level = (uint32_t)__builtin_ctz(ring->levels);
    return level * SLOTS + (uint32_t)__builtin_ctzll(ring->occupied[level]);
}

/* The first key that belongs to the slot. */
static uint64_t slot_start(const struct ring *ring, uint32_t slot) {
    uint32_t shift = slot / SLOTS * DIGIT_BITS;
    uint64_t above = slot / SLOTS == LEVELS - 1 ? 0 : ring->base >> (shift + DIGIT_BITS);
    return (above << DIGIT_BITS | slot % SLOTS) << shift;
}

static void link_node(struct wheel *w, uint32_t which, uint32_t handle, struct wheel_node *node,
                      int64_t due_at) {
    struct ring *ring = &w->rings[which];
    uint32_t slot = slot_of(ring, key_of(due_at));
    uint64_t *occupied = &ring->occupied[slot / SLOTS];
    uint64_t bit = UINT64_C(1) << (slot % SLOTS);

    node->prev = WHEEL_NONE;
    node->next = *occupied & bit ? ring->heads[slot] : WHEEL_NONE;
    set_place(node, due_at, which * RING_SLOTS + slot + 1);
    if (node->next != WHEEL_NONE)
        w->node(w->context, node->next)->prev = handle;
    ring->heads[slot] = handle;
    *occupied |= bit;
    ring->levels |= 1u << (slot / SLOTS);
}

/* Empties a slot; returns the first handle of what was in it. */
static uint32_t cut_slot(struct ring *ring, uint32_t slot) {
    uint32_t level = slot / SLOTS;
    ring->occupied[level] &= ~(UINT64_C(1) << (slot % SLOTS));
    if (ring->occupied[level] == 0)
        ring->levels &= ~(1u << level);
    return ring->heads[slot];
}

static void unlink_node(struct wheel *w, struct wheel_node *node) {
    uint32_t place = place_of(node) - 1, slot = place % RING_SLOTS;
    struct ring *ring = &w->rings[place / RING_SLOTS];
    if (node->next != WHEEL_NONE)
        w->node(w->context, node->next)->prev = node->prev;
    if (node->prev != WHEEL_NONE)
        w->node(w->context, node->prev)->next = node->next;
    else if (node->next != WHEEL_NONE)
        ring->heads[slot] = node->next;
    else
        cut_slot(ring, slot);
    w->armed--;
    earliest_remove(w->earliest, wheel_node_due_at(node));
    node->due_and_place = 0;
}

static void link_again(struct wheel *w, uint32_t which, uint32_t handle) {
    while (handle != WHEEL_NONE) {
        struct wheel_node *node = w->node(w->context, handle);
        uint32_t next = node->next;
        link_node(w, which, handle, node, wheel_node_due_at(node));
        handle = next;
    }
}

static int64_t earliest_in_slot(const struct wheel *w, const struct ring *ring, uint32_t slot) {
    int64_t earliest = INT64_MAX;
    for (uint32_t handle = ring->heads[slot]; handle != WHEEL_NONE;) {
        const struct wheel_node *node = w->node(w->context, handle);
        if (wheel_node_due_at(node) < earliest)
            earliest = wheel_node_due_at(node);
        handle = node->next;
    }
    return earliest;
}

/* The level-0 slot of the earliest instant <= at, or WHEEL_NONE. The base never goes beyond `at`:
 * what a handler arms from here on is still to come. */
static uint32_t ripe_slot(struct wheel *w, uint32_t which, int64_t at) {
    struct ring *ring = &w->rings[which];
    while (ring->levels != 0) {
        uint32_t slot = first_slot(ring);
        if (slot_start(ring, slot) > key_of(at))
            return WHEEL_NONE;
        if (slot < SLOTS) {
            ring->base = slot_start(ring, slot);
            return slot;
        }
        /* Straight to the earliest node instead of the slot's start: most nodes then reach their
         * last level in one move, however far the base has to go. */
        int64_t earliest = earliest_in_slot(w, ring, slot);
        uint32_t first = cut_slot(ring, slot);
        ring->base = key_of(earliest < at ? earliest : at);
        link_again(w, which, first);
    }
    return WHEEL_NONE;
}

struct wheel *wheel_new(wheel_node_fn *node, void *context) {
    struct wheel *w = calloc(1, sizeof(*w));
    struct earliest *earliest = malloc(sizeof(*earliest));
    CHECK(w && earliest);
    earliest_reset(earliest);
    w->node = node;
    w->context = context;
    w->now = INT64_MIN;
    w->earliest = earliest;
    return w;
}

void wheel_free(struct wheel *w) {
    if (!w)
        return;
    free(w->earliest);
    free(w);
}

int64_t wheel_now(const struct wheel *w) {
    return w->now;
}

/* Makes room in the passed ring for a node before its base. Rare: a handler arms a timer that is
 * earlier than others that have passed already. */
static void rebase_passed(struct wheel *w) {
    struct ring *ring = &w->rings[PASSED];
    struct ring old = *ring;
    memset(ring, 0, sizeof(*ring));
    while (old.levels != 0)
        link_again(w, PASSED, cut_slot(&old, first_slot(&old)));
}

void wheel_arm(struct wheel *w, uint32_t handle, int64_t due_at) {
    struct wheel_node *node = w->node(w->context, handle);
    CHECK(!wheel_node_is_armed(node));
    due_at = within(due_at);

    uint32_t which = COMING;
    uint64_t key = key_of(due_at);
    if (key < w->rings[COMING].base) {
        which = PASSED;
        if (w->rings[PASSED].levels == 0)
            w->rings[PASSED].base = key;
        else if (key < w->rings[PASSED].base)
            rebase_passed(w);
    }
    link_node(w, which, handle, node, due_at);
    earliest_add(w->earliest, due_at, w->armed);
    w->armed++;
}

void wheel_disarm(struct wheel *w, uint32_t handle) {
    struct wheel_node *node = w->node(w->context, handle);
    if (!wheel_node_is_armed(node))
        return;
    unlink_node(w, node);
}

static void look_for_earliest(const struct wheel *w) {
    const struct ring *ring = &w->rings[w->rings[PASSED].levels != 0 ? PASSED : COMING];
    uint32_t slot = first_slot(ring);
    if (slot < SLOTS) {
        earliest_offer(w->earliest, instant_of(slot_start(ring, slot)));
        return;
    }
    for (uint32_t handle = ring->heads[slot]; handle != WHEEL_NONE;) {
        const struct wheel_node *node = w->node(w->context, handle);
        earliest_offer(w->earliest, wheel_node_due_at(node));
        handle = node->next;
    }
}

int64_t wheel_next_due(const struct wheel *w) {
    if (w->armed == 0)
        return INT64_MAX;
    if (w->earliest->count == 0)
        look_for_earliest(w);
    return earliest_next(w->earliest);
}

/* Nothing up to `at` is armed any more. */
static void all_taken(struct wheel *w, int64_t at) {
    struct ring *ring = &w->rings[COMING];
    if (key_of(at) > ring->base)
        ring->base = key_of(at);
    if (at > w->now)
        w->now = at;
}

size_t wheel_take_instant(struct wheel *w, int64_t at, int64_t *due_at, uint32_t *handles,
                          size_t room) {
    uint32_t which = w->rings[PASSED].levels != 0 ? PASSED : COMING;
    uint32_t slot = ripe_slot(w, which, at);
    if (slot == WHEEL_NONE) {
        all_taken(w, at);
        return 0;
    }
    struct ring *ring = &w->rings[which];
    *due_at = instant_of(slot_start(ring, slot));
    size_t count = 0;
    while (count < room && ring->occupied[0] >> slot & 1) {
        handles[count] = ring->heads[slot];
        unlink_node(w, w->node(w->context, handles[count]));
        count++;
    }
    return count;
}

uint32_t wheel_take(struct wheel *w, int64_t at) {
    int64_t due_at;
    uint32_t handle;
    return wheel_take_instant(w, at, &due_at, &handle, 1) == 1 ? handle : WHEEL_NONE;
}

size_t wheel_armed(const struct wheel *w) {
    return w->armed;
}
