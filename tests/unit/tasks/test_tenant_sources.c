/* Is the tenants' clock the minimum over all sources that count, computed from the log alone? */
#include "tasks/tenant_sources.h"

#include "tenant_fixture.h"

static void say(struct tenant_sources *s, int32_t partition, int32_t partitions, int64_t clock,
                bool ended, int64_t log_at) {
    struct report_clock c = {SLICE("interactions"), partition, partitions, clock, ended, false};
    tenant_sources_hear(s, &c, 1, log_at);
}

static void a_replay_to_the_end_waits_for_every_partition(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, false, true, 30000);
    assert_int_equal(tenant_sources_clock(&s), INSTANT_NONE);
    assert_false(tenant_sources_ended(&s));
    say(&s, 0, 3, 1000, false, 1);
    assert_int_equal(tenant_sources_clock(&s), INSTANT_NONE);
    say(&s, 1, 3, 500, false, 2);
    say(&s, 2, 3, INSTANT_NONE, true, 3); /* empty, and so it stays */
    assert_int_equal(tenant_sources_clock(&s), 500);
    say(&s, 1, 3, 400, false, 4); /* never backwards */
    assert_int_equal(tenant_sources_clock(&s), 500);
    assert_false(tenant_sources_ended(&s));
    say(&s, 0, 3, 2000, true, 5);
    say(&s, 1, 3, 2000, true, 6);
    assert_int_equal(tenant_sources_clock(&s), 2000);
    assert_true(tenant_sources_ended(&s));
    tenant_sources_deinit(&s);
}

/* In any order; each has partitions of its own. */
static void topics_are_not_taken_for_each_other(void **state) {
    (void)state;
    struct tenant_sources s;
    struct report_clock c[] = {{SLICE("interactions"), 0, 1, 1000, false, false},
                               {SLICE("agents"), 0, 1, 300, false, false},
                               {SLICE("customers"), 0, 1, 700, false, false},
                               {SLICE("interactions"), 0, 1, 2000, false, false},
                               {SLICE("agents"), 0, 1, 900, false, false}};
    tenant_sources_init(&s, false, true, 30000);
    for (size_t i = 0; i < 5; i++)
        tenant_sources_hear(&s, &c[i], 1, 1);
    assert_int_equal(s.topic_count, 3);
    assert_int_equal(tenant_sources_clock(&s), 700);
    assert_int_equal(s.topics[0].sources[0].clock, 900);
    assert_int_equal(s.topics[2].sources[0].clock, 2000);
    tenant_sources_deinit(&s);
}

/* Told together, with one name for several, and one between them that is not believed. */
static void topics_told_together_are_told_apart(void **state) {
    (void)state;
    static const char names[] = "interactionsagents";
    struct slice interactions = {names, 12}, agents = {names + 12, 6}, shorter = {names, 5};
    struct report_clock c[] = {
        {interactions, 0, 2, 1000, false, false}, {interactions, 1, 2, 1100, false, false},
        {agents, 9, 2, 5, false, false},          {agents, 1, 2, 1300, false, false},
        {agents, 0, 2, 1200, false, false},       {interactions, 7, 7, 5, false, false},
        {interactions, 0, 2, 1400, false, false}, {shorter, 0, 1, 1500, false, false}};
    struct tenant_sources s;
    tenant_sources_init(&s, false, true, 30000);
    tenant_sources_hear(&s, c, sizeof(c) / sizeof(*c), 1);
    assert_int_equal(s.topic_count, 3);
    assert_int_equal(s.topics[0].sources[0].clock, 1200);
    assert_int_equal(s.topics[0].sources[1].clock, 1300);
    assert_int_equal(s.topics[1].sources[0].clock, 1500);
    assert_int_equal(s.topics[2].sources[0].clock, 1400);
    assert_int_equal(s.topics[2].sources[1].clock, 1100);
    tenant_sources_deinit(&s);
}

static void a_replay_without_an_end_leaves_out_what_never_spoke(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, false, false, 30000);
    say(&s, 0, 8, 1000, false, 1);
    assert_int_equal(tenant_sources_clock(&s), 1000);
    assert_true(tenant_sources_completeness(&s) == 1.0);
    say(&s, 5, 8, 700, false, 1);
    assert_int_equal(tenant_sources_clock(&s), 700);
    tenant_sources_deinit(&s);
}

static void a_silent_source_is_left_out_after_a_while_of_log_time(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, true, false, 30000);
    int64_t log_at = 1000000;
    say(&s, 0, 2, 100, false, log_at);
    assert_int_equal(tenant_sources_clock(&s), INSTANT_NONE);
    say(&s, 1, 2, 90, false, log_at);
    assert_int_equal(tenant_sources_clock(&s), 90);

    /* A pause of everything says nothing about anybody: it counts as one second. */
    log_at += 3600000;
    say(&s, 0, 2, 200, false, log_at);
    assert_int_equal(tenant_sources_clock(&s), 90);
    for (int64_t i = 0; i < 29; i++) {
        say(&s, 0, 2, 300 + i, false, log_at += 1000);
        if (i < 28)
            assert_int_equal(tenant_sources_clock(&s), 90);
    }
    assert_int_equal(tenant_sources_clock(&s), 328);
    assert_true(tenant_sources_completeness(&s) == 0.5);
    say(&s, 1, 2, 95, false, log_at + 1); /* back: the task keeps the running maximum */
    assert_int_equal(tenant_sources_clock(&s), 95);
    assert_true(tenant_sources_completeness(&s) == 1.0);
    tenant_sources_deinit(&s);
}

static void a_clock_that_is_repeated_is_not_a_sign_of_life(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, true, false, 3000);
    for (int64_t i = 0; i < 6; i++) {
        say(&s, 0, 2, 100 + i, false, i * 1000);
        say(&s, 1, 2, 50, false, i * 1000);
    }
    assert_int_equal(tenant_sources_clock(&s), 105);
    tenant_sources_deinit(&s);
}

static void claims_beyond_reason_are_not_believed(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, true, false, 3000);
    say(&s, 7, 4, 100, false, 1);
    say(&s, -1, 4, 100, false, 1);
    say(&s, 1, 2000000000, 100, false, 1);
    assert_int_equal(s.topic_count, 0);
    tenant_sources_deinit(&s);
}

static void what_is_saved_is_loaded(void **state) {
    (void)state;
    struct tenant_sources s, copy;
    tenant_sources_init(&s, true, false, 3000);
    say(&s, 1, 3, 100, true, 5);
    say(&s, 0, 3, -100, false, 505);
    struct buf a, b;
    buf_init(&a);
    buf_init(&b);
    tenant_sources_save(&s, &a);
    tenant_sources_init(&copy, true, false, 3000);
    struct cursor c = cursor_of(buf_slice(&a));
    tenant_sources_load(&copy, &c);
    assert_false(c.failed);
    tenant_sources_save(&copy, &b);
    assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
    tenant_sources_deinit(&copy);

    /* Any shorter bytes are refused. */
    for (size_t size = 0; size < a.size; size++) {
        tenant_sources_init(&copy, true, false, 3000);
        c = cursor_of((struct slice){a.at, size});
        tenant_sources_load(&copy, &c);
        assert_true(c.failed);
        tenant_sources_deinit(&copy);
    }
    buf_deinit(&a);
    buf_deinit(&b);
    tenant_sources_deinit(&s);
}

static void lose(struct tenant_sources *s, int32_t partition, int32_t partitions, int64_t clock) {
    struct report_clock c = {SLICE("interactions"), partition, partitions, clock, false, true};
    tenant_sources_hear(s, &c, 1, 1);
}

static void expect_window(const struct tenant_sources *s, int64_t start_at, int64_t end_at,
                          double complete) {
    double found = tenant_sources_window(s, start_at, end_at);
    assert_true(found > complete - 1e-9 && found < complete + 1e-9);
}

/* What one of four sources lost is a quarter of the time that it lost. */
static void what_was_lost_lowers_the_windows_that_hold_it(void **state) {
    (void)state;
    struct tenant_sources s, loaded;
    tenant_sources_init(&s, false, false, 30000);
    say(&s, 2, 4, 100000, false, 1);
    expect_window(&s, 0, 200000, 1);
    lose(&s, 2, 4, 150000);
    expect_window(&s, 0, 100000, 1);
    expect_window(&s, 100000, 150000, 0.75);
    expect_window(&s, 0, 200000, 1 - 0.25 * 0.25);
    expect_window(&s, 150000, 200000, 1);
    struct buf bytes, again;
    buf_init(&bytes);
    buf_init(&again);
    tenant_sources_save(&s, &bytes);
    tenant_sources_init(&loaded, false, false, 30000);
    struct cursor c = cursor_of(buf_slice(&bytes));
    tenant_sources_load(&loaded, &c);
    assert_false(c.failed);
    tenant_sources_save(&loaded, &again);
    assert_true(slice_equal(buf_slice(&bytes), buf_slice(&again)));
    expect_window(&loaded, 100000, 150000, 0.75);
    assert_false(tenant_sources_is_past(&s.gaps[0], 150000 + DAY_MS - 1, DAY_MS));
    assert_true(tenant_sources_is_past(&s.gaps[0], 150000 + DAY_MS, DAY_MS));
    buf_deinit(&bytes);
    buf_deinit(&again);
    tenant_sources_deinit(&s);
    tenant_sources_deinit(&loaded);
}

/* Of the tenant log itself: everything, until the clock has moved on. */
static void what_the_tenant_log_lost_is_all_of_its_time(void **state) {
    (void)state;
    struct tenant_sources s;
    tenant_sources_init(&s, false, false, 30000);
    say(&s, 0, 1, 100000, false, 1);
    tenant_sources_lose(&s, 100000);
    expect_window(&s, 50000, 150000, 0.5);
    tenant_sources_moved(&s, 100001); /* the shortest is one step */
    expect_window(&s, 100000, 110000, 0);
    expect_window(&s, 110000, 120000, 1);
    for (int i = 0; i < 2 * TENANT_GAPS_MAX; i++)
        tenant_sources_lose(&s, 100000);
    assert_int_equal(s.gap_count, TENANT_GAPS_MAX);
    expect_window(&s, 100000, 200000, 0);
    tenant_sources_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_to_the_end_waits_for_every_partition),
        cmocka_unit_test(topics_are_not_taken_for_each_other),
        cmocka_unit_test(topics_told_together_are_told_apart),
        cmocka_unit_test(a_replay_without_an_end_leaves_out_what_never_spoke),
        cmocka_unit_test(a_silent_source_is_left_out_after_a_while_of_log_time),
        cmocka_unit_test(a_clock_that_is_repeated_is_not_a_sign_of_life),
        cmocka_unit_test(claims_beyond_reason_are_not_believed),
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(what_was_lost_lowers_the_windows_that_hold_it),
        cmocka_unit_test(what_the_tenant_log_lost_is_all_of_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
