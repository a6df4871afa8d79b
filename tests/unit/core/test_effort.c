/* What do chats cost an agent who has several at a time? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/property.h"
#include "core/effort.h"

#define S SECOND_MS
#define T0 INT64_C(1700000000000)

static struct effort_leg leg(uint64_t interaction, int64_t from_ms, int64_t to_ms) {
    return (struct effort_leg){7, interaction, T0 + from_ms, to_ms < 0 ? INSTANT_NONE : T0 + to_ms};
}

/* Ten minutes of one chat, five of them beside another: 5 + 5/2. */
static void time_is_divided_over_what_is_open(void **state) {
    (void)state;
    struct effort_leg legs[] = {leg(1, 0, 600 * S), leg(2, 300 * S, 900 * S)};
    assert_int_equal(effort_ms(legs, 2, 0), 450 * S);
    assert_int_equal(effort_ms(legs, 2, 1), 450 * S);
    assert_int_equal(effort_ms(legs, 1, 0), 600 * S); /* alone */
}

static void one_that_is_open_takes_its_part(void **state) {
    (void)state;
    struct effort_leg legs[] = {leg(1, 0, -1), leg(2, 300 * S, 900 * S), leg(3, 900 * S, 960 * S)};
    assert_int_equal(effort_ms(legs, 3, 1), 300 * S);
    assert_int_equal(effort_ms(legs, 3, 2), 30 * S); /* the second has ended when it begins */
}

/* 10 ms of three: 4, 3, 3. */
static void what_does_not_divide_goes_to_the_first(void **state) {
    (void)state;
    struct effort_leg legs[] = {leg(1, 0, 10), leg(2, 0, 10), leg(3, 0, 10)};
    assert_int_equal(effort_ms(legs, 3, 0), 4);
    assert_int_equal(effort_ms(legs, 3, 1), 3);
    assert_int_equal(effort_ms(legs, 3, 2), 3);
}

static void of_no_length_it_costs_nothing(void **state) {
    (void)state;
    struct effort_leg legs[] = {leg(1, 0, 100 * S), leg(2, 50 * S, 50 * S)};
    assert_int_equal(effort_ms(legs, 2, 1), 0);
    assert_int_equal(effort_ms(legs, 2, 0), 100 * S);
}

static int by_order(const void *a, const void *b) {
    return effort_compare(a, b);
}

/* All efforts of an agent together are the time in which he had anything open. */
static void efforts_add_up_to_the_time_worked(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 3000; seed++) {
        struct rng rng;
        struct effort_leg legs[12];
        rng_init(&rng, seed);
        size_t count = 1 + rng_below(&rng, 12);
        for (size_t k = 0; k < count; k++) {
            int64_t from_ms = (int64_t)rng_below(&rng, 300);
            legs[k] = leg(k, from_ms, from_ms + (int64_t)rng_below(&rng, 90));
        }
        qsort(legs, count, sizeof(*legs), by_order);
        int64_t efforts_ms = 0, worked_ms = 0;
        for (size_t k = 0; k < count; k++)
            efforts_ms += effort_ms(legs, count, k);
        for (int64_t at = T0; at < T0 + 400; at++) {
            bool worked = false;
            for (size_t k = 0; k < count; k++)
                worked |= effort_overlap(&legs[k], at, at + 1);
            worked_ms += worked;
        }
        REQUIRE(seed, efforts_ms == worked_ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_divided_over_what_is_open),
        cmocka_unit_test(one_that_is_open_takes_its_part),
        cmocka_unit_test(what_does_not_divide_goes_to_the_first),
        cmocka_unit_test(of_no_length_it_costs_nothing),
        cmocka_unit_test(efforts_add_up_to_the_time_worked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
