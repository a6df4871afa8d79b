/* Queue visits: how they begin and end, in which pane they count, and for which service level. */
#include "tasks/interaction_kit.h"

static void answered_call_counts_in_the_panes_of_its_events(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 3 * S);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
    kit_say(k, EVENT_ANSWERED, 12 * S);
    kit_say(k, EVENT_DISCONNECTED, 95 * S);

    assert_int_equal(PANE(k, OFFERED, 0), 1);
    assert_int_equal(PANE(k, ANSWERED, 12 * S), 1);
    assert_int_equal(PANE(k, WAIT_MS, 12 * S), 9 * S);
    assert_int_equal(PANE(k, ARR_ANSWERED, 0), 1);
    assert_int_equal(PANE(k, ARR_WAIT_MS, 0), 9 * S);
    assert_int_equal(PANE(k, ARR_ENDED, 0), 1);
    assert_int_equal(PANE(k, WAITING_CHANGE, 0), 1);
    assert_int_equal(PANE(k, WAITING_CHANGE, 12 * S), -1);
    assert_int_equal(PANE(k, IN_SERVICE_CHANGE, 12 * S), 1);
    assert_int_equal(PANE(k, IN_SERVICE_CHANGE, 95 * S), -1);
    assert_int_equal(PANE(k, HANDLED, 95 * S), 1);
    assert_int_equal(PANE(k, TALK_MS, 95 * S), 83 * S);
    assert_int_equal(PANE(k, ARR_HANDLED, 0), 1);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 0), 1);
    assert_int_equal(PANE(k, BACKLOG_CHANGE, 95 * S), -1);
    assert_int_equal(ALL(k, ABANDONED), 0);
    assert_int_equal(kit_samples(k, HISTOGRAM_WAIT), 1);
    assert_int_equal(kit_samples(k, HISTOGRAM_ARR_HANDLE), 1);
    assert_int_equal(LEVEL_PANE(k, 0, ANSWERED_IN, 12 * S), 1);
    assert_int_equal(kit_level(k, BY_ARRIVAL, 0, LEVEL_ANSWERED_IN, 0), 1);
    assert_int_equal(interaction_task_open(k->task), 0);
}

static void wait_of_exactly_t_is_in_time(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 20 * S);
    kit_say(k, EVENT_ANSWERED, 20 * S);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 1);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
}

static void a_millisecond_more_is_late(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 20 * S + 1);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 0);
    assert_int_equal(LEVEL_PANE(k, 0, LATE, 20 * S), 1);
    assert_int_equal(LEVEL(k, 1, ANSWERED_IN), 1);
}

static void t_passes_without_any_event(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 20 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(interaction_task_next_due(k->task), T0 + 20 * S + 1);
    kit_tick(k, 20 * S + 1);
    assert_int_equal(LEVEL_PANE(k, 0, LATE, 20 * S), 1);
    assert_int_equal(kit_level(k, BY_ARRIVAL, 0, LEVEL_LATE, 0), 1);
    assert_int_equal(LEVEL(k, 1, LATE), 0);
    kit_tick(k, 31 * S);
    assert_int_equal(LEVEL_PANE(k, 1, LATE, 30 * S), 1);
    kit_say(k, EVENT_ANSWERED, 40 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 1);
    assert_int_equal(LEVEL(k, 1, LATE), 1);
    assert_int_equal(LEVEL(k, 1, ANSWERED_IN), 0);
    assert_int_equal(ALL(k, ANSWERED), 1);
}

static void an_event_past_t_puts_the_passing_at_t(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 300 * S);
    assert_int_equal(LEVEL_PANE(k, 0, LATE, 20 * S), 1);
    assert_int_equal(LEVEL_PANE(k, 1, LATE, 30 * S), 1);
    assert_int_equal(LEVEL(k, 0, ABANDONED_IN), 0);
    assert_int_equal(PANE(k, ABANDONED, 300 * S), 1);
}

static void short_abandon(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 5 * S - 1);
    assert_int_equal(ALL(k, ABANDONED), 1);
    assert_int_equal(ALL(k, ABANDONED_SHORT), 1);
    assert_int_equal(ALL(k, ARR_ABANDONED_SHORT), 1);
    assert_int_equal(LEVEL(k, 0, ABANDONED_SHORT), 1);
    assert_int_equal(LEVEL(k, 0, ABANDONED_IN), 0);
}

static void abandon_of_exactly_short_is_not_short(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 5 * S);
    assert_int_equal(ALL(k, ABANDONED_SHORT), 0);
    assert_int_equal(LEVEL(k, 0, ABANDONED_IN), 1);
}

static void answered_without_queued_is_a_visit_without_wait(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 7 * S);
    assert_int_equal(PANE(k, OFFERED, 7 * S), 1);
    assert_int_equal(PANE(k, ANSWERED, 7 * S), 1);
    assert_int_equal(ALL(k, WAIT_MS), 0);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 1);
}

static void queued_while_waiting_flows_out(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event second = kit_event(EVENT_QUEUED, 10 * S);
    second.queue = SLICE("support");
    kit_apply(k, second);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(PANE(k, FLOWED_OUT, 10 * S), 1);
    assert_int_equal(PANE(k, ARR_FLOWED_OUT, 0), 1);
    assert_int_equal(LEVEL(k, 0, FLOWED_OUT_IN), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 1);
}

static void dequeued_while_waiting_flows_out(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_DEQUEUED, 4 * S);
    assert_int_equal(ALL(k, FLOWED_OUT), 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
}

static void end_while_waiting_is_judged_by_its_cause(void **state) {
    static const struct {
        enum event_type type;
        enum end_cause cause;
        int64_t abandoned, flowed_out, offered;
    } cases[] = {
        {EVENT_DISCONNECTED, END_CAUSE_CUSTOMER, 1, 0, 1},
        {EVENT_DISCONNECTED, END_CAUSE_UNKNOWN, 1, 0, 1},
        {EVENT_DISCONNECTED, END_CAUSE_VOICEMAIL, 0, 1, 1},
        {EVENT_DISCONNECTED, END_CAUSE_SYSTEM, 0, 1, 1},
        {EVENT_CLOSED, END_CAUSE_UNKNOWN, 1, 0, 1},
        {EVENT_CLOSED, END_CAUSE_DEFLECTED, 0, 1, 1},
        {EVENT_FLOW_OUT, END_CAUSE_UNKNOWN, 0, 1, 1},
        {EVENT_DISCONNECTED, END_CAUSE_SPAM, 0, 0, 0},
        {EVENT_CLOSED, END_CAUSE_SPAM, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        kit_say(k, EVENT_QUEUED, 0);
        struct event end = kit_event(cases[i].type, 8 * S);
        end.end_cause = (uint8_t)cases[i].cause;
        kit_apply(k, end);
        assert_int_equal(ALL(k, ABANDONED), cases[i].abandoned);
        assert_int_equal(ALL(k, FLOWED_OUT), cases[i].flowed_out);
        assert_int_equal(ALL(k, OFFERED), cases[i].offered);
        assert_int_equal(ALL(k, WAITING_CHANGE), 0);
        assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    }
}

static void callback_ends_the_visit_and_a_new_one_follows(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_CALLBACK_REQUESTED, 12 * S);
    assert_int_equal(PANE(k, CALLBACKS, 12 * S), 1);
    assert_int_equal(PANE(k, ARR_CALLBACKS, 0), 1);
    assert_int_equal(LEVEL(k, 0, CALLBACK_IN), 1);
    assert_int_equal(ALL(k, ABANDONED), 0);
    kit_say(k, EVENT_QUEUED, 120 * S);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
}

/* Each counter and level is 0 in every pane. */
static void expect_no_visit(const struct kit *k) {
    static const enum counter counters[] = {
        COUNTER_OFFERED,       COUNTER_ANSWERED,      COUNTER_WAIT_MS,        COUNTER_ABANDONED,
        COUNTER_FLOWED_OUT,    COUNTER_CALLBACKS,     COUNTER_WAITING_CHANGE, COUNTER_ARR_ANSWERED,
        COUNTER_ARR_ENDED,     COUNTER_ARR_WAIT_MS,   COUNTER_CLOCKS_MET,     COUNTER_CLOCKS_MISSED,
        COUNTER_ITEMS_AT_RISK, COUNTER_ITEMS_BREACHED};
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        for (size_t c = 0; c < sizeof(counters) / sizeof(counters[0]); c++)
            assert_int_equal(row->counters[counters[c]], 0);
        for (size_t t = 0; t < 2; t++) {
            for (size_t l = 0; l < LEVEL_COUNT; l++) {
                assert_int_equal(row->levels[BY_EVENT][t][l], 0);
                assert_int_equal(row->levels[BY_ARRIVAL][t][l], 0);
            }
        }
    }
}

static void cancelled_takes_the_visit_out_of_all_counts(void **state) {
    static const enum event_type ways[] = {EVENT_CANCELLED, EVENT_MERGED};
    for (size_t way = 0; way < 2; way++) {
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        kit_say(k, EVENT_QUEUED, 0);
        kit_tick(k, 25 * S);
        kit_say(k, ways[way], 26 * S);
        expect_no_visit(k);
        assert_int_equal(interaction_task_open(k->task), 0);
    }
}

static void merged_after_the_answer_takes_the_visit_out_but_not_the_work(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 25 * S);
    kit_say(k, EVENT_DISCONNECTED, 85 * S);
    kit_say(k, EVENT_MERGED, 100 * S);
    expect_no_visit(k);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 60 * S);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
}

static void measured_wait_wins(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event answered = kit_event(EVENT_ANSWERED, 10 * S);
    answered.queue_wait_ms = 25 * S;
    kit_apply(k, answered);
    assert_int_equal(ALL(k, WAIT_MS), 25 * S);
    /* T = 20 s passed at the answer, which came before QUEUED + T. */
    assert_int_equal(LEVEL_PANE(k, 0, LATE, 10 * S), 1);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 0);
    assert_int_equal(LEVEL(k, 1, ANSWERED_IN), 1);
}

static void measured_wait_in_time_takes_the_passing_back(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 21 * S);
    struct event answered = kit_event(EVENT_ANSWERED, 22 * S);
    answered.queue_wait_ms = 18 * S;
    kit_apply(k, answered);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(LEVEL_PANE(k, 0, ANSWERED_IN, 22 * S), 1);
}

static void outbound_counts_legs_but_no_visits(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_ANSWERED, 0);
    ev.direction = DIRECTION_OUTBOUND;
    kit_apply(k, ev);
    ev = kit_event(EVENT_DISCONNECTED, 30 * S);
    ev.direction = DIRECTION_OUTBOUND;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, OFFERED), 0);
    assert_int_equal(ALL(k, ANSWERED), 0);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 0);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, FIRST_REPLIES), 0);
}

static void unknown_direction_is_inbound(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_QUEUED, 0);
    ev.direction = DIRECTION_UNKNOWN;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, OFFERED), 1);
}

static void counts_stay_with_the_scope_at_queued(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event ev = kit_event(EVENT_ANSWERED, 5 * S);
    ev.queue = SLICE("elsewhere");
    ev.site = SLICE("other");
    kit_apply(k, ev);
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct leaf *leaf = leaf_dict_at(k->leaves, delta_table_at(k->deltas, i)->leaf);
        assert_true(slice_equal(leaf->queue, SLICE("sales")));
    }
    assert_int_equal(ALL(k, ANSWERED), 1);
}

static void what_never_ends_is_aged_out(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 4 * HOUR_MS);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
    kit_tick(k, 4 * HOUR_MS + 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
    assert_int_equal(ALL(k, BACKLOG_CHANGE), 0);
    assert_int_equal(ALL(k, ANSWERED) + ALL(k, ABANDONED) + ALL(k, HANDLED), 0);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(interaction_task_counts(k->task)->aged_out, 1);
    assert_int_equal(interaction_task_open(k->task), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

static int64_t of_reason(const struct kit *k, enum counter counter, const char *reason) {
    int64_t sum = 0;
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        if (slice_equal(leaf_dict_at(k->leaves, row->leaf)->reason, slice_of(reason)))
            sum += row->counters[counter];
    }
    return sum;
}

static void say_why(struct kit *k, enum event_type type, int64_t after_ms, const char *reason) {
    struct event ev = kit_event(type, after_ms);
    ev.contact_reason = slice_of(reason);
    kit_apply(k, ev);
}

/* As it was queued, whatever is said later; the next visit may be for another. */
static void a_visit_counts_by_its_reason(void **state) {
    struct kit *k = *state;
    say_why(k, EVENT_QUEUED, 0, "refund");
    kit_reload(k);
    kit_say(k, EVENT_ANSWERED, 10 * S);
    say_why(k, EVENT_TRANSFERRED, 20 * S, "delivery");
    kit_say(k, EVENT_QUEUED, 21 * S); /* the same, for all that is known */
    say_why(k, EVENT_ABANDONED, 30 * S, "delivery");
    say_why(k, EVENT_QUEUED, 40 * S, "delivery");
    kit_reload(k);
    kit_say(k, EVENT_ANSWERED, 50 * S);
    assert_int_equal(of_reason(k, COUNTER_OFFERED, "refund"), 2);
    assert_int_equal(of_reason(k, COUNTER_ANSWERED, "refund"), 1);
    assert_int_equal(of_reason(k, COUNTER_ABANDONED, "refund"), 1);
    assert_int_equal(of_reason(k, COUNTER_WAITING_CHANGE, "refund"), 0);
    assert_int_equal(of_reason(k, COUNTER_OFFERED, "delivery"), 1);
    assert_int_equal(of_reason(k, COUNTER_ANSWERED, "delivery"), 1);
    assert_int_equal(of_reason(k, COUNTER_WAITING_CHANGE, "delivery"), 0);
    assert_int_equal(of_reason(k, COUNTER_IN_SERVICE_CHANGE, "delivery"), 1);
    assert_int_equal(of_reason(k, COUNTER_OFFERED, ""), 0);
}

static void a_story_is_no_reason(void **state) {
    struct kit *k = *state;
    char story[LEAF_REASON_MAX + 2];
    memset(story, 'x', sizeof(story));
    story[LEAF_REASON_MAX + 1] = '\0';
    say_why(k, EVENT_QUEUED, 0, story);
    assert_int_equal(of_reason(k, COUNTER_OFFERED, ""), 1);
    say_why(k, EVENT_QUEUED, 10 * S, story + 1);
    assert_int_equal(of_reason(k, COUNTER_OFFERED, story + 1), 1);
}

/* What was told last of the queue, as a reader of reports has it by names. */
static void hear_ages(struct kit *k, struct gauge *known) {
    const struct gauge *told;
    size_t count = interaction_task_take_gauges(k->task, &told);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(leaf_dict_at(k->leaves, told[i].leaf)->reason.size, 0);
        assert_true(slice_equal(leaf_dict_at(k->leaves, told[i].leaf)->queue, SLICE("sales")));
        *known = told[i];
    }
    assert_true(count <= 1); /* a second one would take the place of the first */
}

static void say_of(struct kit *k, const char *id, enum event_type type, int64_t after_ms,
                   const char *reason) {
    struct event ev = kit_event(type, after_ms);
    ev.interaction_id = slice_of(id);
    ev.contact_reason = slice_of(reason);
    kit_apply(k, ev);
}

/* Another process, where others came first. */
static void move_to_where_reasons_are_refused(struct kit *k, const struct leaf *taken) {
    struct leaf key = *taken;
    struct leaf_dict *here = k->leaves;
    char reason[32];
    k->options.leaves = k->leaves = leaf_dict_new(&k->contracts, 20000);
    for (int i = 0; i < LEAF_REASONS_MAX; i++) {
        snprintf(reason, sizeof(reason), "other %d", i);
        key.reason = slice_of(reason);
        leaf_dict_intern(k->leaves, &key);
    }
    kit_reload(k);
    delta_table_reset(k->deltas);
    leaf_dict_free(here);
}

static void ages_are_of_no_reason(void **state) {
    struct kit *k = *state;
    struct gauge known = {0};
    say_of(k, "a", EVENT_QUEUED, 0, "refund");
    say_of(k, "b", EVENT_QUEUED, 10 * S, "delivery");
    hear_ages(k, &known);
    assert_int_equal(known.oldest_waiting_at, T0);
    move_to_where_reasons_are_refused(k, leaf_dict_at(k->leaves, known.leaf));
    hear_ages(k, &known);
    assert_int_equal(known.oldest_waiting_at, T0);
    say_of(k, "a", EVENT_ANSWERED, 20 * S, "refund");
    hear_ages(k, &known);
    assert_int_equal(known.oldest_waiting_at, T0 + 10 * S);
    assert_int_equal(leaf_dict_refused_reasons(k->leaves) > 0, true);
    say_of(k, "b", EVENT_ABANDONED, 30 * S, "delivery");
    hear_ages(k, &known);
    assert_int_equal(known.oldest_waiting_at, INSTANT_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(answered_call_counts_in_the_panes_of_its_events),
        CASE(wait_of_exactly_t_is_in_time),
        CASE(a_millisecond_more_is_late),
        CASE(t_passes_without_any_event),
        CASE(an_event_past_t_puts_the_passing_at_t),
        CASE(short_abandon),
        CASE(abandon_of_exactly_short_is_not_short),
        CASE(answered_without_queued_is_a_visit_without_wait),
        CASE(queued_while_waiting_flows_out),
        CASE(dequeued_while_waiting_flows_out),
        CASE(end_while_waiting_is_judged_by_its_cause),
        CASE(a_visit_counts_by_its_reason),
        CASE(a_story_is_no_reason),
        CASE(ages_are_of_no_reason),
        CASE(callback_ends_the_visit_and_a_new_one_follows),
        CASE(cancelled_takes_the_visit_out_of_all_counts),
        CASE(merged_after_the_answer_takes_the_visit_out_but_not_the_work),
        CASE(measured_wait_wins),
        CASE(measured_wait_in_time_takes_the_passing_back),
        CASE(outbound_counts_legs_but_no_visits),
        CASE(unknown_direction_is_inbound),
        CASE(counts_stay_with_the_scope_at_queued),
        CASE(what_never_ends_is_aged_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
