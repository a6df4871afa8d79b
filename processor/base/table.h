/* Open-addressing map from a 64-bit hash to a 32-bit handle; the caller compares the keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

struct table {
    uint64_t *hashes;  /* 0 is an empty slot */
    uint32_t *handles; /* beside them */
    size_t mask;       /* slots - 1 */
    size_t used;
};

/* True when the object behind `handle` has the key that is looked for. */
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

/* Walks all handles: start with *place = 0; TABLE_NONE at the end. The order depends on hashes
 * and history: whoever writes bytes sorts first. */
uint32_t table_next(const struct table *t, size_t *place);
