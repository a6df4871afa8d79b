/* One SLA clock: elapsed time is the state, the deadline follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"

static const struct clock_rule rule = {
    .target_ms = 100, .warnings = {{50}, {80}}, .warning_count = 2};

static void deadline_follows_from_what_has_elapsed(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, 1000, 1);
    assert_int_equal(clock_deadline_at(&c, &rule), 1100);
    clock_pause(&c, &rule, 1030);
    assert_int_equal(clock_deadline_at(&c, &rule), INSTANT_MAX);
    assert_int_equal(clock_next_at(&c, &rule), INSTANT_MAX);
    assert_int_equal(clock_elapsed_ms(&c, &rule, 5000), 30);
    clock_resume(&c, 2000);
    assert_int_equal(clock_deadline_at(&c, &rule), 2070);
    assert_int_equal(clock_elapsed_ms(&c, &rule, 2010), 40);
    clock_end(&c, &rule, 2050);
    assert_int_equal(clock_elapsed_ms(&c, &rule, 9999), 80);
}

static void pausing_twice_is_pausing_once(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, 0, 1);
    clock_resume(&c, 10);
    clock_pause(&c, &rule, 20);
    clock_pause(&c, &rule, 60);
    assert_int_equal(clock_elapsed_ms(&c, &rule, 100), 20);
}

static void warnings_come_in_turn(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, 0, 1);
    assert_int_equal(clock_next_at(&c, &rule), 50);
    assert_false(clock_pass_warnings(&c, &rule, 49));
    assert_true(clock_pass_warnings(&c, &rule, 50));
    assert_int_equal(clock_next_at(&c, &rule), 80);
    assert_true(clock_pass_warnings(&c, &rule, 90));
    assert_false(clock_pass_warnings(&c, &rule, 99));
    assert_int_equal(clock_next_at(&c, &rule), 100);
    assert_int_equal(c.risk_at, 50);
    c.breach_at = 100;
    assert_int_equal(clock_next_at(&c, &rule), INSTANT_MAX);
}

static void another_rule_keeps_the_elapsed_time(void **state) {
    (void)state;
    struct clock c;
    struct clock_rule strict = {.target_ms = 40};
    clock_begin(&c, 0, 0, 1);
    clock_pass_warnings(&c, &rule, 60);
    clock_retarget(&c, &rule, &strict, 1, 70);
    assert_int_equal(c.risk_at, INSTANT_NONE);
    assert_int_equal(clock_elapsed_ms(&c, &rule, 70), 70);
    assert_int_equal(clock_deadline_at(&c, &strict), 70);
}

static void a_new_cycle_goes_on(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, 0, 1);
    clock_end(&c, &rule, 60);
    clock_continue(&c, 500);
    assert_int_equal(c.instance, 2);
    assert_int_equal(clock_deadline_at(&c, &rule), 540);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_follows_from_what_has_elapsed),
        cmocka_unit_test(pausing_twice_is_pausing_once),
        cmocka_unit_test(warnings_come_in_turn),
        cmocka_unit_test(another_rule_keeps_the_elapsed_time),
        cmocka_unit_test(a_new_cycle_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
