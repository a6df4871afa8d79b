#include "base/slab.h"

#include "base/check.h"

/* Steps of 16 bytes up to 256, four steps to each doubling up to 1024, then the doublings: a piece
 * wastes a fifth of its memory at most where there are many of it. */
static const uint16_t rooms[] = {16,  32,  48,  64,   80,   96,   112,  128,   144,  160,
                                 176, 192, 208, 224,  240,  256,  320,  384,   448,  512,
                                 640, 768, 896, 1024, 2048, 4096, 8192, 16384, 32768};
#define ROOMS (sizeof(rooms) / sizeof(rooms[0]))
#define STEP 16u
#define STEPS 16u

#define CLASS_SHIFT 27u /* of a handle: the class above, the pool's own handle below */
#define PIECES_MOST (UINT32_C(1) << CLASS_SHIFT)

_Static_assert(ROOMS < SLAB_CLASSES, "the last class would be taken for SLAB_NONE");

static uint32_t class_of(size_t size) {
    if (size <= (size_t)STEP * STEPS)
        return size == 0 ? 0 : (uint32_t)((size - 1) / STEP);
    uint32_t class = STEPS;
    while (rooms[class] < size)
        class ++;
    return class;
}

void slab_init(struct slab *s) {
    for (uint32_t class = 0; class < ROOMS; class ++)
        pool_init(&s->pools[class], rooms[class]);
}

void slab_deinit(struct slab *s) {
    for (uint32_t class = 0; class < ROOMS; class ++)
        pool_deinit(&s->pools[class]);
}

uint32_t slab_get(struct slab *s, size_t size) {
    CHECK(size <= SLAB_MOST);
    uint32_t class = class_of(size), handle = pool_get_dirty(&s->pools[class]);
    CHECK(handle < PIECES_MOST);
    return class << CLASS_SHIFT | handle;
}

void slab_put(struct slab *s, uint32_t handle) {
    pool_put(&s->pools[handle >> CLASS_SHIFT], handle % PIECES_MOST);
}

void *slab_at(const struct slab *s, uint32_t handle) {
    return pool_at(&s->pools[handle >> CLASS_SHIFT], handle % PIECES_MOST);
}

size_t slab_room(uint32_t handle) {
    return rooms[handle >> CLASS_SHIFT];
}

size_t slab_room_for(size_t size) {
    CHECK(size <= SLAB_MOST);
    return rooms[class_of(size)];
}
