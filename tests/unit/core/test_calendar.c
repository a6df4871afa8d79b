/* Business time: elapsed open time, and the instant after so much of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/calendar.h"

/* Open in seconds 100..200, 300..350 and 1000..1001. */
static struct calendar_span spans[] = {{100, 200, 0}, {300, 350, 100}, {1000, 1001, 150}};
static const struct calendar hours = {.spans = spans, .count = 3};

static void no_calendar_is_always_open(void **state) {
    (void)state;
    assert_int_equal(calendar_open_ms(NULL, 5, 12), 7);
    assert_int_equal(calendar_open_ms(NULL, 12, 5), 0);
    assert_int_equal(calendar_after(NULL, 5, 7), 12);
    assert_int_equal(calendar_after(NULL, 5, -7), 5);
    assert_true(calendar_is_open(NULL, 5));
}

static void only_open_time_elapses(void **state) {
    (void)state;
    assert_int_equal(calendar_open_ms(&hours, 0, 100000), 0);
    assert_int_equal(calendar_open_ms(&hours, 0, 2000000), 151000);
    assert_int_equal(calendar_open_ms(&hours, 150000, 310000), 60000);
    assert_int_equal(calendar_open_ms(&hours, 210000, 290000), 0);
    assert_int_equal(calendar_open_ms(&hours, 1001000, 9999999), 0);
}

static void a_deadline_stands_at_the_end_of_its_time(void **state) {
    (void)state;
    assert_int_equal(calendar_after(&hours, 0, 1), 100001);
    assert_int_equal(calendar_after(&hours, 150000, 50000), 200000);
    assert_int_equal(calendar_after(&hours, 150000, 50001), 300001);
    assert_int_equal(calendar_after(&hours, 250000, 0), 250000);
    assert_int_equal(calendar_after(&hours, 0, 151000), 1001000);
    assert_int_equal(calendar_after(&hours, 0, 151001), INSTANT_MAX);
    assert_int_equal(calendar_after(&hours, 2000000, 1), INSTANT_MAX);
}

static void spans_are_half_open(void **state) {
    (void)state;
    assert_false(calendar_is_open(&hours, 99999));
    assert_true(calendar_is_open(&hours, 100000));
    assert_true(calendar_is_open(&hours, 199999));
    assert_false(calendar_is_open(&hours, 200000));
    assert_false(calendar_is_open(&hours, 1001000));
}

static void an_empty_calendar_is_never_open(void **state) {
    (void)state;
    const struct calendar closed = {0};
    assert_int_equal(calendar_open_ms(&closed, 0, INSTANT_MAX), 0);
    assert_int_equal(calendar_after(&closed, 0, 1), INSTANT_MAX);
    assert_false(calendar_is_open(&closed, 0));
}

/* Oracle: second by second. */
static void against_a_walk(void **state) {
    (void)state;
    struct rng rng;
    rng_init(&rng, 5);
    for (int round = 0; round < 2000; round++) {
        struct calendar_span some[8];
        struct calendar c = {.spans = some};
        bool open[400] = {false};
        uint32_t at_s = 0;
        uint32_t before_s = 0;
        while (c.count < 8 && at_s < 380) {
            uint32_t from_s = at_s + (uint32_t)rng_below(&rng, 40) + 1;
            uint32_t to_s = from_s + (uint32_t)rng_below(&rng, 20) + 1;
            some[c.count++] = (struct calendar_span){from_s, to_s, before_s};
            before_s += to_s - from_s;
            for (uint32_t s = from_s; s < to_s && s < 400; s++)
                open[s] = true;
            at_s = to_s;
        }
        uint32_t from_s = (uint32_t)rng_below(&rng, 300);
        int64_t wanted_s = (int64_t)rng_below(&rng, 100) + 1;
        int64_t passed_s = 0;
        uint32_t to_s = from_s;
        while (to_s < 400 && passed_s < wanted_s)
            passed_s += open[to_s++];
        assert_int_equal(calendar_open_ms(&c, from_s * 1000, to_s * 1000), passed_s * 1000);
        if (passed_s == wanted_s)
            assert_int_equal(calendar_after(&c, from_s * 1000, wanted_s * 1000), to_s * 1000);
    }
}

static void a_day_it_opens_on_is_a_local_one(void **state) {
    (void)state;
    static struct calendar_day days[] = {{20000, 0}, {20001, 0}, {20007, 0}};
    const struct calendar c = {.days = days, .day_count = 3};
    assert_true(calendar_opens_on(&c, 20000 * DAY_MS, 0));
    assert_true(calendar_opens_on(&c, 20001 * DAY_MS + DAY_MS - 1, 0));
    assert_false(calendar_opens_on(&c, 20002 * DAY_MS, 0));
    assert_false(calendar_opens_on(&c, 19999 * DAY_MS, 0));
    assert_true(calendar_opens_on(&c, 20000 * DAY_MS, 1));
    assert_true(calendar_opens_on(&c, 20014 * DAY_MS, -1));
    assert_false(calendar_opens_on(&c, 20008 * DAY_MS, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_calendar_is_always_open),
        cmocka_unit_test(only_open_time_elapses),
        cmocka_unit_test(a_deadline_stands_at_the_end_of_its_time),
        cmocka_unit_test(spans_are_half_open),
        cmocka_unit_test(an_empty_calendar_is_never_open),
        cmocka_unit_test(against_a_walk),
        cmocka_unit_test(a_day_it_opens_on_is_a_local_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
