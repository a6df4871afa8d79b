/* Events out of order, twice, revised, late or impossible; and what is remembered how long. */
#include <time.h>

#include "base/rng.h"
#include "tasks/interaction_kit.h"

static void answer_that_overtook_its_queued(void **state) {
    struct kit *k = *state;
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 12 * S), 13 * S);
    assert_int_equal(ALL(k, WAIT_MS), 0);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 2 * S), 14 * S);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(PANE(k, OFFERED, 2 * S), 1);
    assert_int_equal(PANE(k, OFFERED, 12 * S), 0);
    assert_int_equal(ALL(k, WAIT_MS), 10 * S);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(kit_samples(k, HISTOGRAM_WAIT), 1);
    assert_int_equal(interaction_task_counts(k->task)->out_of_order, 1);
}

static void late_answer_voids_the_breach(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 30 * S + 1);
    assert_int_equal(LEVEL(k, 0, LATE), 1);
    kit_forget(&k->facts);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 10 * S), 40 * S);
    kit_expect_facts(k, 2, "answer 1 voided at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 voided breached at=20000 due=20000 elapsed=20000");
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(LEVEL(k, 1, LATE), 0);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 1);
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
    assert_int_equal(ALL(k, ITEMS_AT_RISK), 0);
    assert_int_equal(ALL(k, CLOCKS_MET), 1);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 1);
}

/* One call, told in order, so many hours after it was. */
static void tell_late(struct kit *k, int64_t late_ms) {
    kit_tick(k, late_ms);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), late_ms + 1 * S);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 5 * S), late_ms + 2 * S);
    kit_tick(k, late_ms + 60 * S);
    kit_apply_at(k, kit_event(EVENT_DISCONNECTED, 65 * S), late_ms + 62 * S);
    kit_tick(k, late_ms + HOUR_MS);
}

static void a_whole_call_that_comes_hours_late_counts_as_in_time(void **state) {
    static const int64_t late_ms[] = {6 * MINUTE_MS, 3 * HOUR_MS, 10 * HOUR_MS};
    (void)state;
    for (size_t i = 0; i < sizeof(late_ms) / sizeof(late_ms[0]); i++) {
        struct kit k;
        kit_init(&k);
        tell_late(&k, late_ms[i]);
        assert_int_equal(ALL(&k, OFFERED), 1);
        assert_int_equal(ALL(&k, ANSWERED), 1);
        assert_int_equal(ALL(&k, WAIT_MS), 5 * S);
        assert_int_equal(ALL(&k, HANDLED), 1);
        assert_int_equal(ALL(&k, TALK_MS), 60 * S);
        assert_int_equal(LEVEL(&k, 0, LATE), 0);
        assert_int_equal(LEVEL(&k, 0, ANSWERED_IN), 1);
        assert_int_equal(ALL(&k, CLOCKS_MET), 1);
        assert_int_equal(ALL(&k, ITEMS_BREACHED), 0);
        assert_int_equal(ALL(&k, WAITING_CHANGE), 0);
        assert_int_equal(ALL(&k, IN_SERVICE_CHANGE), 0);
        kit_deinit(&k);
    }
}

/* Answered after 5 s, told so many hours later. */
static void answer_late(struct kit *k, int64_t late_ms) {
    kit_tick(k, late_ms);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), late_ms + 1 * S);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 5 * S), late_ms + 6 * S);
}

/* Ten hours late and longer than what is sorted anew; its site begins to speak again with it. */
static void a_long_call_that_comes_hours_late_is_not_aged_out(void **state) {
    struct kit *k = *state;
    int64_t late_ms = 10 * HOUR_MS;
    answer_late(k, late_ms);
    kit_tick(k, late_ms + 30 * MINUTE_MS);
    kit_reload(k);
    kit_apply_at(k, kit_event(EVENT_DISCONNECTED, 30 * MINUTE_MS), late_ms + 30 * MINUTE_MS);
    kit_tick(k, late_ms + 2 * HOUR_MS);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 30 * MINUTE_MS - 5 * S);
    assert_int_equal(interaction_task_counts(k->task)->aged_out, 0);
}

/* By its own times it has been over for longer than what is over is kept. */
static void what_follows_a_call_that_came_hours_late_finds_it(void **state) {
    struct kit *k = *state;
    int64_t late_ms = 3 * HOUR_MS;
    answer_late(k, late_ms);
    kit_apply_at(k, kit_event(EVENT_DISCONNECTED, 60 * S), late_ms + 61 * S);
    kit_tick(k, late_ms + 30 * MINUTE_MS);
    kit_apply_at(k, kit_event(EVENT_WRAP_START, 61 * S), late_ms + 30 * MINUTE_MS);
    kit_apply_at(k, kit_event(EVENT_WRAP_END, 90 * S), late_ms + 31 * MINUTE_MS);
    kit_tick(k, late_ms + HOUR_MS);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, WRAP_MS), 29 * S);
    assert_int_equal(interaction_task_counts(k->task)->dead_letters, 0);
}

static void of_what_came_late_only_silence_ages(void **state) {
    struct kit *k = *state;
    kit_tick(k, 10 * HOUR_MS);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), 10 * HOUR_MS);
    kit_tick(k, 14 * HOUR_MS);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
    kit_tick(k, 14 * HOUR_MS + 1);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
    assert_int_equal(interaction_task_counts(k->task)->aged_out, 1);
}

static void late_answer_moves_the_end_that_was_told(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event abandoned = kit_event(EVENT_ABANDONED, 40 * S);
    kit_apply_at(k, abandoned, 41 * S);
    kit_forget(&k->facts);
    struct event out = kit_event(EVENT_FLOW_OUT, 25 * S);
    kit_apply_at(k, out, 42 * S);
    kit_expect_facts(k, 1, "answer 1 ended at=25000 due=20000 elapsed=25000");
    assert_int_equal(ALL(k, ABANDONED), 0);
    assert_int_equal(ALL(k, FLOWED_OUT), 1);
}

static void revised_end_opens_the_breach_again(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    struct event answered = kit_event(EVENT_ANSWERED, 25 * S);
    answered.event_id = SLICE("x");
    kit_apply_at(k, answered, 26 * S);
    kit_forget(&k->facts);
    answered.type = EVENT_OFFERED;
    answered.revision = 1;
    kit_apply_at(k, answered, 27 * S);
    kit_expect_facts(k, 2, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 breached at=20000 due=20000 elapsed=20000");
    assert_int_equal(ALL(k, ANSWERED), 0);
    assert_int_equal(ALL(k, WAITING_CHANGE), 1);
    assert_int_equal(ALL(k, CLOCKS_MISSED), 0);
}

static void a_repeat_has_no_effect(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_QUEUED, 0);
    ev.event_id = SLICE("x");
    for (int i = 0; i < 3; i++)
        kit_apply(k, ev);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(interaction_task_counts(k->task)->duplicates, 2);
    ev.source = SLICE("other");
    kit_apply(k, ev);
    assert_int_equal(interaction_task_counts(k->task)->duplicates, 2);
}

static void a_higher_revision_replaces(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_ABANDONED, 10 * S);
    ev.event_id = SLICE("x");
    kit_say(k, EVENT_QUEUED, 0);
    kit_apply(k, ev);
    ev.revision = 2;
    ev.type = EVENT_ANSWERED;
    ev.event_at = T0 + 12 * S;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, ABANDONED), 0);
    assert_int_equal(ALL(k, ARR_ABANDONED), 0);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(ALL(k, WAIT_MS), 12 * S);
    ev.revision = 1;
    ev.type = EVENT_ABANDONED;
    kit_apply(k, ev);
    assert_int_equal(ALL(k, ABANDONED), 0);
    assert_int_equal(interaction_task_counts(k->task)->duplicates, 1);
}

static void repeats_older_than_the_memory_are_judged_by_state(void **state) {
    static const enum event_type types[] = {EVENT_QUEUED,   EVENT_ANSWERED,     EVENT_HOLD_START,
                                            EVENT_HOLD_END, EVENT_DISCONNECTED, EVENT_WRAP_START,
                                            EVENT_WRAP_END};
    struct kit *k = *state;
    struct event events[7];
    for (size_t i = 0; i < 7; i++) {
        events[i] = kit_event(types[i], (int64_t)i * 10 * S);
        kit_apply(k, events[i]);
    }
    kit_tick(k, 30 * MINUTE_MS);
    for (size_t i = 0; i < 7; i++)
        kit_apply(k, events[i]);
    kit_tick(k, 3 * HOUR_MS);
    assert_int_equal(k->letters.count, 0);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, HOLD_MS), 10 * S);
    assert_int_equal(ALL(k, IN_SERVICE_CHANGE), 0);
    assert_int_equal(ALL(k, WAITING_CHANGE), 0);
}

/* A conversation that goes on: its messages are in the base, their identities are forgotten. */
static void messages_that_come_again_are_no_new_turn(void **state) {
    struct kit *k = *state;
    struct event messages[2] = {kit_event(EVENT_CUSTOMER_MESSAGE, 10 * S),
                                kit_event(EVENT_AGENT_MESSAGE, 20 * S)};
    kit_say(k, EVENT_CREATED, 0);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 2; i++) {
            messages[i].channel = CHANNEL_CHAT;
            messages[i].author = i == 0 ? AUTHOR_CUSTOMER : AUTHOR_AGENT;
            kit_apply_at(k, messages[i], 20 * S + (int64_t)round * 20 * MINUTE_MS);
        }
        kit_tick(k, (int64_t)round * 20 * MINUTE_MS + 15 * MINUTE_MS);
        assert_int_equal(ALL(k, NEXT_REPLIES), 1);
        assert_int_equal(ALL(k, NEXT_REPLY_MS), 10 * S);
    }
    messages[0].event_at = T0 + HOUR_MS;
    messages[1].event_at = T0 + HOUR_MS + 5 * S;
    kit_apply(k, messages[0]);
    kit_apply(k, messages[1]);
    assert_int_equal(ALL(k, NEXT_REPLIES), 2);
    assert_int_equal(ALL(k, NEXT_REPLY_MS), 15 * S);
}

static void an_event_older_than_reorder_counts_where_the_state_permits(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 20 * MINUTE_MS);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 18 * S), 20 * MINUTE_MS + S);
    assert_int_equal(PANE(k, ANSWERED, 18 * S), 1);
    assert_int_equal(ALL(k, WAIT_MS), 18 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    assert_int_equal(LEVEL_PANE(k, 0, ANSWERED_IN, 18 * S), 1);
    assert_int_equal(ALL(k, ITEMS_BREACHED), 0);
    assert_int_equal(ALL(k, CLOCKS_MET), 1);
    kit_expect_facts(k, 4, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 breached at=20000 due=20000 elapsed=20000",
                     "answer 1 voided breached at=18000 due=20000 elapsed=18000",
                     "answer 1 ended at=18000 due=20000 elapsed=18000");
    assert_int_equal(k->letters.count, 0);
}

static void an_impossible_move_waits_for_what_is_missing(void **state) {
    struct kit *k = *state;
    kit_apply_at(k, kit_event(EVENT_DISCONNECTED, 60 * S), 61 * S);
    assert_int_equal(interaction_task_open(k->task), 0);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 10 * S), 62 * S);
    kit_tick(k, HOUR_MS);
    assert_int_equal(k->letters.count, 0);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, TALK_MS), 50 * S);
}

static void an_impossible_move_becomes_a_dead_letter_after_reorder(void **state) {
    struct kit *k = *state;
    kit_apply_at(k, kit_event(EVENT_HOLD_START, 60 * S), 60 * S);
    kit_tick(k, 60 * S + 5 * MINUTE_MS);
    assert_int_equal(k->letters.count, 0);
    kit_tick(k, 60 * S + 5 * MINUTE_MS + 1);
    assert_int_equal(k->letters.count, 1);
    assert_string_equal(
        k->letters.at[0],
        "impossible_move key=i value=bytes offset=1: hold_start at 2023-11-14T22:14:20.000Z is "
        "impossible: interaction i of tenant acme is new then, and nothing that came within the "
        "reorder time changed that; it needs an ANSWERED before it, whose leg is still open");
    assert_int_equal(interaction_task_next_due(k->task), INSTANT_MAX);
    assert_int_equal(delta_table_rows(k->deltas), 0);
}

static void what_became_impossible_later_is_named_without_its_bytes(void **state) {
    struct kit *k = *state;
    struct event answered = kit_event(EVENT_ANSWERED, 10 * S);
    answered.event_id = SLICE("x");
    kit_apply(k, answered);
    kit_say(k, EVENT_HOLD_START, 20 * S);
    answered.type = EVENT_OFFERED;
    answered.revision = 1;
    kit_apply(k, answered);
    kit_tick(k, HOUR_MS);
    assert_int_equal(k->letters.count, 1);
    assert_non_null(strstr(k->letters.at[0], "impossible_move key=i value= offset=1: hold_start"));
    assert_non_null(strstr(k->letters.at[0], "is idle then"));
    assert_non_null(strstr(k->letters.at[0], "the record's bytes are at its offset"));
}

static void bad_records_are_dead_letters_that_say_why(void **state) {
    struct kit *k = *state;
    struct event late = kit_event(EVENT_QUEUED, 0);
    kit_apply_at(k, late, DAY_MS + 501);
    assert_non_null(strstr(k->letters.at[0], "too_late"));
    assert_non_null(strstr(k->letters.at[0], "`lateness` (1d)"));
    kit_apply_at(k, kit_event(EVENT_QUEUED, 501 - 500), DAY_MS + 501);
    assert_int_equal(k->letters.count, 1);

    kit_apply_at(k, kit_event(EVENT_QUEUED, DAY_MS + HOUR_MS), DAY_MS + S);
    assert_non_null(strstr(k->letters.at[1], "future"));
    assert_non_null(strstr(k->letters.at[1], "`max_skew` (1m)"));

    struct event bad = kit_event(EVENT_QUEUED, DAY_MS);
    bad.queue = (struct slice){0};
    kit_apply_at(k, bad, DAY_MS + S);
    assert_non_null(strstr(k->letters.at[2], "invalid"));
    assert_non_null(strstr(k->letters.at[2], "queue_id is missing"));
    assert_int_equal(interaction_task_counts(k->task)->dead_letters, 3);
}

static void a_rejected_record_moves_time_and_is_passed_on(void **state) {
    struct kit *k = *state;
    struct record_place place = {.log_at = T0 + 9 * S, .value = SLICE("junk"), .offset = 4};
    const struct record_sender nobody = {{NULL, 0}, {NULL, 0}};
    interaction_task_reject(k->task, &place, &nobody, DEAD_UNDECODABLE, SLICE("no schema id"),
                            &k->out);
    assert_string_equal(k->letters.at[0], "undecodable key= value=junk offset=4: no schema id");
    assert_int_equal(interaction_task_clock(k->task), T0 + 9 * S - 500);
    assert_int_equal(interaction_task_newest_log_at(k->task), T0 + 9 * S);
}

static void at_the_limit_the_oldest_closed_one_is_forgotten_then_new_ones_refused(void **state) {
    struct kit *k = *state;
    interaction_task_free(k->task);
    k->options.open_limit = 2;
    k->task = interaction_task_new(&k->options);
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_DISCONNECTED, S);
    struct event ev = kit_event(EVENT_QUEUED, 2 * S);
    ev.interaction_id = SLICE("second");
    kit_apply(k, ev);
    kit_tick(k, 10 * MINUTE_MS);
    ev = kit_event(EVENT_QUEUED, 10 * MINUTE_MS);
    ev.interaction_id = SLICE("third");
    kit_apply(k, ev);
    assert_int_equal(interaction_task_open(k->task), 2);
    assert_int_equal(k->letters.count, 0);
    ev.interaction_id = SLICE("fourth");
    kit_apply(k, ev);
    assert_int_equal(interaction_task_open(k->task), 2);
    assert_int_equal(interaction_task_counts(k->task)->refused_open, 1);
    assert_non_null(strstr(k->letters.at[0], "too_large"));
    assert_non_null(strstr(k->letters.at[0], "limits.open_interactions"));
}

/* Calls that ended at once, one a millisecond from `at` on; returns the processor time it took. */
static clock_t say_short_calls(struct kit *k, const char *name, int64_t at, int count) {
    clock_t began = clock();
    for (int i = 0; i < count; i++) {
        char id[32];
        int size = snprintf(id, sizeof(id), "%s-%d", name, i);
        struct event ev = kit_event(EVENT_QUEUED, at + i);
        ev.interaction_id = (struct slice){id, (size_t)size};
        kit_apply(k, ev);
        ev = kit_event(EVENT_ABANDONED, at + i);
        ev.interaction_id = (struct slice){id, (size_t)size};
        kit_apply(k, ev);
        kit_forget(&k->facts);
    }
    return clock() - began;
}

/* Nobody is told in which order the closed ones stand; who is forgotten first shows it. */
static void late_ones_take_their_place_among_the_closed(void **state) {
    struct kit *k = *state;
    interaction_task_free(k->task);
    k->options.open_limit = 5;
    k->task = interaction_task_new(&k->options);
    say_short_calls(k, "x", 11 * MINUTE_MS, 1);
    say_short_calls(k, "fresh", 20 * MINUTE_MS, 1);
    kit_tick(k, 30 * MINUTE_MS);
    say_short_calls(k, "a", 10 * MINUTE_MS, 1);
    kit_tick(k, 31 * MINUTE_MS);
    say_short_calls(k, "b", 12 * MINUTE_MS, 1);
    kit_tick(k, 40 * MINUTE_MS);  /* late ones too have waited for `reorder` */
    for (int i = 0; i < 3; i++) { /* the second and third push out a, then x */
        char id[8];
        struct event ev = kit_event(EVENT_QUEUED, 40 * MINUTE_MS);
        ev.interaction_id = (struct slice){id, (size_t)snprintf(id, sizeof(id), "new-%d", i)};
        kit_apply(k, ev);
    }
    const struct interaction_task_counts *counts = interaction_task_counts(k->task);
    say_short_calls(k, "b", 12 * MINUTE_MS, 1);
    assert_int_equal(counts->after_burial, 0);
    say_short_calls(k, "x", 11 * MINUTE_MS, 1);
    assert_int_equal(counts->after_burial, 2);
    say_short_calls(k, "a", 10 * MINUTE_MS, 1);
    assert_int_equal(counts->after_burial, 4);
}

static void what_a_site_sends_hours_late_costs_what_it_costs_in_time(void **state) {
    struct kit *k = *state;
    say_short_calls(k, "older", 0, 10000);
    kit_tick(k, 20 * MINUTE_MS); /* cold: out of reach of `reorder` */
    clock_t fresh = say_short_calls(k, "fresh", 20 * MINUTE_MS, 30000);
    kit_tick(k, 40 * MINUTE_MS);
    clock_t late = say_short_calls(k, "late", 10 * MINUTE_MS, 30000);
    kit_tick(k, 41 * MINUTE_MS);
    print_message("in time %ld, late %ld\n", (long)fresh, (long)late);
    assert_true(late < 10 * fresh + CLOCKS_PER_SEC / 10);
}

static void
a_closed_interaction_is_forgotten_after_an_hour_a_resolved_one_after_a_day(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    kit_say(k, EVENT_DISCONNECTED, S);
    kit_tick(k, 30 * MINUTE_MS);
    assert_int_equal(interaction_task_next_due(k->task), T0 + S + HOUR_MS + 1);
    kit_tick(k, 2 * HOUR_MS);
    assert_int_equal(interaction_task_next_due(k->task), INSTANT_MAX);
    struct event ev = kit_event(EVENT_RESOLVED, 2 * HOUR_MS);
    kit_apply(k, ev);
    kit_tick(k, 3 * HOUR_MS);
    assert_int_equal(interaction_task_next_due(k->task), T0 + 26 * HOUR_MS + 1);
}

static void oldest_ages_are_handed_over_when_they_change(void **state) {
    struct kit *k = *state;
    const struct gauge *gauges;
    struct event second = kit_event(EVENT_QUEUED, 5 * S);
    second.interaction_id = SLICE("second");
    kit_apply_at(k, second, 9 * S);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 2 * S), 9 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 1);
    assert_int_equal(gauges[0].oldest_waiting_at, T0 + 2 * S);
    assert_int_equal(gauges[0].oldest_open_at, T0 + 2 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 0);
    kit_say(k, EVENT_ANSWERED, 10 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 1);
    assert_int_equal(gauges[0].oldest_waiting_at, T0 + 5 * S);
    assert_int_equal(gauges[0].oldest_open_at, T0 + 2 * S);
    second.type = EVENT_ABANDONED;
    second.event_at = T0 + 11 * S;
    kit_apply(k, second);
    kit_say(k, EVENT_DISCONNECTED, 12 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 1);
    assert_int_equal(gauges[0].oldest_waiting_at, INSTANT_NONE);
    assert_int_equal(gauges[0].oldest_open_at, INSTANT_NONE);
}

/* Calls come in any order of their time and go in another; the oldest is always the oldest. */
static void the_oldest_of_many_is_found(void **state) {
    enum { CALLS = 300 };
    struct kit *k = *state;
    struct rng r;
    char ids[CALLS][8];
    int64_t queued_ms[CALLS], oldest_at = INSTANT_NONE;
    bool waits[CALLS] = {false};
    rng_init(&r, 11);
    for (int step = 0; step < 20 * CALLS; step++) {
        size_t call = step < CALLS ? (size_t)step : rng_below(&r, CALLS);
        if (step < CALLS)
            queued_ms[call] = (int64_t)rng_below(&r, 100000);
        snprintf(ids[call], sizeof(ids[call]), "%zu", call);
        struct event ev = kit_event(EVENT_QUEUED, queued_ms[call]);
        if (waits[call])
            ev = kit_event(EVENT_ABANDONED, 110 * S);
        else if (step >= CALLS)
            continue;
        ev.interaction_id = slice_of(ids[call]);
        kit_apply_at(k, ev, 120 * S);
        kit_forget(&k->facts);
        waits[call] = !waits[call];
        int64_t expected_at = INSTANT_NONE;
        for (size_t i = 0; i < CALLS; i++) {
            if (waits[i] && (expected_at == INSTANT_NONE || T0 + queued_ms[i] < expected_at))
                expected_at = T0 + queued_ms[i];
        }
        const struct gauge *gauges;
        if (interaction_task_take_gauges(k->task, &gauges) == 1)
            oldest_at = gauges[0].oldest_waiting_at;
        assert_int_equal(oldest_at, expected_at);
    }
}

static void sites_that_were_heard_are_handed_over_once(void **state) {
    struct kit *k = *state;
    const struct report_feed *feeds;
    struct event other = kit_event(EVENT_QUEUED, 3 * S);
    other.site = SLICE("annex");
    other.interaction_id = SLICE("j");
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), S);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 2 * S), 3 * S);
    kit_apply_at(k, other, 4 * S);
    kit_apply_at(k, kit_event(EVENT_HOLD_START, 1 * S), 3 * S);
    assert_int_equal(interaction_task_take_feeds(k->task, &feeds), 2);
    assert_true(slice_equal(feeds[0].site, SLICE("annex")));
    assert_true(slice_equal(feeds[1].site, SLICE("main")));
    assert_int_equal(feeds[1].heard_at, T0 + 3 * S);
    assert_int_equal(feeds[1].lead_ms, -S); /* of the freshest of them */
    assert_int_equal(feeds[0].lead_ms, -S);
    assert_int_equal(interaction_task_take_feeds(k->task, &feeds), 0);
}

static void a_tail_that_is_full_forgets_its_oldest(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_ANSWERED, 0);
    for (int64_t i = 1; i <= 2000; i++)
        kit_apply_at(k, kit_event(i % 2 == 1 ? EVENT_HOLD_START : EVENT_HOLD_END, i * 100),
                     200 * S);
    kit_apply_at(k, kit_event(EVENT_DISCONNECTED, 210 * S), 210 * S);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(ALL(k, HOLD_MS), 100 * S);
    assert_int_equal(k->letters.count, 0);
}

static void damaged_state_is_refused(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_WRAP_END, 10 * S);
    struct buf bytes;
    buf_init(&bytes);
    interaction_task_save(k->task, &bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        struct err err;
        struct interaction_task *t = interaction_task_new(&k->options);
        assert_false(interaction_task_load(t, (struct slice){bytes.at, size}, &err));
        interaction_task_free(t);
    }
    buf_deinit(&bytes);
}

/* Whatever one bit makes of the state: refused, or a state that one can live with. */
static void no_flipped_bit_ends_the_program(void **state) {
    struct kit *k = *state;
    struct buf bytes;
    kit_say(k, EVENT_CREATED, 0);
    kit_say(k, EVENT_QUEUED, S);
    kit_say(k, EVENT_HOLD_END, 4 * S);
    kit_say(k, EVENT_ANSWERED, 22 * S);
    kit_tick(k, 4 * MINUTE_MS);
    kit_say(k, EVENT_HOLD_START, 4 * MINUTE_MS);
    kit_tick(k, 5 * MINUTE_MS + 10 * S);
    buf_init(&bytes);
    interaction_task_save(k->task, &bytes);
    size_t refused = 0;
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        struct err err;
        struct interaction_task *t = interaction_task_new(&k->options);
        bytes.at[bit / 8] = (char)(bytes.at[bit / 8] ^ 1 << bit % 8);
        if (interaction_task_load(t, buf_slice(&bytes), &err))
            interaction_task_finish(t, T0 + DAY_MS, &k->out);
        else
            refused++;
        bytes.at[bit / 8] = (char)(bytes.at[bit / 8] ^ 1 << bit % 8);
        interaction_task_free(t);
        kit_forget(&k->facts);
        kit_forget(&k->letters);
    }
    assert_true(refused > 0);
    buf_deinit(&bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(answer_that_overtook_its_queued),
        CASE(late_answer_voids_the_breach),
        CASE(a_whole_call_that_comes_hours_late_counts_as_in_time),
        CASE(a_long_call_that_comes_hours_late_is_not_aged_out),
        CASE(what_follows_a_call_that_came_hours_late_finds_it),
        CASE(of_what_came_late_only_silence_ages),
        CASE(late_answer_moves_the_end_that_was_told),
        CASE(revised_end_opens_the_breach_again),
        CASE(a_repeat_has_no_effect),
        CASE(a_higher_revision_replaces),
        CASE(repeats_older_than_the_memory_are_judged_by_state),
        CASE(messages_that_come_again_are_no_new_turn),
        CASE(an_event_older_than_reorder_counts_where_the_state_permits),
        CASE(an_impossible_move_waits_for_what_is_missing),
        CASE(an_impossible_move_becomes_a_dead_letter_after_reorder),
        CASE(what_became_impossible_later_is_named_without_its_bytes),
        CASE(bad_records_are_dead_letters_that_say_why),
        CASE(a_rejected_record_moves_time_and_is_passed_on),
        CASE(at_the_limit_the_oldest_closed_one_is_forgotten_then_new_ones_refused),
        CASE(late_ones_take_their_place_among_the_closed),
        CASE(what_a_site_sends_hours_late_costs_what_it_costs_in_time),
        CASE(a_closed_interaction_is_forgotten_after_an_hour_a_resolved_one_after_a_day),
        CASE(oldest_ages_are_handed_over_when_they_change),
        CASE(the_oldest_of_many_is_found),
        CASE(sites_that_were_heard_are_handed_over_once),
        CASE(a_tail_that_is_full_forgets_its_oldest),
        CASE(damaged_state_is_refused),
        CASE(no_flipped_bit_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
