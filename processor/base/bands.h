/* Short lists of items of one size, each list under a 64-bit key, the first member of its items. */
#pragma once

#include "base/pool.h"
#include "base/table.h"

struct bands {
    struct pool items;
    struct table index; /* by key: its first item */
    size_t item_size;
};

void bands_init(struct bands *b, size_t item_size);
void bands_deinit(struct bands *b);

/* Of one that is empty: so many lists will come, perhaps in their order. */
void bands_expect(struct bands *b, size_t lists);

/* Copies the list of a key, which has `most` items at most; returns how many there are. */
size_t bands_read(const struct bands *b, uint64_t key, void *items, size_t most);

/* In place of what was there; count 0: there is none any more. */
void bands_write(struct bands *b, uint64_t key, const void *items, size_t count);

static inline size_t bands_items(const struct bands *b) {
    return b->items.used;
}

/* All lists, in an order that depends on their keys alone, by their first items. The caller frees
 * it; it holds until something is written. */
uint32_t *bands_order(const struct bands *b, size_t *count);

/* As bands_read, of the list that begins with this item. */
size_t bands_read_at(const struct bands *b, uint32_t first, void *items, size_t most);
uint64_t bands_key_at(const struct bands *b, uint32_t first);
