/* Clocks of a conversation: the next reply, updates, the customer's wait, the agent's work. Named
 * after the rows of domain.md 2.4 and the complaints of its 4. */
#include "tasks/conversation_kit.h"

/* next_reply */

static void the_oldest_unanswered_message_starts_the_next_reply(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 10 * M);
    ask(k, 50 * M);
    expect_breach(k, "it", 1, 70 * M, H);
    reply(k, 80 * M);
    kit_expect_facts(k, 1, "it 1 ended at=4800000 due=4200000 elapsed=4200000");
    expect_verdicts(k, 0, 1);
}

static void osticket_1684_nothing_is_overdue_when_the_customer_vanished(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 10 * M);
    reply(k, 30 * M);
    kit_tick(k, 20 * DAY_MS);
    kit_expect_facts(k, 0);
    expect_verdicts(k, 1, 0);
}

static void zammad_5177_follow_ups_leave_the_first_reply_alone(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    add(k, "first", CLOCK_FIRST_REPLY, 2 * H);
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 90 * M);
    kit_tick(k, 2 * H + 1);
    kit_expect_facts(k, 1, "first 1 breached at=7200000 due=7200000 elapsed=7200000");
    expect_breach(k, "it", 1, 150 * M, H);
    reply(k, 3 * H);
    kit_expect_facts(k, 2, "it 1 ended at=10800000 due=9000000 elapsed=5400000",
                     "first 1 ended at=10800000 due=7200000 elapsed=10800000");
    kit_tick(k, 20 * DAY_MS);
    kit_expect_facts(k, 0);
}

static void each_turn_is_an_instance(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    say_mail(k, EVENT_CREATED, 0);
    for (int64_t turn = 0; turn < 3; turn++) {
        ask(k, turn * DAY_MS);
        reply(k, turn * DAY_MS + 30 * M);
    }
    ask(k, 3 * DAY_MS);
    expect_breach(k, "it", 4, 3 * DAY_MS + H, H);
    expect_verdicts(k, 3, 0);
}

static void notes_and_bots_are_no_next_reply(void **state) {
    for (int bots_count = 0; bots_count < 2; bots_count++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, CLOCK_NEXT_REPLY, H)->bots_count = bots_count == 1;
        ask(k, 0);
        struct event note = kit_event(EVENT_AGENT_MESSAGE, M);
        note.channel = CHANNEL_EMAIL;
        note.is_public = false;
        kit_apply(k, note);
        say_mail(k, EVENT_BOT_MESSAGE, 2 * M);
        write_as(k, AUTHOR_BOT, 3 * M);
        expect_verdicts(k, bots_count, 0);
    }
}

static void a_pending_status_does_not_pause_replies(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    say_mail(k, EVENT_CREATED, 0);
    set_status(k, "pending_customer", 1 * M);
    ask(k, 10 * M);
    expect_breach(k, "it", 1, 70 * M, H);
}

static void resolved_ends_the_next_reply(void **state) {
    static const enum on_resolve ways[] = {ON_RESOLVE_USUAL, ON_RESOLVE_VOID, ON_RESOLVE_MISSED};
    for (size_t w = 0; w < 3; w++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, CLOCK_NEXT_REPLY, H)->on_resolve = ways[w];
        say_mail(k, EVENT_CREATED, 0);
        ask(k, 10 * M);
        say_mail(k, EVENT_RESOLVED, 20 * M);
        kit_tick(k, 12 * H);
        kit_expect_facts(k, 0);
        expect_verdicts(k, w == 0, w == 2);
    }
}

static void zammad_904_a_merged_ticket_does_not_escalate(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 0);
    kit_tick(k, H + 1);
    kit_forget(&k->facts);
    say_mail(k, EVENT_MERGED, 2 * H);
    kit_expect_facts(k, 1, "it 1 voided breached at=7200000 due=3600000 elapsed=7200000");
    ask(k, 3 * H);
    kit_tick(k, 9 * H);
    kit_expect_facts(k, 0);
    expect_verdicts(k, 0, 0);
}

/* A source need not send REOPENED, but CLOSED is the end even of what has been resolved. */
static void thanks_for_what_is_closed_need_no_reply(void **state) {
    for (int closed = 0; closed < 2; closed++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, CLOCK_NEXT_REPLY, H);
        say_mail(k, EVENT_CREATED, 0);
        say_mail(k, EVENT_RESOLVED, 10 * M);
        if (closed)
            say_mail(k, EVENT_CLOSED, 11 * M);
        ask(k, 12 * M);
        if (closed) {
            kit_tick(k, 12 * H);
            kit_expect_facts(k, 0);
        } else {
            expect_breach(k, "it", 1, 72 * M, H);
        }
    }
}

static void a_close_that_comes_again_leaves_what_was_reopened_alone(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    struct event closed = kit_event(EVENT_CLOSED, 10 * M);
    closed.channel = CHANNEL_EMAIL;
    closed.event_id = SLICE("closed");
    say_mail(k, EVENT_CREATED, 0);
    kit_apply(k, closed);
    say_mail(k, EVENT_REOPENED, 20 * M);
    kit_tick(k, 40 * M);
    kit_apply(k, closed);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
    expect_breach(k, "it", 1, 80 * M, H);
}

static void who_gives_up_waits_for_no_next_reply(void **state) {
    static const enum event_type ways[] = {EVENT_ABANDONED, EVENT_CALLBACK_REQUESTED, EVENT_CLOSED};
    for (size_t w = 0; w < 3; w++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, CLOCK_NEXT_REPLY, H);
        say_mail(k, EVENT_CREATED, 0);
        queue_in(k, "sales", 1 * M);
        ask(k, 2 * M);
        say_mail(k, ways[w], 3 * M);
        kit_tick(k, 12 * H);
        kit_expect_facts(k, 0);
        expect_verdicts(k, 0, 0);
    }
}

static void zammad_5624_no_clock_of_the_group_before_is_left_behind(void **state) {
    struct kit *k = *state;
    struct slice support = SLICE("support");
    only(k, CLOCK_NEXT_REPLY, H)->when.queue = (struct match_values){&support, 1};
    add(k, "other", CLOCK_NEXT_REPLY, 3 * H);
    say_mail(k, EVENT_CREATED, 0);
    queue_in(k, "support", 1 * M);
    ask(k, 10 * M);
    queue_in(k, "sales", 20 * M);
    kit_tick(k, 80 * M);
    kit_expect_facts(k, 0);
    queue_in(k, "support", 90 * M); /* and back: past the target, it breaches at the change */
    expect_breach(k, "it", 1, 90 * M, 80 * M);
}

static void a_clock_that_matches_later_knows_the_turn(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H)->when.priorities = 1u << PRIORITY_URGENT;
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 5 * M);
    reply(k, 6 * M);
    ask(k, 10 * M);
    ask(k, 20 * M);
    expect_verdicts(k, 0, 0);
    set_priority(k, PRIORITY_URGENT, 30 * M);
    expect_breach(k, "it", 2, 70 * M, H);
    set_priority(k, PRIORITY_LOW, 80 * M);
    kit_expect_facts(k, 1, "it 2 voided breached at=4800000 due=4200000 elapsed=4200000");
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
    set_priority(k, PRIORITY_URGENT, 90 * M);
    expect_breach(k, "it", 2, 90 * M, 80 * M);
    reply(k, 100 * M);
    expect_verdicts(k, 0, 1);
}

/* requester_wait and agent_work */

/* Runs to its breach through the statuses that the row of the table names. */
static void pauses_by_status(struct kit *k, enum clock_kind kind, int64_t breach_ms) {
    only(k, kind, 4 * H);
    say_mail(k, EVENT_CREATED, 0);
    set_status(k, "pending_customer", 1 * H);
    set_status(k, "open", 11 * H);
    set_status(k, "on_hold", 12 * H);
    set_status(k, "open", 13 * H);
    expect_breach(k, "it", 1, breach_ms, 4 * H);
}

/* Told in one go, when the message comes last: what it was warned of is said for each time that its
 * rule applied, as if all had come in order. */
static void a_rule_that_comes_back_is_warned_of_again(void **state) {
    struct kit *k = *state;
    k->contract.clock_count = 0;
    kit_clock(k, "high", CLOCK_NEXT_REPLY, 1u << CHANNEL_EMAIL, 1u << PRIORITY_HIGH, 10 * S, 0);
    kit_clock(k, "it", CLOCK_NEXT_REPLY, 1u << CHANNEL_EMAIL, 0, 60 * S, 20 * S);
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    set_priority(k, PRIORITY_HIGH, 30 * S);
    set_priority(k, PRIORITY_NORMAL, 40 * S);
    kit_tick(k, 50 * S);
    kit_expect_facts(k, 0);
    ask(k, 0);
    kit_expect_facts(k, 5, "it 1 at_risk at=20000 due=60000 elapsed=20000",
                     "it 1 ended at=30000 due=60000 elapsed=30000",
                     "high 1 breached at=30000 due=30000 elapsed=30000",
                     "high 1 ended at=40000 due=30000 elapsed=40000",
                     "it 1 at_risk at=40000 due=60000 elapsed=40000");
    say_mail(k, EVENT_RESOLVED, 35 * S); /* it never came back */
    kit_expect_facts(k, 2, "it 1 voided at_risk at=40000 due=60000 elapsed=40000",
                     "high 1 ended at=35000 due=30000 elapsed=35000");
}

/* What no rule measures any more is taken back once, at whichever instant: the reader would take
 * the second for the warning of before. */
static void what_was_taken_back_is_not_taken_back_again(void **state) {
    struct kit *k = *state;
    k->contract.clock_count = 0;
    uint32_t mail = 1u << CHANNEL_EMAIL;
    kit_clock(k, "high", CLOCK_NEXT_REPLY, mail, 1u << PRIORITY_HIGH, H, 0);
    kit_clock(k, "it", CLOCK_NEXT_REPLY, mail, 1u << PRIORITY_NORMAL, 60 * S, 20 * S);
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    ask(k, 0);
    set_priority(k, PRIORITY_HIGH, 30 * S);
    set_priority(k, PRIORITY_NORMAL, 40 * S);
    set_priority(k, PRIORITY_LOW, 50 * S);
    kit_expect_facts(k, 4, "it 1 at_risk at=20000 due=60000 elapsed=20000",
                     "it 1 ended at=30000 due=60000 elapsed=30000",
                     "it 1 at_risk at=40000 due=60000 elapsed=40000",
                     "it 1 voided at_risk at=50000 due=60000 elapsed=50000");
    set_priority(k, PRIORITY_LOW, 45 * S);
    kit_expect_facts(k, 0);
}

static void the_customer_waits_on_while_a_third_party_is_asked(void **state) {
    pauses_by_status(*state, CLOCK_REQUESTER_WAIT, 14 * H);
}

static void work_pauses_on_hold_too(void **state) {
    pauses_by_status(*state, CLOCK_AGENT_WORK, 15 * H);
}

static void a_message_of_the_customer_resumes_wait_and_work_but_not_the_resolution(void **state) {
    static const enum clock_kind kinds[] = {CLOCK_REQUESTER_WAIT, CLOCK_AGENT_WORK,
                                            CLOCK_RESOLUTION};
    for (size_t n = 0; n < 3; n++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, kinds[n], 4 * H);
        say_mail(k, EVENT_CREATED, 0);
        set_status(k, "pending_customer", 1 * H);
        ask(k, 10 * H);
        set_status(k, "pending_customer", 11 * H); /* asked again */
        ask(k, 20 * H);
        if (n < 2) {
            expect_breach(k, "it", 1, 22 * H, 4 * H);
            continue;
        }
        kit_tick(k, 40 * H);
        kit_expect_facts(k, 0);
        set_status(k, "open", 41 * H);
        expect_breach(k, "it", 1, 44 * H, 4 * H);
    }
}

static void frappe_paused_and_resolved_at_once_leaves_the_pause_out(void **state) {
    static const enum clock_kind kinds[] = {CLOCK_REQUESTER_WAIT, CLOCK_AGENT_WORK,
                                            CLOCK_RESOLUTION};
    for (size_t n = 0; n < 3; n++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, kinds[n], 4 * H);
        say_mail(k, EVENT_CREATED, 0);
        set_status(k, "pending_customer", 1 * H);
        say_mail(k, EVENT_RESOLVED, 20 * DAY_MS);
        kit_expect_facts(k, 0);
        expect_verdicts(k, 1, 0);
    }
}

static void a_reopening_resumes_wait_and_work(void **state) {
    static const enum clock_kind kinds[] = {CLOCK_REQUESTER_WAIT, CLOCK_AGENT_WORK};
    for (size_t n = 0; n < 2; n++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, kinds[n], 4 * H);
        say_mail(k, EVENT_CREATED, 0);
        say_mail(k, EVENT_RESOLVED, 3 * H);
        expect_verdicts(k, 1, 0);
        say_mail(k, EVENT_REOPENED, 10 * H);
        expect_breach(k, "it", 2, 11 * H, 4 * H);
        say_mail(k, EVENT_RESOLVED, 12 * H);
        expect_verdicts(k, 1, 1);
    }
}

static void who_gives_up_has_a_verdict_of_the_wait(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_REQUESTER_WAIT, 4 * H);
    say_mail(k, EVENT_CREATED, 0);
    queue_in(k, "sales", 1 * M);
    say_mail(k, EVENT_ABANDONED, 1 * H);
    expect_verdicts(k, 1, 0);
}

static void glpi_6902_a_pause_is_remembered_over_a_change_of_the_rule(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_REQUESTER_WAIT, 2 * H)->when.priorities = 1u << PRIORITY_URGENT;
    add(k, "slow", CLOCK_REQUESTER_WAIT, 50 * H)->when.priorities = 1u << PRIORITY_NORMAL;
    say_mail(k, EVENT_CREATED, 0);
    set_status(k, "pending_customer", 1 * H);
    set_priority(k, PRIORITY_URGENT, 5 * H); /* 1 h has elapsed, and it stands */
    kit_tick(k, 19 * H);
    kit_expect_facts(k, 0);
    set_priority(k, PRIORITY_LOW, 20 * H); /* no rule, but it is known what elapses */
    set_status(k, "open", 21 * H);
    set_priority(k, PRIORITY_URGENT, 21 * H + 30 * M);
    expect_breach(k, "it", 1, 22 * H, 2 * H);
}

static void another_rule_pauses_as_it_says_itself(void **state) {
    struct kit *k = *state;
    struct clock_rule *urgent = only(k, CLOCK_AGENT_WORK, 4 * H);
    urgent->when.priorities = 1u << PRIORITY_URGENT;
    urgent->pause_on = 0;
    add(k, "slow", CLOCK_AGENT_WORK, 50 * H);
    say_mail(k, EVENT_CREATED, 0);
    set_status(k, "on_hold", 1 * H);
    set_priority(k, PRIORITY_URGENT, 10 * H);
    expect_breach(k, "it", 1, 13 * H, 4 * H);
}

/* periodic_update */

static void each_update_starts_the_next_one(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_PERIODIC_UPDATE, 4 * H);
    say_mail(k, EVENT_CREATED, 0);
    reply(k, 3 * H);
    ask(k, 4 * H);
    reply(k, 6 * H);
    say_mail(k, EVENT_BOT_MESSAGE, 7 * H);
    set_status(k, "pending_customer", 8 * H);
    expect_verdicts(k, 2, 0);
    expect_breach(k, "it", 3, 10 * H, 4 * H);
    reply(k, 11 * H);
    kit_expect_facts(k, 1, "it 3 ended at=39600000 due=36000000 elapsed=18000000");
    expect_verdicts(k, 2, 1);
    say_mail(k, EVENT_RESOLVED, 12 * H);
    expect_verdicts(k, 3, 1);
    reply(k, 13 * H); /* a last word owes no further one */
    kit_tick(k, 40 * H);
    kit_expect_facts(k, 0);
}

static void an_update_pauses_only_where_the_rule_says_so(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_PERIODIC_UPDATE, 4 * H)->pause_on = PENDING;
    say_mail(k, EVENT_CREATED, 0);
    set_status(k, "pending_customer", 1 * H);
    ask(k, 2 * H); /* not resumed by a message: the table says so of wait and work only */
    set_status(k, "open", 10 * H);
    expect_breach(k, "it", 1, 13 * H, 4 * H);
}

static void updates_are_owed_from_created_only(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_PERIODIC_UPDATE, 4 * H);
    queue_in(k, "sales", 0);
    reply(k, 1 * H);
    kit_tick(k, 20 * H);
    kit_expect_facts(k, 0);
}

/* The mean is of replies to what was still owed: 10 s, not the hours since what the resolution
 * settled. */
static void a_resolution_ends_the_turn_in_the_figure_too(void **state) {
    struct kit *k = *state;
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 5 * S);
    say_mail(k, EVENT_RESOLVED, 60 * S);
    say_mail(k, EVENT_REOPENED, 5 * H);
    ask(k, 5 * H);
    reply(k, 5 * H + 10 * S);
    assert_int_equal(ALL(k, NEXT_REPLIES), 1);
    assert_int_equal(ALL(k, NEXT_REPLY_MS), 10 * S);
    ask(k, 6 * H);
    say_mail(k, EVENT_CLOSED, 6 * H + S);
    reply(k, 7 * H);
    assert_int_equal(ALL(k, NEXT_REPLIES), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_oldest_unanswered_message_starts_the_next_reply),
        CASE(osticket_1684_nothing_is_overdue_when_the_customer_vanished),
        CASE(zammad_5177_follow_ups_leave_the_first_reply_alone),
        CASE(each_turn_is_an_instance),
        CASE(notes_and_bots_are_no_next_reply),
        CASE(a_pending_status_does_not_pause_replies),
        CASE(resolved_ends_the_next_reply),
        CASE(a_resolution_ends_the_turn_in_the_figure_too),
        CASE(zammad_904_a_merged_ticket_does_not_escalate),
        CASE(thanks_for_what_is_closed_need_no_reply),
        CASE(a_close_that_comes_again_leaves_what_was_reopened_alone),
        CASE(who_gives_up_waits_for_no_next_reply),
        CASE(zammad_5624_no_clock_of_the_group_before_is_left_behind),
        CASE(a_clock_that_matches_later_knows_the_turn),
        CASE(a_rule_that_comes_back_is_warned_of_again),
        CASE(what_was_taken_back_is_not_taken_back_again),
        CASE(the_customer_waits_on_while_a_third_party_is_asked),
        CASE(work_pauses_on_hold_too),
        CASE(a_message_of_the_customer_resumes_wait_and_work_but_not_the_resolution),
        CASE(frappe_paused_and_resolved_at_once_leaves_the_pause_out),
        CASE(a_reopening_resumes_wait_and_work),
        CASE(who_gives_up_has_a_verdict_of_the_wait),
        CASE(glpi_6902_a_pause_is_remembered_over_a_change_of_the_rule),
        CASE(another_rule_pauses_as_it_says_itself),
        CASE(each_update_starts_the_next_one),
        CASE(an_update_pauses_only_where_the_rule_says_so),
        CASE(updates_are_owed_from_created_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
