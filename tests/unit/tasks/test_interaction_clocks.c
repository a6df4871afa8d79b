/* Replies, resolutions, the backlog, and the SLA clocks with what they tell. */
#include "tasks/interaction_kit.h"

static struct event mail(enum event_type type, int64_t after_ms) {
    struct event ev = kit_event(type, after_ms);
    ev.channel = CHANNEL_EMAIL;
    return ev;
}

static struct event written(enum author author, int64_t after_ms) {
    struct event ev = mail(EVENT_AGENT_MESSAGE, after_ms);
    ev.author = (uint8_t)author;
    return ev;
}

static void answer_clock_warns_breaches_and_ends(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 15 * S);
    kit_expect_facts(k, 0);
    kit_tick(k, 15 * S + 1);
    kit_expect_facts(k, 1, "answer 1 at_risk at=15000 due=20000 elapsed=15000");
    kit_tick(k, 20 * S + 1);
    kit_expect_facts(k, 1, "answer 1 breached at=20000 due=20000 elapsed=20000");
    kit_say(k, EVENT_ANSWERED, 26 * S);
    kit_expect_facts(k, 1, "answer 1 ended at=26000 due=20000 elapsed=26000");
    assert_int_equal(PANE(k, ITEMS_AT_RISK, 15 * S), 1);
    assert_int_equal(PANE(k, ITEMS_BREACHED, 20 * S), 1);
    assert_int_equal(PANE(k, CLOCKS_MISSED, 26 * S), 1);
    assert_int_equal(ALL(k, CLOCKS_MET), 0);
}

static void answer_in_time_says_nothing(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 15 * S);
    kit_expect_facts(k, 0);
    assert_int_equal(PANE(k, CLOCKS_MET, 15 * S), 1);
}

static void answer_at_the_deadline_is_in_time(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 20 * S);
    kit_say(k, EVENT_ANSWERED, 20 * S);
    kit_expect_facts(k, 2, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 ended at=20000 due=20000 elapsed=20000");
    assert_int_equal(ALL(k, CLOCKS_MET), 1);
}

static void abandon_ends_without_verdict(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 17 * S);
    kit_expect_facts(k, 2, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 ended at=17000 due=20000 elapsed=17000");
    assert_int_equal(ALL(k, CLOCKS_MET) + ALL(k, CLOCKS_MISSED), 0);
}

static void each_visit_has_its_own_instance(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_FLOW_OUT, 5 * S);
    kit_say(k, EVENT_QUEUED, 6 * S);
    kit_tick(k, 27 * S);
    kit_expect_facts(k, 2, "answer 2 at_risk at=21000 due=26000 elapsed=15000",
                     "answer 2 breached at=26000 due=26000 elapsed=20000");
}

static void cancelled_voids_what_was_told(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 21 * S);
    kit_forget(&k->facts);
    kit_say(k, EVENT_CANCELLED, 22 * S);
    kit_expect_facts(k, 2, "answer 1 voided breached at=22000 due=20000 elapsed=22000",
                     "answer 1 voided at_risk at=22000 due=20000 elapsed=22000");
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
    assert_int_equal(ALL(k, ITEMS_AT_RISK), 0);
}

static void only_the_last_warning_that_passed_is_sent(void **state) {
    struct kit *k = *state;
    k->clocks[0].warnings[1].elapsed_ms = 18 * S;
    k->clocks[0].warning_count = 2;
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), 0);
    kit_apply_at(k, kit_event(EVENT_ABANDONED, 19 * S), 0);
    kit_expect_facts(k, 2, "answer 1 at_risk at=18000 due=20000 elapsed=18000",
                     "answer 1 ended at=19000 due=20000 elapsed=19000");
    assert_int_equal(ALL(k, ITEMS_AT_RISK), 1);
}

static void first_reply_is_the_first_public_human_message(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_apply(k, mail(EVENT_BOT_MESSAGE, 10 * S));
    struct event internal = written(AUTHOR_AGENT, 20 * S);
    internal.is_public = false;
    kit_apply(k, internal);
    kit_apply(k, written(AUTHOR_BOT, 30 * S));
    kit_apply(k, written(AUTHOR_SYSTEM, 40 * S));
    assert_int_equal(ALL(k, FIRST_REPLIES), 0);
    kit_apply(k, written(AUTHOR_SUPERVISOR, 60 * S));
    kit_apply(k, written(AUTHOR_AGENT, 90 * S));
    assert_int_equal(PANE(k, FIRST_REPLIES, 60 * S), 1);
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 60 * S);
    assert_int_equal(ALL(k, CLOCKS_MET), 1);
    assert_int_equal(kit_samples(k, HISTOGRAM_FIRST_REPLY), 1);
}

static void bots_count_where_the_rule_says_so(void **state) {
    struct kit *k = *state;
    k->clocks[2].bots_count = true;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_apply(k, mail(EVENT_BOT_MESSAGE, 10 * S));
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 10 * S);
}

static void on_the_telephone_the_answer_is_the_first_reply(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 2 * S);
    kit_say(k, EVENT_ANSWERED, 9 * S);
    assert_int_equal(ALL(k, FIRST_REPLIES), 1);
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 7 * S);
}

static void a_chat_is_replied_to_by_its_message(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_CREATED, 0);
    ev.channel = CHANNEL_CHAT;
    kit_apply(k, ev);
    ev = kit_event(EVENT_ANSWERED, 5 * S);
    ev.channel = CHANNEL_CHAT;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, FIRST_REPLIES), 0);
    ev = kit_event(EVENT_AGENT_MESSAGE, 8 * S);
    ev.channel = CHANNEL_CHAT;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 8 * S);
}

static void next_reply_counts_from_the_oldest_unanswered_message(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_apply(k, written(AUTHOR_AGENT, 5 * S));
    assert_int_equal(ALL(k, NEXT_REPLIES), 0);
    kit_apply(k, mail(EVENT_CUSTOMER_MESSAGE, 20 * S));
    kit_apply(k, mail(EVENT_CUSTOMER_MESSAGE, 40 * S));
    kit_apply(k, written(AUTHOR_AGENT, 50 * S));
    kit_apply(k, written(AUTHOR_AGENT, 55 * S));
    assert_int_equal(PANE(k, NEXT_REPLIES, 50 * S), 1);
    assert_int_equal(ALL(k, NEXT_REPLY_MS), 30 * S);
}

static void reply_clock_breaches_without_any_event(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_tick(k, 4 * HOUR_MS + 1);
    kit_expect_facts(k, 2, "reply 1 at_risk at=10800000 due=14400000 elapsed=10800000",
                     "reply 1 breached at=14400000 due=14400000 elapsed=14400000");
    kit_apply(k, written(AUTHOR_AGENT, 5 * HOUR_MS));
    kit_expect_facts(k, 1, "reply 1 ended at=18000000 due=14400000 elapsed=18000000");
    assert_int_equal(ALL(k, CLOCKS_MISSED), 1);
}

static void priority_change_keeps_the_elapsed_time(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    struct event urgent = mail(EVENT_PRIORITY_CHANGED, 30 * MINUTE_MS);
    urgent.priority = PRIORITY_URGENT;
    kit_apply(k, urgent);
    kit_tick(k, HOUR_MS + 1);
    kit_expect_facts(k, 1, "urgent 1 breached at=3600000 due=3600000 elapsed=3600000");
}

static void priority_change_past_the_new_target_breaches_at_the_change(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    struct event urgent = mail(EVENT_PRIORITY_CHANGED, 2 * HOUR_MS);
    urgent.priority = PRIORITY_URGENT;
    kit_apply(k, urgent);
    kit_tick(k, 2 * HOUR_MS + 1);
    kit_expect_facts(k, 1, "urgent 1 breached at=7200000 due=7200000 elapsed=7200000");
}

static void resolution_pauses_while_the_customer_is_asked(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_apply(k, written(AUTHOR_AGENT, HOUR_MS));
    struct event ev = mail(EVENT_STATUS_CHANGED, 10 * HOUR_MS);
    ev.status = SLICE("pending_customer");
    kit_apply(k, ev);
    ev = mail(EVENT_STATUS_CHANGED, 40 * HOUR_MS);
    ev.status = SLICE("open");
    kit_apply(k, ev);
    kit_tick(k, 54 * HOUR_MS);
    kit_expect_facts(k, 0);
    kit_tick(k, 54 * HOUR_MS + 1);
    kit_expect_facts(k, 1, "solve 1 breached at=194400000 due=194400000 elapsed=86400000");
    kit_apply(k, mail(EVENT_RESOLVED, 55 * HOUR_MS));
    kit_expect_facts(k, 1, "solve 1 ended at=198000000 due=194400000 elapsed=90000000");
    assert_int_equal(ALL(k, RESOLUTION_MS), 55 * HOUR_MS);
}

static void each_resolution_counts_from_created(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    kit_apply(k, mail(EVENT_RESOLVED, HOUR_MS));
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    kit_apply(k, mail(EVENT_REOPENED, 3 * HOUR_MS));
    assert_int_equal(PANE(k, REOPENED, 3 * HOUR_MS), 1);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    kit_apply(k, mail(EVENT_RESOLVED, 5 * HOUR_MS));
    assert_int_equal(ALL(k, RESOLVED), 2);
    assert_int_equal(ALL(k, RESOLUTION_MS), 6 * HOUR_MS);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(kit_samples(k, HISTOGRAM_RESOLUTION), 2);
}

static void reopened_goes_on_with_the_time_it_had(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_apply(k, written(AUTHOR_AGENT, HOUR_MS));
    kit_apply(k, mail(EVENT_RESOLVED, 20 * HOUR_MS));
    kit_apply(k, mail(EVENT_REOPENED, 30 * HOUR_MS));
    kit_tick(k, 34 * HOUR_MS + 1);
    kit_expect_facts(k, 1, "solve 2 breached at=122400000 due=122400000 elapsed=86400000");
}

static void resolved_without_reply_has_no_verdict_unless_the_rule_says_missed(void **state) {
    for (int missed = 0; missed < 2; missed++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        k->clocks[2].on_resolve = missed == 1 ? ON_RESOLVE_MISSED : ON_RESOLVE_VOID;
        kit_apply(k, mail(EVENT_CREATED, 0));
        kit_apply(k, mail(EVENT_RESOLVED, HOUR_MS));
        assert_int_equal(ALL(k, CLOCKS_MISSED), missed);
        assert_int_equal(ALL(k, CLOCKS_MET), 1);
    }
}

static void with_created_the_backlog_outlives_the_call(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_CREATED, 0);
    kit_say(k, EVENT_QUEUED, 1 * S);
    kit_say(k, EVENT_ANSWERED, 2 * S);
    kit_say(k, EVENT_DISCONNECTED, 60 * S);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    kit_say(k, EVENT_CLOSED, 70 * S);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 70 * S), -1);
}

static void ageing_ends_what_was_told(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, HOUR_MS);
    kit_forget(&k->facts);
    kit_tick(k, 5 * HOUR_MS);
    kit_expect_facts(k, 1, "answer 1 ended at=14400000 due=20000 elapsed=14400000");
    assert_int_equal(ALL(k, CLOCKS_MISSED), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(answer_clock_warns_breaches_and_ends),
        CASE(answer_in_time_says_nothing),
        CASE(answer_at_the_deadline_is_in_time),
        CASE(abandon_ends_without_verdict),
        CASE(each_visit_has_its_own_instance),
        CASE(cancelled_voids_what_was_told),
        CASE(only_the_last_warning_that_passed_is_sent),
        CASE(first_reply_is_the_first_public_human_message),
        CASE(bots_count_where_the_rule_says_so),
        CASE(on_the_telephone_the_answer_is_the_first_reply),
        CASE(a_chat_is_replied_to_by_its_message),
        CASE(next_reply_counts_from_the_oldest_unanswered_message),
        CASE(reply_clock_breaches_without_any_event),
        CASE(priority_change_keeps_the_elapsed_time),
        CASE(priority_change_past_the_new_target_breaches_at_the_change),
        CASE(resolution_pauses_while_the_customer_is_asked),
        CASE(each_resolution_counts_from_created),
        CASE(reopened_goes_on_with_the_time_it_had),
        CASE(resolved_without_reply_has_no_verdict_unless_the_rule_says_missed),
        CASE(with_created_the_backlog_outlives_the_call),
        CASE(ageing_ends_what_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
