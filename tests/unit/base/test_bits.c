/* Bits counted as the compiler counts them. */
#include "base/bits.h"
#include "base/property.h"

static void counted_as_the_compiler_does(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng rng;
    rng_init(&rng, seed);
    assert_int_equal(bits_count(0), 0);
    assert_int_equal(bits_count(UINT64_MAX), 64);
    for (int k = 0; k < 10000; k++) {
        uint64_t bits = rng_next(&rng) >> k % 64;
        REQUIRE(seed, bits_count(bits) == (unsigned)__builtin_popcountll(bits));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(counted_as_the_compiler_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
