/* Open-addressing map from a 64-bit hash to a 32-bit handle; the caller compares the keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

/* Eight bytes, so that a look-up touches one cache line. */
struct table_slot {
    uint32_t tag;    /* 32 mixed bits of the hash */
    uint32_t handle; /* TABLE_NONE: empty */
};

struct table {
    struct table_slot *slots;
    size_t mask;    /* slots - 1 */
    unsigned shift; /* a tag without its low `shift` bits is the slot where it belongs */
    size_t used;
};

/* True when the object behind `handle` has the key that is looked for. Asked where 32 bits of the
 * hashes agree. */
typedef bool table_equal_fn(const void *context, uint32_t handle, const void *key);

void table_init(struct table *t, size_t expected);
void table_deinit(struct table *t);

/* The handle with this key, or TABLE_NONE. */
uint32_t table_find(const struct table *t, uint64_t hash, table_equal_fn *equal,
                    const void *context, const void *key);

/* The key must not be there yet. */
void table_insert(struct table *t, uint64_t hash, uint32_t handle);

/* Exactly this handle must be there. */
void table_remove(struct table *t, uint64_t hash, uint32_t handle);

/* Brings the cache line of a coming look-up near. */
void table_prefetch(const struct table *t, uint64_t hash);

/* The first handle whose tag is that of the hash, or TABLE_NONE: mostly what is looked for. */
uint32_t table_guess(const struct table *t, uint64_t hash);

/* Walks all handles: start with *place = 0; TABLE_NONE at the end. The order depends on hashes
 * and history: whoever writes bytes takes table_sorted. */
uint32_t table_next(const struct table *t, size_t *place);

/* All slots in use, by tag: nearly the order in which they lie there already. Slots of one tag
 * follow each other in no order. The caller frees them. */
struct table_slot *table_sorted(const struct table *t);
