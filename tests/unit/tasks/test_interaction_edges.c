/* Edge cases of interactions that definitions leave to the reader: domain.md 3.4. */
#include "tasks/interaction_kit.h"

static void abandon_while_ringing_is_an_abandon_of_the_queue(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_OFFERED, 6 * S);
    kit_say(k, EVENT_OFFER_MISSED, 9 * S);
    kit_say(k, EVENT_OFFERED, 10 * S);
    kit_say(k, EVENT_ABANDONED, 12 * S);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(ALL(k, ABANDONED), 1);
    assert_int_equal(ALL(k, ANSWERED) + ALL(k, HANDLED) + ALL(k, IN_SERVICE_CHANGE), 0);
    assert_int_equal(LEVEL(k, 0, ABANDONED_IN), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
}

static void a_callback_is_neither_answered_nor_abandoned(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_CALLBACK_REQUESTED, 12 * S);
    assert_int_equal(ALL(k, CALLBACKS), 1);
    assert_int_equal(ALL(k, ANSWERED) + ALL(k, ABANDONED) + ALL(k, FLOWED_OUT), 0);
    assert_int_equal(LEVEL(k, 0, CALLBACK_IN), 1);
    kit_say(k, EVENT_CALLBACK_ATTEMPTED, 600 * S);
    kit_tick(k, 700 * S);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(ALL(k, ANSWERED) + ALL(k, ABANDONED), 0);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
}

static void callback_and_flow_out_end_the_clock_without_verdict(void **state) {
    static const enum event_type ends[] = {EVENT_CALLBACK_REQUESTED, EVENT_FLOW_OUT,
                                           EVENT_ABANDONED};
    struct kit *k = *state;
    for (size_t i = 0; i < 3; i++) {
        int64_t from = (int64_t)i * 100 * S;
        kit_say(k, EVENT_QUEUED, from);
        kit_say(k, ends[i], from + 12 * S);
        kit_tick(k, from + 60 * S);
    }
    kit_expect_facts(k, 0);
    assert_int_equal(ALL(k, CLOCKS_MET) + ALL(k, CLOCKS_MISSED), 0);
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
}

static void another_queue_is_another_visit_of_its_own_wait(void **state) {
    struct kit *k = *state;
    struct event second = kit_event(EVENT_QUEUED, 15 * S);
    second.queue = SLICE("support");
    kit_say(k, EVENT_QUEUED, 0);
    kit_apply(k, second);
    kit_say(k, EVENT_ANSWERED, 30 * S);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(ALL(k, FLOWED_OUT), 1);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(ALL(k, WAIT_MS), 15 * S);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 1);
    assert_int_equal(LEVEL(k, 0, FLOWED_OUT_IN), 1);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
}

static void a_consult_is_no_transfer(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_CONSULT_START, 20 * S);
    kit_say(k, EVENT_CONSULT_END, 50 * S);
    kit_say(k, EVENT_DISCONNECTED, 90 * S);
    assert_int_equal(ALL(k, TRANSFERRED), 0);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 90 * S);
    assert_int_equal(ALL(k, OFFERED), 1);
}

static void a_conference_is_one_interaction_whose_times_do_not_add(void **state) {
    struct kit *k = *state;
    struct event join = kit_event(EVENT_CONFERENCE_JOIN, 20 * S);
    struct event leave = kit_event(EVENT_CONFERENCE_LEAVE, 70 * S);
    kit_say(k, EVENT_ANSWERED, 0);
    kit_apply(k, join);
    kit_apply(k, leave);
    kit_say(k, EVENT_DISCONNECTED, 90 * S);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 90 * S);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 0), 1);
}

static void what_never_ends_is_backlog_until_it_is_aged_out(void **state) {
    struct kit *k = *state;
    struct event mail = kit_event(EVENT_CREATED, 0);
    mail.channel = CHANNEL_EMAIL;
    kit_apply(k, mail);
    kit_tick(k, 30 * DAY_MS);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    kit_tick(k, 30 * DAY_MS + 1);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 30 * DAY_MS), -1);
    assert_int_equal(ALL(k, RESOLVED), 0);
    assert_int_equal(interaction_task_counts(k->task)->aged_out, 1);
}

static void a_clock_of_a_site_that_runs_ahead_is_refused(void **state) {
    struct kit *k = *state;
    kit_tick(k, 0);
    kit_apply_at(k, kit_event(EVENT_QUEUED, MINUTE_MS + S), 0);
    assert_int_equal(k->letters.count, 1);
    assert_int_equal(strncmp(k->letters.at[0], "future ", 7), 0);
    assert_int_equal(ALL(k, OFFERED), 0);
    kit_apply_at(k, kit_event(EVENT_QUEUED, MINUTE_MS), 0);
    assert_int_equal(ALL(k, OFFERED), 1);
}

static void an_agent_who_never_hung_up_is_not_billed_for_talk(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_tick(k, HOUR_MS);
    assert_int_equal(ALL(k, TALK_MS) + ALL(k, HANDLED), 0);
    struct event said = kit_event(EVENT_DISCONNECTED, HOUR_MS);
    said.talk_ms = 40 * S; /* the source knows better than the instants of its events */
    kit_apply(k, said);
    assert_int_equal(ALL(k, TALK_MS), 40 * S);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(abandon_while_ringing_is_an_abandon_of_the_queue),
        CASE(a_callback_is_neither_answered_nor_abandoned),
        CASE(callback_and_flow_out_end_the_clock_without_verdict),
        CASE(another_queue_is_another_visit_of_its_own_wait),
        CASE(a_consult_is_no_transfer),
        CASE(a_conference_is_one_interaction_whose_times_do_not_add),
        CASE(what_never_ends_is_backlog_until_it_is_aged_out),
        CASE(a_clock_of_a_site_that_runs_ahead_is_refused),
        CASE(an_agent_who_never_hung_up_is_not_billed_for_talk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
