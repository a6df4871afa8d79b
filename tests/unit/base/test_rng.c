/* Is the generator the published one, and are its derived numbers fair? */
#include "base/rng.h"

#include <math.h>

#include "base/property.h"

/* The first outputs of the authors' xoshiro256** for the state 1, 2, 3, 4. */
static void golden(void **state) {
    (void)state;
    struct rng r = {{1, 2, 3, 4}};
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
    };
    for (size_t i = 0; i < 4; i++)
        assert_true(rng_next(&r) == expected[i]);
}

/* Seeds go through splitmix64, whose first output for 0 is published too. */
static void seeds(void **state) {
    (void)state;
    struct rng a;
    struct rng b;
    rng_init(&a, 0);
    assert_true(a.state[0] == UINT64_C(0xE220A8397B1DCDAF));
    rng_init(&b, 0);
    assert_true(rng_next(&a) == rng_next(&b));
    rng_init(&b, 1);
    assert_true(rng_next(&a) != rng_next(&b));
}

/* Chi-squared over ten cells: 40 is beyond 1e-5 of chance, and the seed is fixed. */
static void below_is_even(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 3);
    double seen[10] = {0};
    for (int i = 0; i < 100000; i++)
        seen[rng_below(&r, 10)] += 1;
    double sum = 0;
    for (int i = 0; i < 10; i++)
        sum += (seen[i] - 10000) * (seen[i] - 10000) / 10000;
    assert_true(sum < 40);

    /* Three quarters of 2^64: a plain remainder would give the lower third twice as often. */
    uint64_t bound = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low += rng_below(&r, bound) < UINT64_C(1) << 62;
    assert_in_range(low, 9500, 10500);
    assert_int_equal(rng_below(&r, 1), 0);
}

static void units_and_exponentials(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 4);
    double units = 0;
    double times = 0;
    for (int i = 0; i < 100000; i++) {
        double unit = rng_unit(&r);
        assert_true(unit >= 0 && unit < 1);
        units += unit;
        double time = rng_exponential(&r, 20);
        assert_true(time >= 0 && isfinite(time));
        times += time;
    }
    assert_true(fabs(units / 100000 - 0.5) < 0.005);
    assert_true(fabs(times / 100000 - 20) < 0.3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(seeds),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(units_and_exponentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
