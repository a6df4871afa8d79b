/* Agents' legs: where they begin, when they end, and what of them is talk, hold and wrap. */
#include "tasks/interaction_kit.h"

static void hold_and_wrap_are_no_talk(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 10 * S);
    kit_say(k, EVENT_HOLD_START, 40 * S);
    kit_say(k, EVENT_HOLD_END, 55 * S);
    kit_say(k, EVENT_DISCONNECTED, 100 * S);
    kit_say(k, EVENT_WRAP_START, 100 * S);
    kit_say(k, EVENT_WRAP_END, 130 * S);
    assert_int_equal(PANE(k, HANDLED, 130 * S), 1);
    assert_int_equal(PANE(k, TALK_MS, 130 * S), 75 * S);
    assert_int_equal(PANE(k, HOLD_MS, 130 * S), 15 * S);
    assert_int_equal(PANE(k, WRAP_MS, 130 * S), 30 * S);
    assert_int_equal(PANE(k, ARR_WRAP_MS, 0), 30 * S);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
    assert_int_equal(kit_samples(k, HISTOGRAM_HANDLE), 1);
}

static void leg_moves_from_the_disconnect_to_the_end_of_its_wrap(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_DISCONNECTED, 60 * S);
    assert_int_equal(PANE(k, HANDLED, 60 * S), 1);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    kit_say(k, EVENT_WRAP_START, 61 * S);
    assert_int_equal(ALL(k, HANDLED), 0);
    assert_int_equal(ALL(k, TALK_MS), 0);
    assert_int_equal(ALL(k, ARR_HANDLED), 0);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 1);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    kit_say(k, EVENT_WRAP_END, 91 * S);
    assert_int_equal(PANE(k, HANDLED, 60 * S), 0);
    assert_int_equal(PANE(k, HANDLED, 91 * S), 1);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 91 * S), -1);
    assert_int_equal(ALL(k, WRAP_MS), 30 * S);
    assert_int_equal(ALL(k, TALK_MS), 61 * S);
}

static void hold_ends_with_the_call(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_HOLD_START, 20 * S);
    kit_say(k, EVENT_DISCONNECTED, 50 * S);
    assert_int_equal(ALL(k, HOLD_MS), 30 * S);
    assert_int_equal(ALL(k, TALK_MS), 20 * S);
}

static void transfer_ends_the_giving_leg_and_begins_a_visit(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 10 * S);
    kit_say(k, EVENT_TRANSFERRED, 40 * S);
    struct event second = kit_event(EVENT_QUEUED, 40 * S);
    second.queue = SLICE("support");
    kit_apply(k, second);
    kit_say(k, EVENT_ANSWERED, 55 * S);
    kit_say(k, EVENT_DISCONNECTED, 100 * S);
    assert_int_equal(PANE(k, TRANSFERRED, 40 * S), 1);
    assert_int_equal(PANE(k, HANDLED, 40 * S), 1);
    assert_int_equal(PANE(k, ARR_TRANSFERRED, 0), 1);
    assert_int_equal(ALL(k, HANDLED), 2);
    assert_int_equal(ALL(k, TRANSFERRED), 1);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(ALL(k, ANSWERED), 2);
    assert_int_equal(ALL(k, FLOWED_OUT), 0);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
}

static void measured_times_win(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_HOLD_START, 10 * S);
    kit_say(k, EVENT_HOLD_END, 20 * S);
    struct event end = kit_event(EVENT_DISCONNECTED, 60 * S);
    end.talk_ms = 44 * S;
    end.hold_ms = 7 * S;
    end.wrap_ms = 9 * S;
    kit_apply(k, end);
    assert_int_equal(ALL(k, TALK_MS), 44 * S);
    assert_int_equal(ALL(k, HOLD_MS), 7 * S);
    assert_int_equal(ALL(k, WRAP_MS), 9 * S);
}

static void measured_hold_leaves_the_rest_to_talk(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    struct event end = kit_event(EVENT_DISCONNECTED, 60 * S);
    end.hold_ms = 25 * S;
    kit_apply(k, end);
    assert_int_equal(ALL(k, TALK_MS), 35 * S);
}

static void a_wrap_that_is_only_measured_takes_nothing_from_talk(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    struct event end = kit_event(EVENT_DISCONNECTED, 60 * S);
    end.wrap_ms = 25 * S;
    kit_apply(k, end);
    assert_int_equal(ALL(k, TALK_MS), 60 * S);
    assert_int_equal(ALL(k, WRAP_MS), 25 * S);
}

static void a_leg_that_never_ends_is_not_handled(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_tick(k, 5 * HOUR_MS);
    assert_int_equal(ALL(k, HANDLED), 0);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(ALL(k, ANSWERED), 1);
}

static void events_of_one_instant_take_the_order_of_life(void **state) {
    static const enum event_type types[] = {EVENT_DISCONNECTED, EVENT_TRANSFERRED, EVENT_ANSWERED,
                                            EVENT_QUEUED};
    /* Every order of arrival of QUEUED, ANSWERED, TRANSFERRED, DISCONNECTED at one instant. */
    for (unsigned order = 0; order < 24; order++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        unsigned rest = order;
        bool said[4] = {false};
        for (unsigned left = 4; left > 0; left--) {
            unsigned pick = rest % left;
            rest /= left;
            unsigned at = 0;
            while (said[at] || pick-- > 0)
                at++;
            said[at] = true;
            kit_say(k, types[at], 5 * S);
        }
        kit_tick(k, HOUR_MS);
        assert_int_equal(k->letters.count, 0);
        assert_int_equal(ALL(k, OFFERED), 1);
        assert_int_equal(ALL(k, ANSWERED), 1);
        assert_int_equal(ALL(k, HANDLED), 1);
        assert_int_equal(ALL(k, TRANSFERRED), 1);
        assert_int_equal(ALL(k, ABANDONED), 0);
    }
}

static void the_numbers_of_a_source_go_before_the_order_of_life(void **state) {
    struct kit *k = *state;
    struct event end = kit_event(EVENT_DISCONNECTED, 5 * S);
    end.source_seq = 1;
    struct event start = kit_event(EVENT_ANSWERED, 5 * S);
    start.source_seq = 2;
    kit_say(k, EVENT_QUEUED, 0);
    kit_apply(k, start);
    kit_apply(k, end);
    assert_int_equal(ALL(k, ABANDONED), 1);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(hold_and_wrap_are_no_talk),
        CASE(leg_moves_from_the_disconnect_to_the_end_of_its_wrap),
        CASE(hold_ends_with_the_call),
        CASE(transfer_ends_the_giving_leg_and_begins_a_visit),
        CASE(measured_times_win),
        CASE(measured_hold_leaves_the_rest_to_talk),
        CASE(a_wrap_that_is_only_measured_takes_nothing_from_talk),
        CASE(a_leg_that_never_ends_is_not_handled),
        CASE(events_of_one_instant_take_the_order_of_life),
        CASE(the_numbers_of_a_source_go_before_the_order_of_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
