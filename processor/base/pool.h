/* Records of one size in chunks that never move, named by a 32-bit handle. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

#define POOL_NONE UINT32_MAX
#define POOL_CHUNK 1024u /* records; a power of two */

struct pool {
    char **chunks; /* POOL_CHUNK records each */
    size_t chunk_count;
    size_t chunk_capacity;
    size_t record_size; /* bytes, at least 4 */
    uint32_t free_head; /* POOL_NONE: none */
    uint32_t next;      /* first handle never used */
    uint32_t used;      /* records in use */
};

void pool_init(struct pool *p, size_t record_size);
void pool_deinit(struct pool *p);
uint32_t pool_get(struct pool *p);       /* zeroed record */
uint32_t pool_get_dirty(struct pool *p); /* with anything in it */
void pool_put(struct pool *p, uint32_t handle);

static inline void *pool_at(const struct pool *p, uint32_t handle) {
    CHECK(handle < p->next);
    return p->chunks[handle / POOL_CHUNK] + (handle % POOL_CHUNK) * p->record_size;
}
