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

/* Five days from 08:00 to 18:00 UTC; the third closes at noon. */
static struct calendar_span office_spans[] = {{28800, 64800, 0},
                                              {115200, 151200, 36000},
                                              {201600, 216000, 72000},
                                              {288000, 324000, 86400},
                                              {374400, 410400, 122400}};
static struct calendar_day office_days[] = {
    {0, 28800}, {1, 115200}, {2, 201600}, {3, 288000}, {4, 374400}};
static const struct calendar office = {
    .spans = office_spans, .count = 5, .days = office_days, .day_count = 5};
static const struct clock_days one_day = {.count = 1, .warnings = {{0.5, 0}, {0, HOUR_MS}}};
static const struct clock_rule by_day = {.calendar = &office, .days = &one_day, .warning_count = 2};

static int64_t hour(int64_t day, int64_t hours) {
    return day * DAY_MS + hours * HOUR_MS;
}

static void a_business_day_ends_at_the_same_time_of_the_next_one(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, hour(0, 17), 1);
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 17));
    assert_int_equal(clock_target_ms(&by_day, hour(0, 17)), 10 * HOUR_MS);
    clock_begin(&c, 0, hour(0, 8), 1); /* not at the closing */
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 8));
    clock_begin(&c, 0, hour(0, 20), 1); /* from the next opening on */
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(2, 8));
    clock_begin(&c, 0, hour(1, 17), 1); /* the third day is closed by then */
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(2, 17));
    assert_int_equal(clock_target_ms(&by_day, hour(1, 17)), 5 * HOUR_MS);
    clock_begin(&c, 0, hour(4, 9), 1); /* there is no next one */
    assert_int_equal(clock_deadline_at(&c, &by_day), INSTANT_MAX);
}

static void a_pause_puts_a_business_day_off_by_its_open_time(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, hour(0, 10), 1);
    clock_pause(&c, &by_day, hour(0, 12));
    clock_resume(&c, hour(0, 13));
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 11));
    /* While it is closed a pause takes nothing. */
    clock_pause(&c, &by_day, hour(0, 19));
    clock_resume(&c, hour(1, 7));
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 11));
    /* Of a whole day: from opening to opening. */
    clock_begin(&c, 0, hour(0, 8), 1);
    clock_pause(&c, &by_day, hour(0, 9));
    clock_resume(&c, hour(1, 9));
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(2, 8));
    /* All of it was used up, and the day of it is over. */
    clock_begin(&c, 0, hour(0, 8), 1);
    clock_pause(&c, &by_day, hour(0, 19));
    clock_resume(&c, hour(1, 7));
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 8));
    clock_pause(&c, &by_day, hour(1, 7));
    clock_resume(&c, hour(1, 9));
    assert_int_equal(clock_deadline_at(&c, &by_day), hour(1, 9));
}

static void warnings_of_a_business_day_follow_its_length(void **state) {
    (void)state;
    struct clock c;
    clock_begin(&c, 0, hour(0, 10), 1); /* 10 h: at 5 h and at 9 h */
    assert_int_equal(clock_next_at(&c, &by_day), hour(0, 15));
    assert_true(clock_pass_warnings(&c, &by_day, hour(0, 15)));
    assert_int_equal(clock_next_at(&c, &by_day), hour(1, 9));
    assert_true(clock_pass_warnings(&c, &by_day, hour(1, 9)));
    assert_int_equal(clock_next_at(&c, &by_day), hour(1, 10));
    clock_begin(&c, 0, hour(1, 17), 1); /* 5 h: at 2 h 30 and at 4 h */
    assert_int_equal(clock_next_at(&c, &by_day), hour(2, 9) + 30 * MINUTE_MS);
    assert_true(clock_pass_warnings(&c, &by_day, hour(2, 10)));
    assert_int_equal(clock_next_at(&c, &by_day), hour(2, 11));
}

static void days_and_hours_are_other_terms(void **state) {
    (void)state;
    struct clock_days two = {.count = 2, .warnings = {{0.5, 0}, {0, HOUR_MS}}};
    struct clock_days later = {.count = 1, .warnings = {{0.5, 0}, {0, 2 * HOUR_MS}}};
    struct clock_rule other = by_day;
    assert_true(clock_same_terms(&by_day, &other));
    other.days = &two;
    assert_false(clock_same_terms(&by_day, &other));
    other.days = &later;
    assert_false(clock_same_terms(&by_day, &other));
    other.days = NULL;
    assert_false(clock_same_terms(&by_day, &other));
    assert_false(clock_same_terms(&rule, &other));
    assert_true(clock_same_terms(&rule, &rule));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_follows_from_what_has_elapsed),
        cmocka_unit_test(pausing_twice_is_pausing_once),
        cmocka_unit_test(warnings_come_in_turn),
        cmocka_unit_test(another_rule_keeps_the_elapsed_time),
        cmocka_unit_test(a_new_cycle_goes_on),
        cmocka_unit_test(a_business_day_ends_at_the_same_time_of_the_next_one),
        cmocka_unit_test(a_pause_puts_a_business_day_off_by_its_open_time),
        cmocka_unit_test(warnings_of_a_business_day_follow_its_length),
        cmocka_unit_test(days_and_hours_are_other_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
