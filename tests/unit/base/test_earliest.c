/* Is what is kept always the beginning of what is out there, sorted? */
#include "base/earliest.h"

#include "base/property.h"

#define OUT_THERE 300

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void expect_beginning(const struct earliest *e, int64_t *all, size_t count, uint64_t seed) {
    qsort(all, count, sizeof(all[0]), by_value);
    REQUIRE(seed, e->count <= count && e->count <= EARLIEST_KEPT);
    for (size_t i = 0; i < e->count; i++)
        REQUIRE(seed, e->at[e->count - 1 - i] == all[i]);
    if (e->count > 0)
        REQUIRE(seed, earliest_next(e) == all[0]);
}

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    struct earliest e;
    earliest_reset(&e);
    int64_t all[OUT_THERE];
    size_t count = 0;
    uint64_t spread = 1 + rng_below(&r, 500); /* few values: many are equal */
    uint64_t adds = 1 + rng_below(&r, 9);
    for (int step = 0; step < 500; step++) {
        bool add = count == 0 || (count < OUT_THERE && rng_below(&r, 10) < adds);
        if (add) {
            all[count] = (int64_t)rng_below(&r, spread);
            earliest_add(&e, all[count], count);
            count++;
        } else {
            size_t victim = rng_below(&r, 3) == 0 ? 0 : rng_below(&r, count);
            earliest_remove(&e, all[victim]);
            all[victim] = all[--count];
        }
        if (e.count == 0 && rng_below(&r, 2) == 0) {
            for (size_t i = 0; i < count; i++)
                earliest_offer(&e, all[i]);
            REQUIRE(seed, e.count == (count < EARLIEST_KEPT ? count : EARLIEST_KEPT));
        }
        expect_beginning(&e, all, count, seed);
    }
}

static void random_histories_agree_with_a_sorted_array(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200; seed++)
        one_history(seed);
}

/* As long as all are kept, nothing has to be looked for again. */
static void few_are_always_known(void **state) {
    (void)state;
    struct earliest e;
    earliest_reset(&e);
    for (size_t i = 0; i < EARLIEST_KEPT; i++)
        earliest_add(&e, (int64_t)(i * 37 % EARLIEST_KEPT), i);
    earliest_add(&e, 1000, EARLIEST_KEPT); /* too late to be one of them */
    for (int64_t i = 0; i < EARLIEST_KEPT; i++) {
        assert_int_equal(earliest_next(&e), i);
        earliest_remove(&e, i);
    }
    assert_int_equal(e.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_always_known),
        cmocka_unit_test(random_histories_agree_with_a_sorted_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
