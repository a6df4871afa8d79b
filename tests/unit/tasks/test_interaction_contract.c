/* Contracts change under an interaction task: clocks go on, are retargeted, voided or begun, each
 * audibly; repeats are still known. (tests/sim/contracts.c holds the law over random histories.) */
#include "interaction_kit.h"

/* A copy of the kit's contract, to be changed, and the dictionary that knows it. */
struct other {
    struct contract contract;
    struct clock_rule clocks[KIT_CLOCKS];
    struct objective objectives[2];
    struct contract_set contracts;
    struct leaf_dict *leaves;
};

static void other_init(struct other *o, struct kit *k) {
    k->contract.identity = 1;
    k->contract.is_default = false;
    o->contract = k->contract;
    memcpy(o->clocks, k->clocks, sizeof(o->clocks));
    memcpy(o->objectives, k->objectives, sizeof(o->objectives));
    o->contract.clocks = o->clocks;
    o->contract.objectives = o->objectives;
    o->contract.identity = 2;
    o->contract.version = 4;
    o->contracts = (struct contract_set){.contracts = &o->contract, .count = 1};
    contract_init_default(&o->contracts.fallback);
}

/* From now on the other contract is in force; sums begin anew, under ids of its leaves. */
static void change(struct kit *k, struct other *o) {
    o->leaves = leaf_dict_new(&o->contracts, 20000);
    delta_table_reset(k->deltas);
    interaction_task_change_contracts(k->task, o->leaves, &k->out);
}

static void other_deinit(struct kit *k, struct other *o) {
    interaction_task_free(k->task);
    k->task = NULL;
    leaf_dict_free(o->leaves);
}

static void a_clock_that_is_gone_is_voided(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    o.contract.clock_count = 0;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 25 * S);
    kit_forget(&k->facts);
    change(k, &o);
    kit_expect_facts(k, 2, "answer 1 voided breached at=25000 due=20000 elapsed=25000",
                     "answer 1 voided at_risk at=25000 due=20000 elapsed=25000");
    assert_int_equal(ALL(k, ITEMS_BREACHED), -1);
    kit_say(k, EVENT_ANSWERED, 30 * S);
    assert_int_equal(k->facts.count, 0);
    assert_int_equal(ALL(k, ANSWERED), 1);
    other_deinit(k, &o);
}

static void a_target_that_is_past_breaches_at_the_change(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    o.clocks[0].target_ms = 10 * S;
    o.clocks[0].warning_count = 0;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 16 * S);
    kit_expect_facts(k, 1, "answer 1 at_risk at=15000 due=20000 elapsed=15000");
    change(k, &o);
    kit_expect_facts(k, 1, "answer 1 replaced at=16000 due=20000 elapsed=16000");
    kit_tick(k, 16 * S + 1);
    kit_expect_facts(k, 1, "answer 1 breached at=16000 due=16000 elapsed=16000");
    other_deinit(k, &o);
}

static void a_clock_goes_on_where_nothing_changed_for_it(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    struct clock_rule first = o.clocks[0]; /* at another place, told by another role */
    o.clocks[0] = o.clocks[3];
    o.clocks[3] = first;
    o.clocks[3].contact_role = SLICE("somebody-else");
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 16 * S);
    kit_forget(&k->facts);
    change(k, &o);
    assert_int_equal(k->facts.count, 0);
    kit_tick(k, 21 * S);
    kit_expect_facts(k, 1, "answer 1 breached at=20000 due=20000 elapsed=20000");
    other_deinit(k, &o);
}

static void a_clock_of_another_name_takes_over(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    o.clocks[0].name = SLICE("pick-up");
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 25 * S);
    kit_forget(&k->facts);
    change(k, &o);
    kit_expect_facts(k, 1, "answer 1 replaced at=25000 due=20000 elapsed=25000");
    kit_tick(k, 26 * S);
    kit_expect_facts(k, 1, "pick-up 1 breached at=25000 due=25000 elapsed=25000");
    other_deinit(k, &o);
}

static void a_tenant_that_gets_a_contract_has_its_clocks_begun(void **state) {
    struct kit *k = *state;
    struct other o, none;
    other_init(&none, k);
    none.contracts.count = 0;
    other_init(&o, k);
    change(k, &none);
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 5 * S);
    change(k, &o);
    kit_tick(k, 21 * S);
    kit_expect_facts(k, 2, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 breached at=20000 due=20000 elapsed=20000");
    other_deinit(k, &o);
    leaf_dict_free(none.leaves);
}

/* A visit that waits is counted by the new T as if it had been there from the beginning. */
static void a_new_threshold_counts_visits_that_wait(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    o.objectives[0].within_ms = 5 * S; /* 5 s and 30 s now, instead of 20 s and 30 s */
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 12 * S);
    change(k, &o);
    assert_int_equal(LEVEL_PANE(k, 0, LATE, 5 * S), 1);
    assert_int_equal(LEVEL(k, 0, LATE), 1);
    kit_say(k, EVENT_ANSWERED, 25 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 1);
    assert_int_equal(LEVEL(k, 0, ANSWERED_IN), 0);
    assert_int_equal(LEVEL(k, 1, ANSWERED_IN), 1);
    kit_say(k, EVENT_CANCELLED, 26 * S);
    assert_int_equal(LEVEL(k, 0, LATE), 0);
    other_deinit(k, &o);
}

static void repeats_are_known_after_a_change(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    struct event queued = kit_event(EVENT_QUEUED, 0), answered = kit_event(EVENT_ANSWERED, 5 * S);
    queued.event_id = SLICE("a");
    answered.event_id = SLICE("b");
    kit_apply(k, queued);
    kit_apply(k, answered);
    kit_say(k, EVENT_DISCONNECTED, 20 * S);
    change(k, &o);
    kit_apply(k, queued);
    kit_apply(k, answered);
    assert_int_equal(interaction_task_counts(k->task)->duplicates, 2);
    assert_int_equal(delta_table_rows(k->deltas), 0);
    kit_tick(k, 10 * MINUTE_MS);
    assert_int_equal(k->letters.count, 0);
    other_deinit(k, &o);
}

static void what_is_impossible_is_a_dead_letter_at_the_change(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    kit_say(k, EVENT_HOLD_END, 0);
    assert_int_equal(k->letters.count, 0);
    change(k, &o);
    assert_int_equal(k->letters.count, 1);
    assert_int_equal(interaction_task_open(k->task), 0);
    other_deinit(k, &o);
}

static void ages_are_told_under_the_new_contract(void **state) {
    struct kit *k = *state;
    struct other o;
    other_init(&o, k);
    kit_say(k, EVENT_QUEUED, 0);
    const struct gauge *gauges;
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 1);
    change(k, &o);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 0); /* told already */
    kit_say(k, EVENT_ANSWERED, 5 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &gauges), 1);
    assert_int_equal(gauges[0].oldest_waiting_at, INSTANT_NONE);
    other_deinit(k, &o);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_clock_that_is_gone_is_voided),
        CASE(a_target_that_is_past_breaches_at_the_change),
        CASE(a_clock_goes_on_where_nothing_changed_for_it),
        CASE(a_clock_of_another_name_takes_over),
        CASE(a_tenant_that_gets_a_contract_has_its_clocks_begun),
        CASE(a_new_threshold_counts_visits_that_wait),
        CASE(repeats_are_known_after_a_change),
        CASE(what_is_impossible_is_a_dead_letter_at_the_change),
        CASE(ages_are_told_under_the_new_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
