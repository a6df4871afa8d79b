/* Do the facts of one clock become the episodes that the contract promises? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/judge_item.h"

static struct clock_rule clocks[1];
static struct report_leaf leaf;

static int setup(void **state) {
    struct judge_fixture *f = malloc(sizeof(*f));
    judge_fixture_init(f);
    clocks[0] = (struct clock_rule){.name = SLICE("answer-20"),
                                    .severity = SEVERITY_CRITICAL,
                                    .contact_role = SLICE("duty-manager")};
    f->contract.clocks = clocks;
    f->contract.clock_count = 1;
    leaf = (struct report_leaf){.tenant = SLICE("acme"),
                                .vendor = SLICE(""),
                                .site = SLICE("main"),
                                .queue = SLICE("PS"),
                                .channel = CHANNEL_VOICE};
    *state = f;
    return 0;
}

static int teardown(void **state) {
    judge_fixture_deinit(*state);
    free(*state);
    return 0;
}

static struct fact fact_of(enum fact_kind kind, int64_t at) {
    return (struct fact){
        .interaction_id = SLICE("call-1"),
        .rule = SLICE("answer-20"),
        .contract = SLICE("acme-support"),
        .contract_version = 3,
        .clock = CLOCK_SPEED_OF_ANSWER,
        .instance = 1,
        .kind = kind,
        .at = at,
        .opened_at = 1000000,
        .deadline_at = 1020000,
        .target_ms = 20000,
        .elapsed_ms = at - 1000000,
    };
}

static void tell(struct judge_fixture *f, enum fact_kind kind, int64_t at) {
    struct fact fact = fact_of(kind, at);
    judge_item_fact(&f->ctx, &fact, &leaf);
}

static void take_back(struct judge_fixture *f, enum fact_kind what, int64_t at) {
    struct fact fact = fact_of(FACT_VOIDED, at);
    fact.voided_kind = what;
    judge_item_fact(&f->ctx, &fact, &leaf);
}

static void risk_then_breach_then_answer(void **state) {
    struct judge_fixture *f = *state;
    tell(f, FACT_AT_RISK, 1015000);
    tell(f, FACT_AT_RISK, 1018000);
    tell(f, FACT_BREACHED, 1020000);
    tell(f, FACT_ENDED, 1031500);
    assert_int_equal(f->count, 5);
    said_is(f, 0, ALERT_ITEM_AT_RISK, TRANSITION_FIRING);
    said_is(f, 1, ALERT_ITEM_AT_RISK, TRANSITION_UPDATED);
    said_is(f, 2, ALERT_ITEM_AT_RISK, TRANSITION_RESOLVED);
    said_is(f, 3, ALERT_ITEM_BREACH, TRANSITION_FIRING);
    said_is(f, 4, ALERT_ITEM_BREACH, TRANSITION_RESOLVED);
    const struct alert *risk = &f->said[1].a;
    assert_int_equal(risk->condition_at, 1018000);
    assert_int_equal(risk->remaining_ms, 2000);
    assert_int_equal(risk->severity, SEVERITY_WARNING);
    assert_int_equal(f->said[2].a.resolved_at, 1020000);
    const struct alert *breach = &f->said[3].a;
    assert_int_equal(breach->condition_at, 1020000);
    assert_int_equal(breach->deadline_at, 1020000);
    assert_int_equal(breach->opened_at, 1000000);
    assert_int_equal(breach->severity, SEVERITY_CRITICAL);
    assert_int_equal(breach->unit, UNIT_MILLIS);
    assert_true(breach->observed == 20000 && breach->threshold == 20000);
    assert_int_equal(breach->remaining_ms, 0);
    assert_int_equal(f->said[4].a.resolved_at, 1031500);
    assert_string_equal(f->said[3].interaction, "call-1");
    assert_string_equal(f->said[3].site, "main");
    assert_string_equal(f->said[0].summary,
                        "call-1 in queue PS at site main has 5 s left for an answer: 15 s of the "
                        "agreed 20 s have passed.");
    assert_string_equal(f->said[3].summary, "call-1 in queue PS at site main still waits for an "
                                            "answer: the agreed 20 s have passed.");
    assert_string_equal(f->said[4].summary, "call-1 in queue PS at site main waits no more for an "
                                            "answer: it took 32 s; agreed is 20 s.");
    assert_int_equal(episode_book_open(f->ctx.book), 0);
}

static void what_never_was_is_voided(void **state) {
    struct judge_fixture *f = *state;
    tell(f, FACT_AT_RISK, 1015000);
    tell(f, FACT_BREACHED, 1020000);
    take_back(f, FACT_BREACHED, 1020000);
    take_back(f, FACT_AT_RISK, 1015000); /* resolved by the breach: nothing more to say */
    assert_int_equal(f->count, 4);
    said_is(f, 3, ALERT_ITEM_BREACH, TRANSITION_VOIDED);
    assert_int_equal(f->said[3].a.resolved_at, 1020000);
    tell(f, FACT_AT_RISK, 1015000); /* true after all: new episodes */
    tell(f, FACT_BREACHED, 1020000);
    assert_int_equal(f->count, 7);
}

static void an_end_without_alert_says_nothing(void **state) {
    struct judge_fixture *f = *state;
    tell(f, FACT_ENDED, 1005000);
    assert_int_equal(f->count, 0);
}

static void a_risk_after_the_breach_is_no_news(void **state) {
    struct judge_fixture *f = *state;
    tell(f, FACT_BREACHED, 1020000);
    tell(f, FACT_AT_RISK, 1015000);
    assert_int_equal(f->count, 1);
}

static void a_rule_that_is_gone_still_ends(void **state) {
    struct judge_fixture *f = *state;
    tell(f, FACT_BREACHED, 1020000);
    f->contract.clock_count = 0;
    f->contract.version = 4;
    tell(f, FACT_ENDED, 1025000);
    said_is(f, 1, ALERT_ITEM_BREACH, TRANSITION_RESOLVED);
    assert_int_equal(f->said[1].a.severity, SEVERITY_CRITICAL);
}

static void old_deadlines_are_late(void **state) {
    struct judge_fixture *f = *state;
    f->ctx.clock = 1020000 + 15 * MINUTE_MS + 1;
    tell(f, FACT_BREACHED, 1020000);
    assert_true(f->said[0].a.late);
}

/* Facts of several items in any order and number: the fixture checks every life. At the end of
 * each, ENDED for all, nothing may be open. */
static void any_order_of_facts(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50; seed++) {
        struct rng r;
        rng_init(&r, seed);
        char id[32];
        for (int i = 0; i < 60; i++) {
            struct fact fact = fact_of((enum fact_kind)rng_below(&r, FACT_KIND_COUNT),
                                       1000000 + i * 1000);
            fact.voided_kind = rng_below(&r, 2) ? FACT_AT_RISK : FACT_BREACHED;
            snprintf(id, sizeof(id), "s%llu-%llu", (unsigned long long)seed,
                     (unsigned long long)rng_below(&r, 3));
            fact.interaction_id = slice_of(id);
            leaf.queue = rng_below(&r, 4) ? SLICE("PS") : SLICE("VIP");
            judge_item_fact(&f->ctx, &fact, &leaf);
            if (rng_below(&r, 10) == 0)
                judge_fixture_restart(f);
        }
        for (int i = 0; i < 3; i++) {
            struct fact fact = fact_of(FACT_ENDED, 2000000);
            snprintf(id, sizeof(id), "s%llu-%d", (unsigned long long)seed, i);
            fact.interaction_id = slice_of(id);
            judge_item_fact(&f->ctx, &fact, &leaf);
        }
        REQUIRE(seed, episode_book_open(f->ctx.book) == 0);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(risk_then_breach_then_answer),
        TEST(what_never_was_is_voided),
        TEST(an_end_without_alert_says_nothing),
        TEST(a_risk_after_the_breach_is_no_news),
        TEST(a_rule_that_is_gone_still_ends),
        TEST(old_deadlines_are_late),
        TEST(any_order_of_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
