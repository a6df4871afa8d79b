#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void pool_init(struct pool *p, size_t record_size) {
    /* A free record holds the next free one's handle. */
    CHECK(record_size >= sizeof(uint32_t) && record_size <= SIZE_MAX / POOL_CHUNK);
    *p = (struct pool){.record_size = record_size, .free_head = POOL_NONE};
}

void pool_deinit(struct pool *p) {
    for (size_t i = 0; i < p->chunk_count; i++)
        free(p->chunks[i]);
    free(p->chunks);
    pool_init(p, p->record_size);
}

static void add_chunk(struct pool *p) {
    if (p->chunk_count == p->chunk_capacity) {
        p->chunk_capacity = p->chunk_capacity == 0 ? 16 : p->chunk_capacity * 2;
        p->chunks = realloc(p->chunks, p->chunk_capacity * sizeof(*p->chunks));
        CHECK(p->chunks);
    }
    char *chunk = malloc(POOL_CHUNK * p->record_size);
    CHECK(chunk);
    p->chunks[p->chunk_count++] = chunk;
}

static uint32_t free_or_new(struct pool *p) {
    uint32_t handle = p->free_head;
    if (handle != POOL_NONE) {
        memcpy(&p->free_head, pool_at(p, handle), sizeof(p->free_head));
        return handle;
    }
    CHECK(p->next < POOL_NONE);
    if (p->next / POOL_CHUNK == p->chunk_count)
        add_chunk(p);
    return p->next++;
}

uint32_t pool_get_dirty(struct pool *p) {
    uint32_t handle = free_or_new(p);
    p->used++;
    return handle;
}

uint32_t pool_get(struct pool *p) {
    uint32_t handle = pool_get_dirty(p);
    memset(pool_at(p, handle), 0, p->record_size);
    return handle;
}

void pool_put(struct pool *p, uint32_t handle) {
    CHECK(p->used > 0);
    memcpy(pool_at(p, handle), &p->free_head, sizeof(p->free_head));
    p->free_head = handle;
    p->used--;
}
