#include "base/wheel.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/pool.h"

/* A due_at, shifted so that it orders as an unsigned number (its key), has eight digits of six
 * bits. A note stands at the level of the highest digit in which it differs from the base, in the
 * slot of that digit. So everything at a lower level is earlier than anything at a higher one, and
 * a slot of level 0 is one millisecond. When the base enters a slot of a higher level, the slot's
 * notes spread over the level below. */
#define DIGIT_BITS 6u
#define SLOTS 64u
#define LEVELS 8u
#define KEY_LATEST ((UINT64_C(1) << 48) - 1)

/* What a slot does not say of a key. Above level 5 that is more bits, and the node is asked. */
struct note {
    uint32_t low, handle;
};
#define LOW_LEVELS 6u

#define CHUNK_NOTES 63u
struct chunk {
    uint32_t next; /* POOL_NONE: the last */
    uint32_t count;
    struct note notes[CHUNK_NOTES];
};
_Static_assert(sizeof(struct chunk) == 512, "whole cache lines");

/* Few notes need no slots, they stand in a row: those for the next minutes where few are armed, and
 * where more are those of a slot of level 1, whose milliseconds would have a slot each. */
struct soon {
    uint64_t key;
    uint32_t handle;
};
#define SOON_MOST 32u
#define SOON_MS (UINT64_C(1) << 20) /* a note of hours ahead would be in the way */

#define FEW_NOTES 8u /* so few are looked through for the first of them */

/* Notes that are void stay until their time, unless they are more than the others. */
#define VOID_FEW 4096u

struct wheel {
    uint64_t base;                  /* a key: no note is earlier */
    uint32_t levels;                /* bit l: level l is not empty */
    uint64_t occupied[LEVELS];      /* bit s: slot s is not empty */
    uint32_t heads[LEVELS * SLOTS]; /* chunks; valid where occupied */
    struct pool chunks;
    struct soon soon[2 * SOON_MOST]; /* the earliest first, from soon_first on */
    uint32_t soon_first, soon_end;
    wheel_node_fn *node;
    wheel_near_fn *near;
    void *context;
    size_t armed, notes;
    int64_t next_at; /* INT64_MIN: not known */
    uint32_t *taken; /* scratch: handles that are handed out */
    size_t taken_capacity;
};

static uint64_t key_of(int64_t at) {
    if (at < WHEEL_EARLIEST)
        return 0;
    return at > WHEEL_LATEST ? KEY_LATEST : (uint64_t)(at - WHEEL_EARLIEST);
}

static int64_t instant_of(uint64_t key) {
    return (int64_t)key + WHEEL_EARLIEST;
}

static uint32_t slot_of(const struct wheel *w, uint64_t key) {
    uint64_t differs = (key ^ w->base) | 1;
    uint32_t level = (63 - (uint32_t)__builtin_clzll(differs)) / DIGIT_BITS;
    return level * SLOTS + (uint32_t)(key >> (level * DIGIT_BITS) & (SLOTS - 1));
}

/* The earliest slot that is not empty. */
static uint32_t first_slot(const struct wheel *w) {
    uint32_t level = (uint32_t)__builtin_ctz(w->levels);
    return level * SLOTS + (uint32_t)__builtin_ctzll(w->occupied[level]);
}

/* The first key that belongs to the slot. */
static uint64_t slot_start(const struct wheel *w, uint32_t slot) {
    uint32_t shift = slot / SLOTS * DIGIT_BITS;
    uint64_t above = slot / SLOTS == LEVELS - 1 ? 0 : w->base >> (shift + DIGIT_BITS);
    return (above << DIGIT_BITS | slot % SLOTS) << shift;
}

/* The key of a note in the slot that begins at `start`; false of one that is seen to be void. */
static bool key_in(const struct wheel *w, uint32_t slot, uint64_t start, const struct note *note,
                   uint64_t *key) {
    uint32_t level = slot / SLOTS;
    if (level < LOW_LEVELS) {
        *key = start | (note->low & ((UINT64_C(1) << (level * DIGIT_BITS)) - 1));
        return true;
    }
    uint64_t noted = w->node(w->context, note->handle)->noted;
    *key = noted - 1;
    return noted != 0 && (uint32_t)*key == note->low && *key >= start;
}

static struct chunk *chunk_at(const struct wheel *w, uint32_t handle) {
    return pool_at(&w->chunks, handle);
}

/* UINT64_MAX: there is none. */
static uint64_t soonest(const struct wheel *w) {
    return w->soon_first < w->soon_end ? w->soon[w->soon_first].key : UINT64_MAX;
}

static uint32_t soon_count(const struct wheel *w) {
    return w->soon_end - w->soon_first;
}

/* With room at both ends. */
static void move_soon(struct wheel *w) {
    uint32_t count = soon_count(w), first = SOON_MOST / 2;
    memmove(&w->soon[first], &w->soon[w->soon_first], count * sizeof(*w->soon));
    w->soon_first = first;
    w->soon_end = first + count;
}

/* From the end that is nearer: the later ones make room, or the earlier ones do. */
static void put_soon(struct wheel *w, uint32_t handle, uint64_t key) {
    CHECK(soon_count(w) < SOON_MOST);
    if (w->soon_end == 2 * SOON_MOST)
        move_soon(w);
    struct soon *s = w->soon;
    uint32_t place = w->soon_end;
    if (w->soon_first > 0 && place > w->soon_first &&
        key < s[w->soon_first + soon_count(w) / 2].key) {
        place = --w->soon_first;
        for (; s[place + 1].key <= key; place++)
            s[place] = s[place + 1];
    } else {
        w->soon_end++;
        for (; place > w->soon_first && s[place - 1].key > key; place--)
            s[place] = s[place - 1];
    }
    s[place] = (struct soon){key, handle};
}

static void put_note(struct wheel *w, uint32_t handle, uint64_t key) {
    uint32_t slot = slot_of(w, key);
    uint64_t *occupied = &w->occupied[slot / SLOTS];
    uint64_t bit = UINT64_C(1) << (slot % SLOTS);
    bool there = *occupied & bit;
    struct chunk *chunk = there ? chunk_at(w, w->heads[slot]) : NULL;
    if (!there || chunk->count == CHUNK_NOTES) {
        uint32_t added = pool_get_dirty(&w->chunks);
        chunk = chunk_at(w, added);
        chunk->next = there ? w->heads[slot] : POOL_NONE;
        chunk->count = 0;
        w->heads[slot] = added;
        *occupied |= bit;
        w->levels |= 1u << (slot / SLOTS);
    }
    chunk->notes[chunk->count++] = (struct note){(uint32_t)key, handle};
}

/* Empties a slot; returns its first chunk. */
static uint32_t cut_slot(struct wheel *w, uint32_t slot) {
    uint32_t level = slot / SLOTS;
    w->occupied[level] &= ~(UINT64_C(1) << (slot % SLOTS));
    if (w->occupied[level] == 0)
        w->levels &= ~(1u << level);
    return w->heads[slot];
}

static uint32_t drop_chunk(struct wheel *w, uint32_t handle) {
    uint32_t next = chunk_at(w, handle)->next;
    pool_put(&w->chunks, handle);
    return next;
}

static void make_room(struct wheel *w, size_t count) {
    if (count <= w->taken_capacity)
        return;
    w->taken_capacity = count * 2;
    w->taken = realloc(w->taken, w->taken_capacity * sizeof(*w->taken));
    CHECK(w->taken);
}

static void tell_near(struct wheel *w, uint32_t slot) {
    size_t count = 0;
    for (uint32_t c = w->heads[slot]; c != POOL_NONE; c = chunk_at(w, c)->next) {
        const struct chunk *chunk = chunk_at(w, c);
        make_room(w, count + chunk->count);
        for (uint32_t k = 0; k < chunk->count; k++)
            w->taken[count++] = chunk->notes[k].handle;
    }
    w->near(w->context, w->taken, count);
}

/* The earliest key in the slot, but not beyond `at`; its start, if all its notes are void: there
 * may be others between. */
static uint64_t earliest_in(const struct wheel *w, uint32_t slot, uint64_t start, uint64_t at) {
    const struct chunk *chunk = chunk_at(w, w->heads[slot]);
    uint64_t key, earliest = UINT64_MAX;
    for (uint32_t k = 0; k < chunk->count; k++)
        if (key_in(w, slot, start, &chunk->notes[k], &key) && key < earliest)
            earliest = key;
    if (earliest == UINT64_MAX)
        return start;
    return earliest < at ? earliest : at;
}

/* The base enters a slot above level 0, whose notes go below. Where they are few it goes to the
 * first of them at once, and they pass over the levels between. */
static void enter(struct wheel *w, uint32_t slot, uint64_t at) {
    uint64_t start = slot_start(w, slot);
    if (w->near && slot / SLOTS == 1)
        tell_near(w, slot);
    uint32_t c = cut_slot(w, slot);
    uint32_t most = chunk_at(w, c)->next == POOL_NONE ? chunk_at(w, c)->count : UINT32_MAX;
    bool in_row = slot / SLOTS == 1 && most <= SOON_MOST - soon_count(w);
    w->base = most <= FEW_NOTES ? earliest_in(w, slot, start, at) : start;
    while (c != POOL_NONE) {
        const struct chunk *chunk = chunk_at(w, c);
        for (uint32_t k = 0; k < chunk->count; k++) {
            uint64_t key;
            if (!key_in(w, slot, start, &chunk->notes[k], &key))
                w->notes--;
            else if (in_row)
                put_soon(w, chunk->notes[k].handle, key);
            else
                put_note(w, chunk->notes[k].handle, key);
        }
        c = drop_chunk(w, c);
    }
}

struct wheel *wheel_new(wheel_node_fn *node, wheel_near_fn *near, void *context) {
    struct wheel *w = calloc(1, sizeof(*w));
    CHECK(w);
    pool_init(&w->chunks, sizeof(struct chunk));
    w->next_at = INT64_MIN;
    w->node = node;
    w->near = near;
    w->context = context;
    return w;
}

void wheel_free(struct wheel *w) {
    if (!w)
        return;
    pool_deinit(&w->chunks);
    free(w->taken);
    free(w);
}

/* While notes are swept: there is one of the node already. */
#define SEEN (UINT64_C(1) << 63)

static bool is_kept(struct wheel *w, uint32_t slot, uint64_t start, const struct note *note) {
    struct wheel_node *node = w->node(w->context, note->handle);
    uint64_t key;
    if (node->noted & SEEN || !key_in(w, slot, start, note, &key) || node->noted != key + 1)
        return false;
    node->noted |= SEEN;
    return true;
}

/* Its notes go where they stood, side by side again. */
static void sweep_slot(struct wheel *w, uint32_t slot) {
    uint64_t start = slot_start(w, slot);
    uint32_t c = cut_slot(w, slot);
    while (c != POOL_NONE) {
        const struct chunk *chunk = chunk_at(w, c);
        for (uint32_t k = 0; k < chunk->count; k++) {
            struct note note = chunk->notes[k];
            if (is_kept(w, slot, start, &note))
                put_note(w, note.handle, (w->node(w->context, note.handle)->noted & ~SEEN) - 1);
            else
                w->notes--;
        }
        c = drop_chunk(w, c);
    }
}

static void forget_seen(struct wheel *w, uint32_t slot) {
    for (uint32_t c = w->heads[slot]; c != POOL_NONE; c = chunk_at(w, c)->next) {
        const struct chunk *chunk = chunk_at(w, c);
        for (uint32_t k = 0; k < chunk->count; k++)
            w->node(w->context, chunk->notes[k].handle)->noted &= ~SEEN;
    }
}

static bool is_occupied(const struct wheel *w, uint32_t slot) {
    return w->occupied[slot / SLOTS] >> slot % SLOTS & 1;
}

/* Leaves one note of each node: none that is void, and none beside another for the same instant, of
 * a node that was armed for it again after it had been taken before. */
static void sweep(struct wheel *w) {
    for (uint32_t slot = 0; slot < LEVELS * SLOTS; slot++)
        if (is_occupied(w, slot))
            sweep_slot(w, slot);
    for (uint32_t slot = 0; slot < LEVELS * SLOTS; slot++)
        if (is_occupied(w, slot))
            forget_seen(w, slot);
}

static void add_note(struct wheel *w, uint32_t handle, uint64_t key) {
    bool few = w->armed <= 2 * SOON_MOST && soon_count(w) < SOON_MOST;
    if (few && key - w->base < SOON_MS)
        put_soon(w, handle, key);
    else
        put_note(w, handle, key);
    w->notes++;
}

void wheel_arm(struct wheel *w, uint32_t handle, int64_t due_at) {
    struct wheel_node *node = w->node(w->context, handle);
    uint64_t key = key_of(due_at);
    if (key < w->base)
        key = w->base;
    w->armed += node->due == 0;
    node->due = key + 1;
    if (node->noted != 0 && node->noted <= node->due)
        return; /* put off: found out when its time has come */
    if (w->notes > 2 * w->armed + VOID_FEW)
        sweep(w);
    node->noted = node->due;
    add_note(w, handle, key);
    if (w->next_at > instant_of(key))
        w->next_at = instant_of(key);
}

void wheel_disarm(struct wheel *w, uint32_t handle) {
    struct wheel_node *node = w->node(w->context, handle);
    w->armed -= node->due != 0;
    *node = (struct wheel_node){0};
}

static int64_t look_for_next(const struct wheel *w) {
    uint64_t soon = soonest(w), next = UINT64_MAX;
    if (w->levels == 0)
        return instant_of(soon);
    uint32_t slot = first_slot(w);
    uint64_t start = slot_start(w, slot);
    if (slot < SLOTS || soon < start)
        return instant_of(soon < start ? soon : start);
    for (uint32_t c = w->heads[slot]; c != POOL_NONE; c = chunk_at(w, c)->next) {
        const struct chunk *chunk = chunk_at(w, c);
        for (uint32_t k = 0; k < chunk->count; k++) {
            uint64_t key;
            if (key_in(w, slot, start, &chunk->notes[k], &key) && key < next)
                next = key;
        }
    }
    if (next == UINT64_MAX)
        return instant_of(start);
    return instant_of(next < soon ? next : soon);
}

int64_t wheel_next_due(struct wheel *w) {
    if (w->armed == 0)
        return INT64_MAX;
    if (w->next_at == INT64_MIN)
        w->next_at = look_for_next(w);
    return w->next_at;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The base goes to the earliest instant <= at of which there is a note; false when there is none.
 * It never goes beyond `at`: what a handler arms from here on is still to come. */
static bool find_ripe(struct wheel *w, uint64_t at) {
    uint64_t until = earlier(soonest(w), at);
    while (w->levels != 0) {
        uint32_t slot = first_slot(w);
        uint64_t start = slot_start(w, slot);
        if (start > until)
            break;
        if (slot < SLOTS) {
            w->base = start;
            return true;
        }
        enter(w, slot, until);
        until = earlier(soonest(w), at);
    }
    if (until > w->base)
        w->base = until;
    return soonest(w) <= at;
}

/* One whose time has come by its note: true when it has. */
static bool is_due(struct wheel *w, uint32_t handle) {
    struct wheel_node *node = w->node(w->context, handle);
    w->notes--;
    if (node->noted != w->base + 1)
        return false;
    node->noted = 0;
    if (node->due > w->base + 1) {
        node->noted = node->due;
        add_note(w, handle, node->due - 1);
        return false;
    }
    node->due = 0;
    w->armed--;
    return true;
}

static void take(struct wheel *w, uint32_t handle, size_t *count) {
    if (!is_due(w, handle))
        return;
    make_room(w, *count + 1);
    w->taken[(*count)++] = handle;
}

/* All of the base's instant. */
static size_t take_ripe(struct wheel *w) {
    size_t count = 0;
    uint32_t slot = (uint32_t)(w->base % SLOTS);
    while (soonest(w) == w->base)
        take(w, w->soon[w->soon_first++].handle, &count);
    if (!is_occupied(w, slot))
        return count;
    for (uint32_t c = cut_slot(w, slot); c != POOL_NONE; c = drop_chunk(w, c)) {
        const struct chunk *chunk = chunk_at(w, c);
        for (uint32_t k = 0; k < chunk->count; k++)
            take(w, chunk->notes[k].handle, &count);
    }
    return count;
}

size_t wheel_take_instant(struct wheel *w, int64_t at, int64_t *due_at, uint32_t **handles) {
    size_t count = 0;
    if (w->next_at <= at)
        w->next_at = INT64_MIN;
    while (count == 0 && find_ripe(w, key_of(at)))
        count = take_ripe(w);
    *due_at = instant_of(w->base);
    *handles = w->taken;
    return count;
}

size_t wheel_armed(const struct wheel *w) {
    return w->armed;
}

size_t wheel_notes(const struct wheel *w) {
    return w->notes;
}
