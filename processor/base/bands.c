#include "base/bands.h"

#include <stdlib.h>
#include <string.h>

struct node {
    uint32_t next; /* POOL_NONE: the last one */
    uint32_t unused;
    uint64_t item[]; /* begins with its key */
};

static struct node *node_at(const struct bands *b, uint32_t handle) {
    return pool_at(&b->items, handle);
}

void bands_init(struct bands *b, size_t item_size) {
    CHECK(item_size % sizeof(uint64_t) == 0);
    b->item_size = item_size;
    pool_init(&b->items, sizeof(struct node) + item_size);
    table_init(&b->index, 64);
}

void bands_deinit(struct bands *b) {
    pool_deinit(&b->items);
    table_deinit(&b->index);
}

void bands_expect(struct bands *b, size_t lists) {
    CHECK(b->index.used == 0);
    table_deinit(&b->index);
    table_init(&b->index, lists);
}

static bool is_of(const void *context, uint32_t handle, const void *key) {
    return node_at(context, handle)->item[0] == *(const uint64_t *)key;
}

size_t bands_read_at(const struct bands *b, uint32_t first, void *items, size_t most) {
    size_t count = 0;
    for (uint32_t handle = first; handle != POOL_NONE;) {
        CHECK(count < most);
        const struct node *n = node_at(b, handle);
        memcpy((char *)items + count++ * b->item_size, n->item, b->item_size);
        handle = n->next;
    }
    return count;
}

uint64_t bands_key_at(const struct bands *b, uint32_t first) {
    return node_at(b, first)->item[0];
}

size_t bands_read(const struct bands *b, uint64_t key, void *items, size_t most) {
    uint32_t handle = table_find(&b->index, key, is_of, b, &key);
    return handle == TABLE_NONE ? 0 : bands_read_at(b, handle, items, most);
}

static void put_all(struct bands *b, uint32_t handle) {
    while (handle != POOL_NONE) {
        uint32_t next = node_at(b, handle)->next;
        pool_put(&b->items, handle);
        handle = next;
    }
}

static uint32_t get_last(struct bands *b) {
    uint32_t handle = pool_get_dirty(&b->items);
    node_at(b, handle)->next = POOL_NONE;
    return handle;
}

static void set(struct bands *b, struct node *n, uint64_t key, const void *item) {
    memcpy(n->item, item, b->item_size);
    CHECK(n->item[0] == key);
}

/* Mostly one item of a list changes, or comes: those that are there stay in their places. */
static void write_from(struct bands *b, uint32_t first, uint64_t key, const char *items,
                       size_t count) {
    struct node *n = node_at(b, first);
    set(b, n, key, items);
    for (size_t k = 1; k < count; k++) {
        if (n->next == POOL_NONE)
            n->next = get_last(b);
        n = node_at(b, n->next);
        set(b, n, key, items + k * b->item_size);
    }
    put_all(b, n->next);
    n->next = POOL_NONE;
}

void bands_write(struct bands *b, uint64_t key, const void *items, size_t count) {
    uint32_t first = table_find(&b->index, key, is_of, b, &key);
    bool there = first != TABLE_NONE;
    if (there && count == 0) {
        table_remove(&b->index, key, first);
        put_all(b, first);
    } else if (count > 0) {
        first = there ? first : get_last(b);
        write_from(b, first, key, items, count);
        if (!there)
            table_insert(&b->index, key, first);
    }
}

#define AHEAD 16u /* lists whose memory is on its way while others are looked at */

/* By tag, which follows from the key; the few of one tag by key. */
uint32_t *bands_order(const struct bands *b, size_t *count) {
    struct table_slot *sorted = table_sorted(&b->index);
    uint32_t *order = malloc((b->index.used + 1) * sizeof(*order));
    CHECK(order);
    *count = b->index.used;
    for (size_t k = 0; k < *count; k++) {
        if (k + AHEAD < *count)
            __builtin_prefetch(node_at(b, sorted[k + AHEAD].handle));
        size_t at = k;
        for (; at > 0 && sorted[at - 1].tag == sorted[k].tag &&
               bands_key_at(b, order[at - 1]) > bands_key_at(b, sorted[k].handle);
             at--)
            order[at] = order[at - 1];
        order[at] = sorted[k].handle;
    }
    free(sorted);
    return order;
}
