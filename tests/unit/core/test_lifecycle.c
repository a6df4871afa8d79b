/* The table of the life cycle against the sentences that it stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/lifecycle.h"

static void an_answer_needs_no_queue(void **state) {
    (void)state;
    assert_int_equal(lifecycle_move(PHASE_NEW, EVENT_ANSWERED), MOVE_ANSWER);
    assert_int_equal(lifecycle_move(PHASE_ENDED, EVENT_ANSWERED), MOVE_ANSWER);
    assert_int_equal(lifecycle_move(PHASE_TALKING, EVENT_ANSWERED), MOVE_IMPOSSIBLE);
}

static void nothing_ends_before_it_begins(void **state) {
    (void)state;
    static const enum event_type ends[] = {EVENT_DEQUEUED,     EVENT_ABANDONED,  EVENT_FLOW_OUT,
                                           EVENT_HOLD_START,   EVENT_HOLD_END,   EVENT_TRANSFERRED,
                                           EVENT_DISCONNECTED, EVENT_WRAP_START, EVENT_WRAP_END};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        assert_int_equal(lifecycle_move(PHASE_NEW, ends[i]), MOVE_IMPOSSIBLE);
}

static void what_says_nothing_of_the_phase_is_possible_in_all(void **state) {
    (void)state;
    static const enum event_type types[] = {
        EVENT_UNKNOWN,          EVENT_CREATED,       EVENT_QUEUED,         EVENT_OFFERED,
        EVENT_CUSTOMER_MESSAGE, EVENT_AGENT_MESSAGE, EVENT_RESOLVED,       EVENT_REOPENED,
        EVENT_CANCELLED,        EVENT_MERGED,        EVENT_STATUS_CHANGED, EVENT_CLOSED};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (enum phase p = 0; p < PHASE_COUNT; p++)
            assert_int_not_equal(lifecycle_move(p, types[i]), MOVE_IMPOSSIBLE);
    }
}

static void a_hold_lies_in_a_talk(void **state) {
    (void)state;
    for (enum phase p = 0; p < PHASE_COUNT; p++) {
        assert_int_equal(lifecycle_may_enter(p, PHASE_HELD), p == PHASE_TALKING);
        if (p != PHASE_TALKING)
            assert_int_not_equal(lifecycle_move(p, EVENT_HOLD_START), MOVE_HOLD);
    }
}

static void nobody_becomes_new_again(void **state) {
    (void)state;
    for (enum phase p = 0; p < PHASE_COUNT; p++)
        assert_false(lifecycle_may_enter(p, PHASE_NEW));
}

static void names_are_those_of_the_phases(void **state) {
    (void)state;
    assert_string_equal(phase_name(PHASE_NEW), "new");
    assert_string_equal(phase_name(PHASE_ENDED), "ended");
    assert_true(lifecycle_moves_phase(MOVE_QUEUE));
    assert_false(lifecycle_moves_phase(MOVE_RESOLVE));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_needs_no_queue),
        cmocka_unit_test(nothing_ends_before_it_begins),
        cmocka_unit_test(what_says_nothing_of_the_phase_is_possible_in_all),
        cmocka_unit_test(a_hold_lies_in_a_talk),
        cmocka_unit_test(nobody_becomes_new_again),
        cmocka_unit_test(names_are_those_of_the_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
