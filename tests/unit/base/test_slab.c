/* Do pieces of all sizes stay where they are and keep what was written? */
#include "base/slab.h"

#include <stdbool.h>
#include <string.h>

#include "base/property.h"

#define MOST 2000

struct piece {
    uint32_t handle;
    size_t size;
    unsigned char *at;
    unsigned char fill;
};

static size_t some_size(struct rng *r) {
    return rng_below(r, 20) == 0 ? rng_below(r, 5000) : rng_below(r, 400);
}

static struct piece get(struct slab *s, struct rng *r, uint64_t seed) {
    struct piece p = {.size = some_size(r), .fill = (unsigned char)rng_next(r)};
    p.handle = slab_get(s, p.size);
    p.at = slab_at(s, p.handle);
    REQUIRE(seed, p.handle != SLAB_NONE && slab_room(p.handle) >= p.size);
    REQUIRE(seed, slab_room(p.handle) == slab_room_for(p.size));
    REQUIRE(seed, p.size <= 16 || slab_room(p.handle) <= p.size + (p.size <= 1024 ? 256 : p.size));
    memset(p.at, p.fill, slab_room(p.handle));
    return p;
}

static void put(struct slab *s, const struct piece *p, uint64_t seed) {
    REQUIRE(seed, slab_at(s, p->handle) == p->at);
    for (size_t i = 0; i < slab_room(p->handle); i++)
        REQUIRE(seed, p->at[i] == p->fill);
    slab_put(s, p->handle);
}

static void one_history(uint64_t seed) {
    static struct piece pieces[MOST];
    struct rng r;
    struct slab s;
    size_t held = 0;
    rng_init(&r, seed);
    slab_init(&s);
    for (int step = 0; step < 10000; step++) {
        if (held == 0 || (held < MOST && rng_below(&r, 5) < 3)) {
            pieces[held++] = get(&s, &r, seed);
        } else {
            size_t victim = rng_below(&r, held);
            put(&s, &pieces[victim], seed);
            pieces[victim] = pieces[--held];
        }
    }
    while (held > 0)
        put(&s, &pieces[--held], seed);
    slab_deinit(&s);
}

static void pieces_keep_what_was_written(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20; seed++)
        one_history(seed);
}

static void the_largest_piece(void **state) {
    (void)state;
    struct slab s;
    slab_init(&s);
    uint32_t handle = slab_get(&s, SLAB_MOST);
    assert_int_equal(slab_room(handle), SLAB_MOST);
    memset(slab_at(&s, handle), 1, SLAB_MOST);
    slab_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_keep_what_was_written),
        cmocka_unit_test(the_largest_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
