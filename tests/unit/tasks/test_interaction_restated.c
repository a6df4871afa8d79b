/* What a source says anew of what has been counted: whole records, and late revisions. */
#include "tasks/interaction_kit.h"

/* Answered after 25 s, then 60 s of talk with 10 s on hold. */
static void call(struct kit *k) {
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 25 * S);
    kit_say(k, EVENT_HOLD_START, 40 * S);
    kit_say(k, EVENT_HOLD_END, 50 * S);
    kit_say(k, EVENT_DISCONNECTED, 85 * S);
}

static struct event record(int64_t after_ms) {
    struct event ev = kit_event(EVENT_RECORD_SNAPSHOT, after_ms);
    ev.event_id = SLICE("cdr");
    return ev;
}

static uint64_t records(const struct kit *k) {
    return interaction_task_counts(k->task)->records;
}
static uint64_t records_old(const struct kit *k) {
    return interaction_task_counts(k->task)->records_old;
}

static void expect_call(const struct kit *k, int64_t wait_ms, int64_t talk_ms, int64_t hold_ms) {
    assert_int_equal(PANE(k, OFFERED, 0), 1);
    assert_int_equal(PANE(k, ANSWERED, 25 * S), 1);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(PANE(k, WAIT_MS, 25 * S), wait_ms);
    assert_int_equal(PANE(k, ARR_WAIT_MS, 0), wait_ms);
    assert_int_equal(kit_samples(k, HISTOGRAM_WAIT), 1);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(PANE(k, TALK_MS, 85 * S), talk_ms);
    assert_int_equal(PANE(k, HOLD_MS, 85 * S), hold_ms);
    assert_int_equal(PANE(k, ARR_TALK_MS, 0), talk_ms);
    assert_int_equal(kit_samples(k, HISTOGRAM_HANDLE), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
}

static void a_record_restates_what_was_counted(void **state) {
    struct kit *k = *state;
    call(k);
    expect_call(k, 25 * S, 50 * S, 10 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 1);
    struct event ev = record(100 * S);
    ev.queue_wait_ms = 18 * S;
    ev.talk_ms = 47 * S;
    ev.hold_ms = 13 * S;
    kit_apply(k, ev);
    expect_call(k, 18 * S, 47 * S, 13 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 1);
    assert_int_equal(records(k), 1);
}

/* domain.md 4, FreePBX 124: nobody logged the transfer, the agent is billed for an hour of talk. */
static void a_transfer_that_was_not_logged_is_corrected_by_the_record(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 5 * S);
    kit_say(k, EVENT_DISCONNECTED, HOUR_MS + 5 * S);
    assert_int_equal(ALL(k, TALK_MS), HOUR_MS);
    assert_int_equal(ALL(k, TRANSFERRED), 0);
    struct event ev = record(HOUR_MS + 60 * S);
    ev.talk_ms = 4 * MINUTE_MS;
    ev.end_cause = END_CAUSE_TRANSFERRED;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, TALK_MS), 4 * MINUTE_MS);
    assert_int_equal(ALL(k, TRANSFERRED), 1);
    assert_int_equal(ALL(k, ARR_TRANSFERRED), 1);
    assert_int_equal(ALL(k, HANDLED), 1);
}

/* domain.md 3.4: "Late CTR revision: restate counters by delta, old contribution -, new +". Long
 * after its events went from the tail, over a save, and whatever the order. */
static void late_revisions_of_a_record(void **state) {
    static const int32_t orders[][3] = {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}};
    (void)state;
    for (size_t o = 0; o < 4; o++) {
        struct kit k;
        kit_init(&k);
        call(&k);
        for (size_t n = 0; n < 3; n++) {
            int32_t revision = orders[o][n];
            kit_tick(&k, (10 + 10 * (int64_t)n) * MINUTE_MS);
            kit_reload(&k);
            struct event ev = record(90 * S - revision * S);
            ev.revision = revision;
            ev.queue_wait_ms = revision == 2 ? EVENT_ABSENT : 10 * S + revision * S;
            ev.talk_ms = 30 * S + revision * S;
            kit_apply(&k, ev);
            kit_apply(&k, ev);
        }
        expect_call(&k, 25 * S, 32 * S, 10 * S);
        assert_int_equal(k.letters.count, 0);
        kit_deinit(&k);
    }
}

static void older_revisions_are_refused_and_counted(void **state) {
    struct kit *k = *state;
    call(k);
    struct event ev = record(90 * S);
    ev.revision = 2;
    ev.talk_ms = 40 * S;
    kit_apply(k, ev);
    ev.revision = 1;
    ev.talk_ms = 1 * S;
    kit_apply(k, ev);
    assert_int_equal(interaction_task_counts(k->task)->revisions_old, 1);
    ev.revision = 3;
    ev.talk_ms = 41 * S;
    kit_apply(k, ev);
    assert_int_equal(interaction_task_counts(k->task)->revisions, 1);
    kit_tick(k, 20 * MINUTE_MS);
    ev.revision = 2;
    ev.talk_ms = 2 * S;
    kit_apply(k, ev);
    expect_call(k, 25 * S, 41 * S, 10 * S);
    assert_int_equal(records_old(k), 1);
}

/* Of two records the newer one stands, as a whole. */
static void of_two_records_the_newer_one_stands(void **state) {
    struct kit *k = *state;
    call(k);
    struct event first = record(90 * S), second = record(95 * S);
    first.event_id = SLICE("one");
    second.event_id = SLICE("two");
    first.talk_ms = 10 * S;
    first.hold_ms = 1 * S;
    second.talk_ms = 20 * S;
    kit_apply(k, second);
    kit_tick(k, 20 * MINUTE_MS);
    kit_apply(k, first);
    expect_call(k, 25 * S, 20 * S, 10 * S);
    assert_int_equal(records_old(k), 1);
}

static void a_record_says_who_ended_the_wait(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_FLOW_OUT, 12 * S);
    struct event ev = record(20 * S);
    ev.end_cause = END_CAUSE_CUSTOMER;
    ev.queue_wait_ms = 3 * S;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, FLOWED_OUT), 0);
    assert_int_equal(ALL(k, ARR_FLOWED_OUT), 0);
    assert_int_equal(PANE(k, ABANDONED, 12 * S), 1);
    assert_int_equal(PANE(k, ABANDONED_SHORT, 12 * S), 1);
    assert_int_equal(LEVEL(k, 0, FLOWED_OUT_IN), 0);
    assert_int_equal(LEVEL(k, 0, ABANDONED_SHORT), 1);
    ev.revision = 1;
    ev.end_cause = END_CAUSE_TIMEOUT;
    ev.queue_wait_ms = EVENT_ABSENT;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, ABANDONED), 0);
    assert_int_equal(ALL(k, ABANDONED_SHORT), 0);
    assert_int_equal(ALL(k, FLOWED_OUT), 1);
    assert_int_equal(LEVEL(k, 0, FLOWED_OUT_IN), 1);
}

/* The record is whole: what nobody said has ended ends with it. */
static void what_is_open_ends_with_its_record(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 5 * S);
    struct event ev = record(65 * S);
    ev.end_cause = END_CAUSE_AGENT;
    ev.talk_ms = 58 * S;
    kit_apply(k, ev);
    assert_int_equal(PANE(k, HANDLED, 65 * S), 1);
    assert_int_equal(ALL(k, TALK_MS), 58 * S);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    struct event end = kit_event(EVENT_DISCONNECTED, 63 * S);
    kit_apply(k, end);
    assert_int_equal(PANE(k, HANDLED, 63 * S), 1);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 58 * S);
}

static void who_still_waits_leaves_the_queue_with_the_record(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event ev = record(30 * S);
    ev.end_cause = END_CAUSE_CUSTOMER;
    kit_apply(k, ev);
    assert_int_equal(PANE(k, ABANDONED, 30 * S), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
}

static void a_record_without_a_cause_ends_nothing(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 5 * S);
    struct event ev = record(65 * S);
    ev.talk_ms = 50 * S;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 1);
    kit_say(k, EVENT_DISCONNECTED, 70 * S);
    assert_int_equal(ALL(k, TALK_MS), 50 * S);
}

static void spam_by_its_record_takes_the_visit_out(void **state) {
    struct kit *k = *state;
    call(k);
    struct event ev = record(90 * S);
    ev.end_cause = END_CAUSE_SPAM;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, OFFERED), 0);
    assert_int_equal(ALL(k, ANSWERED), 0);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
    assert_int_equal(ALL(k, HANDLED), 1); /* work that was done stays */
}

static void a_record_of_an_earlier_visit_restates_nothing(void **state) {
    struct kit *k = *state;
    call(k);
    kit_say(k, EVENT_QUEUED, 120 * S);
    kit_say(k, EVENT_ANSWERED, 130 * S);
    kit_tick(k, 20 * MINUTE_MS);
    struct event ev = record(110 * S);
    ev.queue_wait_ms = 1 * S;
    ev.talk_ms = 1 * S;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, WAIT_MS), 35 * S);
    assert_int_equal(ALL(k, TALK_MS), 50 * S);
    assert_int_equal(records_old(k), 1);
}

/* Neither does it open anything: there is nothing that would ever close it. */
static void a_record_of_what_is_not_known_has_no_effect(void **state) {
    struct kit *k = *state;
    struct event ev = record(0);
    ev.talk_ms = 10 * S;
    ev.end_cause = END_CAUSE_CUSTOMER;
    kit_apply(k, ev);
    kit_tick(k, 2 * HOUR_MS);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(ALL(k, HANDLED), 0);
    assert_int_equal(records_old(k), 1);
    assert_int_equal(interaction_task_open(k->task), 0);
    assert_int_equal(k->letters.count, 0);
}

static void what_was_aged_out_stays_so(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 5 * S);
    kit_say(k, EVENT_RESOLVED, 6 * S);
    kit_tick(k, 4 * HOUR_MS + 20 * MINUTE_MS);
    assert_int_equal(interaction_task_counts(k->task)->aged_out, 1);
    struct event ev = record(10 * S);
    ev.talk_ms = 50 * S;
    ev.end_cause = END_CAUSE_AGENT;
    kit_reload(k);
    kit_apply(k, ev);
    assert_int_equal(ALL(k, HANDLED), 0);
    assert_int_equal(ALL(k, TALK_MS), 0);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
}

/* A later revision of the very event that ended the wait or the leg, when it has been folded. */
static void late_revisions_of_what_was_measured(void **state) {
    struct kit *k = *state;
    call(k);
    kit_tick(k, 20 * MINUTE_MS);
    kit_reload(k);
    struct event answered = kit_event(EVENT_ANSWERED, 25 * S);
    answered.revision = 1;
    answered.queue_wait_ms = 19 * S;
    kit_apply(k, answered);
    struct event ended = kit_event(EVENT_DISCONNECTED, 85 * S);
    ended.revision = 2;
    ended.talk_ms = 33 * S;
    kit_apply(k, ended);
    expect_call(k, 19 * S, 33 * S, 10 * S);
    kit_tick(k, 40 * MINUTE_MS);
    kit_reload(k);
    ended.revision = 1;
    ended.talk_ms = 1 * S;
    kit_apply(k, ended);
    answered.revision = 0;
    answered.queue_wait_ms = 1 * S;
    kit_apply(k, answered);
    expect_call(k, 19 * S, 33 * S, 10 * S);
    assert_int_equal(k->letters.count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_record_restates_what_was_counted),
        CASE(a_transfer_that_was_not_logged_is_corrected_by_the_record),
        CASE(late_revisions_of_a_record),
        CASE(older_revisions_are_refused_and_counted),
        CASE(of_two_records_the_newer_one_stands),
        CASE(a_record_says_who_ended_the_wait),
        CASE(what_is_open_ends_with_its_record),
        CASE(who_still_waits_leaves_the_queue_with_the_record),
        CASE(a_record_without_a_cause_ends_nothing),
        CASE(spam_by_its_record_takes_the_visit_out),
        CASE(a_record_of_an_earlier_visit_restates_nothing),
        CASE(a_record_of_what_is_not_known_has_no_effect),
        CASE(what_was_aged_out_stays_so),
        CASE(late_revisions_of_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
