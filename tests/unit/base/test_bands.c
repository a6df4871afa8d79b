/* Lists under keys: what was written last is read, under each key alone. */
#include <string.h>

#include "base/bands.h"
#include "base/property.h"

#define KEYS 40
#define MOST 9

struct item {
    uint64_t key, value;
};

static void what_was_written_is_read(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng rng;
    struct bands b;
    struct item lists[KEYS][MOST];
    size_t counts[KEYS] = {0}, items = 0;
    rng_init(&rng, seed);
    bands_init(&b, sizeof(struct item));
    for (size_t round = 0; round < 3000; round++) {
        size_t k = rng_below(&rng, KEYS), count = rng_below(&rng, MOST + 1);
        items += count - counts[k];
        counts[k] = count;
        for (size_t n = 0; n < count; n++)
            lists[k][n] = (struct item){k << 32, rng_next(&rng)};
        bands_write(&b, k << 32, lists[k], count);
        k = rng_below(&rng, KEYS);
        struct item read[MOST];
        REQUIRE(seed, bands_read(&b, k << 32, read, MOST) == counts[k]);
        REQUIRE(seed, memcmp(read, lists[k], counts[k] * sizeof(*read)) == 0);
        REQUIRE(seed, bands_items(&b) == items);
    }
    size_t key_count, expected = 0;
    uint64_t *keys = bands_keys(&b, &key_count);
    for (size_t k = 0; k < KEYS; k++) {
        if (counts[k] == 0)
            continue;
        assert_true(expected < key_count && keys[expected] == k << 32);
        expected++;
    }
    assert_int_equal(key_count, expected);
    free(keys);
    bands_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
