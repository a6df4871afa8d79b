/* Do records stay where they are, keep what was written, and come back zeroed? */
#include "base/pool.h"

#include <stdbool.h>
#include <string.h>

#include "base/property.h"

#define MOST 5000

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    size_t size = 4 + rng_below(&r, 60);
    struct pool p;
    pool_init(&p, size);

    static uint32_t handles[MOST];
    static unsigned char *places[MOST];
    size_t held = 0;
    size_t most_held = 0;
    for (int step = 0; step < 20000; step++) {
        bool get = held == 0 || (held < MOST && rng_below(&r, 5) < 3);
        if (get) {
            uint32_t handle = pool_get(&p);
            unsigned char *at = pool_at(&p, handle);
            for (size_t i = 0; i < size; i++)
                REQUIRE(seed, at[i] == 0);
            memset(at, (unsigned char)(handle | 1), size);
            handles[held] = handle;
            places[held++] = at;
        } else {
            size_t victim = rng_below(&r, held);
            unsigned char *at = pool_at(&p, handles[victim]);
            REQUIRE(seed, at == places[victim]);
            for (size_t i = 0; i < size; i++)
                REQUIRE(seed, at[i] == (unsigned char)(handles[victim] | 1));
            pool_put(&p, handles[victim]);
            handles[victim] = handles[--held];
            places[victim] = places[held];
        }
        most_held = held > most_held ? held : most_held;
        REQUIRE(seed, p.used == held);
    }
    REQUIRE(seed, p.next == most_held); /* a freed record is used before a new one */
    pool_deinit(&p);
}

static void random_histories(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20; seed++)
        one_history(seed);
}

static void a_deinited_pool_can_be_used_again(void **state) {
    (void)state;
    struct pool p;
    pool_init(&p, 16);
    pool_get(&p);
    pool_deinit(&p);
    assert_int_equal(pool_get(&p), 0);
    assert_int_equal(p.used, 1);
    pool_deinit(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deinited_pool_can_be_used_again),
        cmocka_unit_test(random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
