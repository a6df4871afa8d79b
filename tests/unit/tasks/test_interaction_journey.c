/* What does an interaction tell of its part in a journey, and does it take back what was not so? */
#include "interaction_kit.h"

/* "began-ended visits:wait legs:handle transfers", instants in ms after T0. */
static void hear(void *context, const struct journey_row *row) {
    struct kit *k = context;
    const struct journey_part *p = &row->member.part;
    char ended[32] = "open", resolved[32] = "";
    assert_true(p->journey == journey_identity(SLICE("acme"), SLICE("j")));
    if (p->ended_at != INSTANT_NONE)
        snprintf(ended, sizeof(ended), "%lld", (long long)(p->ended_at - T0));
    if (row->member.resolved_at != INSTANT_NONE)
        snprintf(resolved, sizeof(resolved), " resolved=%lld",
                 (long long)(row->member.resolved_at - T0));
    kit_note(&k->facts, "%s%lld-%s %u:%lld %u:%lld %u%s", row->gone ? "gone " : "",
             (long long)(p->began_at - T0), ended, p->visits, (long long)p->wait_ms, p->legs,
             (long long)p->handle_ms, p->transfers, resolved);
}

static void no_fact(void *context, const struct fact *fact) {
    (void)context, (void)fact;
}

static int setup(void **state) {
    kit_setup(state);
    struct kit *k = *state;
    k->out.journey = hear;
    k->out.fact = no_fact;
    return 0;
}

static struct event of_journey(enum event_type type, int64_t after_ms, const char *journey) {
    struct event ev = kit_event(type, after_ms);
    ev.journey_id = slice_of(journey);
    return ev;
}

static void say(struct kit *k, enum event_type type, int64_t after_ms) {
    kit_apply(k, of_journey(type, after_ms, "j"));
}

static void each_change_is_told_as_it_stands(void **state) {
    struct kit *k = *state;
    say(k, EVENT_QUEUED, 0);
    say(k, EVENT_ANSWERED, 7 * S);
    say(k, EVENT_TRANSFERRED, 30 * S);
    say(k, EVENT_QUEUED, 30 * S);
    say(k, EVENT_ANSWERED, 42 * S);
    say(k, EVENT_DISCONNECTED, 60 * S);
    kit_expect_facts(k, 6, "0-open 0:0 0:0 0", "0-open 1:7000 0:0 0", "0-30000 1:7000 1:23000 1",
                     "0-open 1:7000 1:23000 1", "0-open 2:19000 1:23000 1",
                     "0-60000 2:19000 2:41000 1");
    say(k, EVENT_WRAP_START, 60 * S); /* the leg ends with its wrap instead */
    say(k, EVENT_WRAP_END, 70 * S);
    kit_expect_facts(k, 2, "0-open 2:19000 1:23000 1", "0-70000 2:19000 2:51000 1");
}

static void without_a_name_nothing_is_told(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 7 * S);
    kit_say(k, EVENT_DISCONNECTED, 9 * S);
    kit_expect_facts(k, 0);
}

static void an_earlier_event_moves_its_begin(void **state) {
    struct kit *k = *state;
    say(k, EVENT_ANSWERED, 20 * S);
    kit_forget(&k->facts);
    say(k, EVENT_QUEUED, 5 * S);
    kit_expect_facts(k, 2, "gone 20000-open 1:0 0:0 0", "5000-open 1:15000 0:0 0");
    kit_tick(k, HOUR_MS);
    kit_reload(k);
    say(k, EVENT_DISCONNECTED, HOUR_MS);
    kit_expect_facts(k, 1, "5000-3600000 1:15000 1:3580000 0");
}

/* All that can still be sorted is counted; of what has settled, the last visit and leg. */
static void a_name_that_comes_late(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 7 * S);
    kit_say(k, EVENT_TRANSFERRED, 30 * S);
    kit_say(k, EVENT_QUEUED, 30 * S);
    say(k, EVENT_ANSWERED, 42 * S);
    kit_expect_facts(k, 1, "0-open 2:19000 1:23000 1");

    struct event ev = kit_event(EVENT_QUEUED, HOUR_MS);
    ev.interaction_id = SLICE("other");
    kit_apply(k, ev);
    ev = kit_event(EVENT_ANSWERED, HOUR_MS + 4 * S);
    ev.interaction_id = SLICE("other");
    kit_apply(k, ev);
    ev = kit_event(EVENT_DISCONNECTED, HOUR_MS + 10 * S);
    ev.interaction_id = SLICE("other");
    kit_apply(k, ev);
    kit_tick(k, HOUR_MS + 20 * MINUTE_MS);
    ev = of_journey(EVENT_WRAP_START, HOUR_MS + 20 * MINUTE_MS, "j");
    ev.type = EVENT_CUSTOMER_MESSAGE;
    ev.interaction_id = SLICE("other");
    kit_apply(k, ev);
    kit_expect_facts(k, 1, "3600000-3610000 1:4000 1:6000 0");
}

static void the_first_name_stands(void **state) {
    struct kit *k = *state;
    say(k, EVENT_QUEUED, 0);
    kit_apply(k, of_journey(EVENT_ANSWERED, 7 * S, "another"));
    kit_expect_facts(k, 2, "0-open 0:0 0:0 0", "0-open 1:7000 0:0 0");
    assert_int_equal(interaction_task_counts(k->task)->other_journeys, 1);
}

static void what_is_taken_out_did_not_wait(void **state) {
    struct kit *k = *state;
    say(k, EVENT_QUEUED, 0);
    say(k, EVENT_ABANDONED, 7 * S);
    say(k, EVENT_CANCELLED, 8 * S);
    kit_expect_facts(k, 3, "0-open 0:0 0:0 0", "0-7000 1:7000 0:0 0", "0-7000 0:0 0:0 0");
}

static void resolved_until_it_is_reopened(void **state) {
    struct kit *k = *state;
    say(k, EVENT_CREATED, 0);
    say(k, EVENT_RESOLVED, 60 * S);
    say(k, EVENT_REOPENED, 90 * S);
    say(k, EVENT_RESOLVED, 100 * S);
    kit_expect_facts(k, 4, "0-open 0:0 0:0 0", "0-60000 0:0 0:0 0 resolved=60000",
                     "0-open 0:0 0:0 0", "0-100000 0:0 0:0 0 resolved=100000");
}

/* Resolved, thanked for, and after more than a day taken up again. */
static void served_and_reopened_after_the_gap(struct kit *k) {
    say(k, EVENT_CREATED, 0);
    say(k, EVENT_QUEUED, S);
    say(k, EVENT_ANSWERED, 8 * S);
    say(k, EVENT_DISCONNECTED, 30 * S);
    say(k, EVENT_RESOLVED, 60 * S);
    kit_forget(&k->facts);
    say(k, EVENT_CUSTOMER_MESSAGE, 20 * HOUR_MS);
    say(k, EVENT_REOPENED, 25 * HOUR_MS);
    kit_expect_facts(k, 1, "90000000-open 0:0 0:0 0");
}

static void what_is_taken_out_after_the_gap_was_none_of_the_new_part(void **state) {
    struct kit *k = *state;
    served_and_reopened_after_the_gap(k);
    say(k, EVENT_MERGED, 25 * HOUR_MS + S);
    kit_expect_facts(k, 1, "90000000-90001000 0:0 0:0 0");
    kit_tick(k, 25 * HOUR_MS + 20 * MINUTE_MS); /* folded for good, and packed */
    kit_reload(k);
}

static void a_record_after_the_gap_restates_nothing_of_the_new_part(void **state) {
    struct kit *k = *state;
    served_and_reopened_after_the_gap(k);
    kit_reload(k);
    struct event ev = of_journey(EVENT_RECORD_SNAPSHOT, 25 * HOUR_MS + S, "j");
    ev.queue_wait_ms = 3 * S;
    ev.talk_ms = 10 * S;
    kit_apply(k, ev);
    kit_expect_facts(k, 0);
    assert_int_equal(ALL(k, WAIT_MS), 3 * S);
    kit_tick(k, 25 * HOUR_MS + 20 * MINUTE_MS);
    say(k, EVENT_MERGED, 25 * HOUR_MS + 21 * MINUTE_MS);
    kit_expect_facts(k, 1, "90000000-91260000 0:0 0:0 0");
    kit_reload(k);
}

/* A day of waiting in a queue: what ends in the new part is the new part's. */
static void what_ends_after_the_gap_is_taken_back_there(void **state) {
    struct kit *k = *state;
    memset(k->contract.ageing_ms, 0, sizeof(k->contract.ageing_ms));
    say(k, EVENT_CREATED, 0);
    say(k, EVENT_RESOLVED, S);
    say(k, EVENT_QUEUED, 2 * S);
    say(k, EVENT_REOPENED, 25 * HOUR_MS);
    say(k, EVENT_ABANDONED, 25 * HOUR_MS + 2 * S);
    kit_tick(k, 25 * HOUR_MS + 20 * MINUTE_MS);
    kit_reload(k);
    kit_expect_facts(k, 4, "0-open 0:0 0:0 0", "0-1000 0:0 0:0 0 resolved=1000",
                     "90000000-open 0:0 0:0 0", "90000000-open 1:90000000 0:0 0");
    say(k, EVENT_CANCELLED, 25 * HOUR_MS + 21 * MINUTE_MS);
    kit_expect_facts(k, 1, "90000000-91260000 0:0 0:0 0");
}

static void what_never_ends_is_over_without_a_wait(void **state) {
    struct kit *k = *state;
    say(k, EVENT_QUEUED, 0);
    kit_tick(k, 5 * HOUR_MS);
    kit_expect_facts(k, 2, "0-open 0:0 0:0 0", "0-14400000 0:0 0:0 0");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(each_change_is_told_as_it_stands),
        CASE(without_a_name_nothing_is_told),
        CASE(an_earlier_event_moves_its_begin),
        CASE(a_name_that_comes_late),
        CASE(the_first_name_stands),
        CASE(what_is_taken_out_did_not_wait),
        CASE(resolved_until_it_is_reopened),
        CASE(what_is_taken_out_after_the_gap_was_none_of_the_new_part),
        CASE(a_record_after_the_gap_restates_nothing_of_the_new_part),
        CASE(what_ends_after_the_gap_is_taken_back_there),
        CASE(what_never_ends_is_over_without_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
