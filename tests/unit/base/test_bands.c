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
    bands_deinit(&b);
}

/* Whatever was written before, and whichever items were used again. */
static void the_order_depends_on_the_keys_alone(void **state) {
    (void)state;
    struct bands a, b;
    struct rng rng;
    rng_init(&rng, property_first_seed());
    bands_init(&a, sizeof(struct item));
    bands_init(&b, sizeof(struct item));
    for (uint64_t k = 1; k <= 5000; k++) {
        struct item item = {k * UINT64_C(0x9E3779B97F4A7C15), k};
        bands_write(&a, item.key, &item, 1);
    }
    for (uint64_t k = 0; k < 9000; k++) {
        struct item item = {rng_next(&rng), 0};
        bands_write(&b, item.key, &item, 1);
        bands_write(&b, item.key, NULL, 0);
        uint64_t key = (5000 - k % 5000) * UINT64_C(0x9E3779B97F4A7C15);
        bands_write(&b, key, &(struct item){key, 5000 - k % 5000}, 1);
    }
    size_t count_a, count_b;
    uint32_t *order_a = bands_order(&a, &count_a), *order_b = bands_order(&b, &count_b);
    assert_int_equal(count_a, 5000);
    assert_int_equal(count_b, 5000);
    for (size_t k = 0; k < count_a; k++) {
        struct item item_a, item_b;
        assert_int_equal(bands_read_at(&a, order_a[k], &item_a, 1), 1);
        assert_int_equal(bands_read_at(&b, order_b[k], &item_b, 1), 1);
        assert_true(item_a.key == item_b.key && item_a.value == item_b.value);
        assert_true(bands_key_at(&a, order_a[k]) == item_a.key);
    }
    free(order_a);
    free(order_b);
    bands_deinit(&a);
    bands_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_order_depends_on_the_keys_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
