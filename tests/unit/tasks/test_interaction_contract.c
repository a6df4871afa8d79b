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

/* ---- versions beside each other ---- */

#define LATER_AT (10 * MINUTE_MS) /* after T0 */

struct two_versions {
    struct contract contracts[2];
    struct clock_rule clocks[KIT_CLOCKS];
    struct objective objectives[2];
    struct contract_set set;
    struct leaf_dict *leaves;
};

/* The kit's task anew, under its contract and one that follows it. */
static void two_versions_init(struct two_versions *v, struct kit *k) {
    k->contract.is_default = false;
    k->contract.identity = 1;
    v->contracts[0] = v->contracts[1] = k->contract;
    memcpy(v->clocks, k->clocks, sizeof(v->clocks));
    memcpy(v->objectives, k->objectives, sizeof(v->objectives));
    v->contracts[1].clocks = v->clocks;
    v->contracts[1].objectives = v->objectives;
    v->contracts[1].identity = 2;
    v->contracts[1].version = 4;
    v->contracts[1].effective_at = T0 + LATER_AT;
    v->set = (struct contract_set){.contracts = v->contracts, .count = 2};
    contract_init_default(&v->set.fallback);
    contract_set_link(&v->set);
}

static void two_versions_begin(struct two_versions *v, struct kit *k) {
    v->leaves = leaf_dict_new(&v->set, 20000);
    interaction_task_free(k->task);
    k->options.leaves = v->leaves;
    k->options.contracts = &v->set;
    k->task = interaction_task_new(&k->options);
}

static void two_versions_deinit(struct two_versions *v, struct kit *k) {
    interaction_task_free(k->task);
    k->task = NULL;
    leaf_dict_free(v->leaves);
}

static struct event mail_at(enum event_type type, int64_t after_ms) {
    struct event e = kit_event(type, after_ms);
    e.channel = CHANNEL_EMAIL;
    return e;
}

/* Its leaf without reason is in no record, and nothing was told of it yet. */
static void an_age_that_was_not_told_goes_on_beside_a_reason(void **state) {
    struct kit *k = *state;
    struct other o;
    const struct gauge *told;
    other_init(&o, k);
    struct event ev = kit_event(EVENT_QUEUED, 0);
    ev.contact_reason = SLICE("refund");
    kit_apply(k, ev);
    change(k, &o);
    assert_int_equal(interaction_task_take_gauges(k->task, &told), 1);
    assert_int_equal(leaf_dict_at(o.leaves, told[0].leaf)->reason.size, 0);
    assert_int_equal(told[0].oldest_waiting_at, T0);
    kit_say(k, EVENT_ANSWERED, 10 * S);
    assert_int_equal(interaction_task_take_gauges(k->task, &told), 1);
    assert_int_equal(told[0].oldest_waiting_at, INSTANT_NONE);
    other_deinit(k, &o);
}

static void a_version_takes_over_at_its_instant_and_clocks_go_on(void **state) {
    struct kit *k = *state;
    struct two_versions v;
    two_versions_init(&v, k);
    v.clocks[2].target_ms = 15 * MINUTE_MS; /* the reply, in place of four hours */
    v.clocks[2].warning_count = 0;
    two_versions_begin(&v, k);
    kit_apply(k, mail_at(EVENT_CREATED, 0));
    kit_tick(k, LATER_AT - 1);
    assert_int_equal(interaction_task_next_due(k->task), T0 + LATER_AT);
    kit_tick(k, LATER_AT);
    assert_int_equal(k->facts.count, 0);
    kit_tick(k, 20 * MINUTE_MS);
    kit_expect_facts(k, 1, "reply 1 breached at=900000 due=900000 elapsed=900000");
    two_versions_deinit(&v, k);
}

/* Whoever was saved before and loaded after finds the same; and one record may step over it. */
static void a_version_takes_over_in_one_leap_and_after_a_load(void **state) {
    struct kit *k = *state;
    struct two_versions v;
    two_versions_init(&v, k);
    v.clocks[0].target_ms = 30 * S;
    v.clocks[0].warning_count = 0;
    two_versions_begin(&v, k);
    kit_say(k, EVENT_QUEUED, LATER_AT - 10 * S);
    kit_reload(k);
    kit_tick(k, LATER_AT + 5 * S);
    kit_reload(k);
    kit_tick(k, LATER_AT + 21 * S);
    kit_expect_facts(k, 1, "answer 1 breached at=620000 due=620000 elapsed=30000");
    kit_forget(&k->facts);
    /* Past the target of the version that comes: a breach at the change. */
    v.clocks[0].target_ms = 5 * S;
    two_versions_deinit(&v, k);
    two_versions_begin(&v, k);
    k->log_at = T0;
    kit_say(k, EVENT_QUEUED, LATER_AT - 10 * S);
    kit_tick(k, LATER_AT + HOUR_MS);
    kit_expect_facts(k, 1, "answer 1 breached at=600000 due=600000 elapsed=10000");
    two_versions_deinit(&v, k);
}

static void visits_count_by_the_thresholds_of_their_version(void **state) {
    struct kit *k = *state;
    struct two_versions v;
    two_versions_init(&v, k);
    v.objectives[1].within_ms = 60 * S;
    two_versions_begin(&v, k);
    kit_tick(k, LATER_AT - 2 * S);
    uint32_t leaves = leaf_dict_count(v.leaves);
    kit_say(k, EVENT_QUEUED, LATER_AT - S);
    kit_tick(k, LATER_AT + 2 * MINUTE_MS);
    assert_int_equal(leaf_dict_count(v.leaves), leaves + 2); /* one of each version */
    const struct leaf *later = leaf_dict_at(v.leaves, leaves + 1);
    assert_ptr_equal(later->contract, &v.contracts[1]);
    assert_int_equal(later->thresholds_ms[1], 60 * S);
    int64_t late = 0;
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        if (row->leaf == leaves + 1)
            late += row->levels[BY_EVENT][1][LEVEL_LATE];
        else
            assert_int_equal(row->levels[BY_EVENT][1][LEVEL_LATE], 0);
    }
    assert_int_equal(late, 1);
    two_versions_deinit(&v, k);
}

static void a_first_version_that_is_to_come_leaves_the_tenant_without_one(void **state) {
    struct kit *k = *state;
    struct two_versions v;
    two_versions_init(&v, k);
    v.contracts[0] = v.contracts[1];
    v.set.count = 1;
    two_versions_begin(&v, k);
    kit_say(k, EVENT_QUEUED, LATER_AT - MINUTE_MS);
    kit_tick(k, LATER_AT - 10 * S);
    assert_int_equal(k->facts.count, 0);
    kit_tick(k, LATER_AT + 10 * S);
    kit_expect_facts(k, 1, "answer 1 breached at=600000 due=600000 elapsed=60000");
    two_versions_deinit(&v, k);
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
        CASE(an_age_that_was_not_told_goes_on_beside_a_reason),
        CASE(a_version_takes_over_at_its_instant_and_clocks_go_on),
        CASE(a_version_takes_over_in_one_leap_and_after_a_load),
        CASE(visits_count_by_the_thresholds_of_their_version),
        CASE(a_first_version_that_is_to_come_leaves_the_tenant_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
