/* Pieces of memory of many sizes, each named by a 32-bit handle: a pool for each class of size. A
 * piece never moves; memory that was given back serves its own class again. */
#pragma once

#include "base/pool.h"

#define SLAB_NONE UINT32_MAX
#define SLAB_CLASSES 32u
#define SLAB_MOST ((size_t)32 * 1024) /* bytes of one piece */

struct slab {
    struct pool pools[SLAB_CLASSES];
};

void slab_init(struct slab *s);
void slab_deinit(struct slab *s);

/* Of at least `size` bytes, up to SLAB_MOST; not zeroed. */
uint32_t slab_get(struct slab *s, size_t size);
void slab_put(struct slab *s, uint32_t handle);
void *slab_at(const struct slab *s, uint32_t handle);

/* What the piece has room for: `size` rounded up to its class. */
size_t slab_room(uint32_t handle);

/* What a piece of this size would have room for. */
size_t slab_room_for(size_t size);
