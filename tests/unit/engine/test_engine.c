/* The engine over simulated ports: epochs, recovery, ticks, holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_events.h"

static void test_until_end_publishes_and_is_done(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    send_calls(&s, 1, 200);
    struct engine *e = start(&s, false, true);
    run_to_end(&s, e);
    assert_true(outputs_of(&s, OUTPUT_KPIS) > 100);
    assert_true(s.view_commands > 0);
    for (int32_t p = 0; p < s.partitions; p++)
        assert_int_equal(s.log[INPUT_INTERACTIONS][p].committed,
                         s.log[INPUT_INTERACTIONS][p].count);
    engine_free(e);
    sim_deinit(&s);
}

static int compare_outputs(const void *a, const void *b) {
    const struct sim_output *x = a, *y = b;
    if (x->topic != y->topic)
        return x->topic < y->topic ? -1 : 1;
    /* An alert says when it was emitted, which is wall time: its key is what must be the same. */
    return x->topic == OUTPUT_KPIS ? slice_compare(x->value, y->value)
                                   : slice_compare(x->key, y->key);
}

/* How often a figure was revised on the way depends on where epochs were cut; the final one must
 * not. Keeps those, without their revision: the last two bytes are revision and `final`. */
static void keep_final(struct sim *s) {
    size_t kept = 0;
    for (size_t i = 0; i < s->output_count; i++) {
        struct sim_output o = s->outputs[i];
        bool revised = o.topic == OUTPUT_KPIS && o.value.at[o.value.size - 1] != 1;
        if (revised) {
            free((void *)(uintptr_t)o.key.at);
            free((void *)(uintptr_t)o.value.at);
            continue;
        }
        if (o.topic == OUTPUT_KPIS)
            o.value.size -= 2;
        s->outputs[kept++] = o;
    }
    s->output_count = kept;
}

/* All that was said for good, as one sorted multiset. */
static void assert_same_outputs(struct sim *a, struct sim *b) {
    keep_final(a);
    keep_final(b);
    assert_true(a->output_count > 1000);
    assert_int_equal(a->output_count, b->output_count);
    qsort(a->outputs, a->output_count, sizeof *a->outputs, compare_outputs);
    qsort(b->outputs, b->output_count, sizeof *b->outputs, compare_outputs);
    for (size_t i = 0; i < a->output_count; i++)
        assert_int_equal(compare_outputs(&a->outputs[i], &b->outputs[i]), 0);
}

static void kills_change_nothing(int64_t snapshot_interval_ms, bool expect_snapshots) {
    uint64_t loaded = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim straight, killed;
        sim_init(&straight, 2);
        send_calls(&straight, seed, 150);
        struct engine *e = start(&straight, false, true);
        run_to_end(&straight, e);
        engine_free(e);

        sim_init(&killed, 2);
        killed.snapshot_interval_ms = snapshot_interval_ms;
        killed.pace = 2;
        send_calls(&killed, seed, 150);
        struct rng rng;
        rng_init(&rng, seed);
        for (int kill = 0; kill < 3; kill++) {
            e = start(&killed, false, true);
            killed.hold_commits = rng_below(&rng, 2) == 0;
            sim_run(&killed, e, (int64_t)rng_below(&rng, 400));
            sim_kill(&killed, e);
        }
        killed.hold_commits = false;
        e = start(&killed, false, true);
        run_to_end(&killed, e);
        engine_free(e);
        print_message("seed %llu: %zu outputs\n", (unsigned long long)seed, straight.output_count);
        assert_same_outputs(&straight, &killed);
        loaded += killed.loaded;
        sim_deinit(&straight);
        sim_deinit(&killed);
    }
    assert_true(expect_snapshots ? loaded > 10 : loaded == 0);
}

static void test_kills_change_nothing(void **state) {
    (void)state;
    kills_change_nothing(DAY_MS, false);
}

static void test_kills_between_snapshots_change_nothing(void **state) {
    (void)state;
    kills_change_nothing(50, true);
}

static void test_after_a_graceful_stop_nothing_is_replayed(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    send_calls(&s, 5, 100);
    struct engine *e = start(&s, false, false);
    sim_run(&s, e, 2000);
    stop(&s, e);
    e = start(&s, false, false);
    sim_run(&s, e, 1000);
    assert_int_equal(s.loaded, 4);
    assert_int_equal(metric_of(e, "replayed"), 0);
    assert_int_equal(metric_of(e, "snapshots_loaded"), 4);
    engine_free(e);
    sim_deinit(&s);
}

/* One bit of each of these chunks is wrong. */
static void tear(struct sim *s, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        struct slice value = s->state.records[i].value;
        ((char *)(uintptr_t)value.at)[value.size - 1] ^= 1;
    }
}

static void test_torn_snapshot_is_refused_and_the_older_one_taken(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.snapshot_interval_ms = 50;
    struct engine *e = start(&s, false, false);
    send_event(&s, 0, 5000, 1, QUEUED);
    sim_run(&s, e, 500);
    size_t first = s.state.count;
    assert_true(first > 0);
    send_event(&s, 0, 9000, 1, ANSWERED);
    sim_run(&s, e, 1000);
    assert_true(s.state.count > first);
    stop(&s, e);
    size_t end = s.state.count;
    tear(&s, first, end);
    e = start(&s, false, false);
    assert_null(engine_failure(e));
    sim_run(&s, e, 500);
    assert_true(metric_of(e, "replayed") > 0);
    sim_kill(&s, e);
    tear(&s, 0, first);
    tear(&s, end, s.state.count);
    e = start(&s, false, false);
    sim_run(&s, e, 500);
    assert_null(engine_failure(e));
    assert_int_equal(metric_of(e, "replayed"), 2 + s.log[INPUT_TENANT_LOG][0].committed);
    engine_free(e);
    sim_deinit(&s);
}

/* Every cut stops the loop for one task at most, although all of them are due at once. */
static void test_one_task_is_serialised_in_a_cut(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 4);
    s.snapshot_interval_ms = 300;
    struct engine *e = start(&s, false, false);
    uint64_t snapshots = 0;
    for (int round = 0; round < 100; round++) {
        for (int32_t p = 0; p < 4; p++)
            send_event(&s, p, 5000 + round, 100 * p + round, QUEUED);
        uint64_t epochs = metric_of(e, "epochs");
        sim_run(&s, e, 10);
        uint64_t taken = metric_of(e, "snapshots") - snapshots;
        assert_true(taken <= (metric_of(e, "epochs") > epochs ? 1 : 0));
        snapshots += taken;
    }
    assert_true(snapshots >= 5);
    assert_null(engine_failure(e));
    engine_free(e);
    sim_deinit(&s);
}

static void test_quiet_partition_gets_ticks_and_time_passes(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    struct engine *e = start(&s, true, false);
    send_event(&s, 0, s.wall_at, 1, QUEUED);
    sim_run(&s, e, 5000);
    assert_null(engine_failure(e));
    size_t ticks = s.log[INPUT_INTERACTIONS][0].count - 1;
    assert_in_range(ticks, 4, 30);
    assert_true(s.log[INPUT_TENANT_LOG][0].count >= 4);
    engine_free(e);
    sim_deinit(&s);
}

static void test_unknown_schema_holds_its_partition_only(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    struct engine *e = sim_start(&s, false, false);
    send_event(&s, 0, 5000, 1, QUEUED);
    struct slice nonsense = SLICE("\x01 nonsense");
    sim_append(&s, INPUT_INTERACTIONS, 1, 5000, SLICE("x"), nonsense);
    sim_run(&s, e, 500);
    assert_int_equal(s.fetched_schema, EVENT_SCHEMA);
    assert_int_equal(s.log[INPUT_INTERACTIONS][0].read, 0);
    assert_int_equal(outputs_of(&s, OUTPUT_DEAD_LETTERS), 1);
    engine_add_schema(e, EVENT_SCHEMA, slice_of(event_schema));
    sim_run(&s, e, 500);
    assert_int_equal(s.log[INPUT_INTERACTIONS][0].read, 1);
    engine_free(e);
    sim_deinit(&s);
}

static void test_refused_commit_ends_the_engine(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.fail_commits = true;
    struct engine *e = start(&s, false, false);
    send_event(&s, 0, 5000, 1, QUEUED);
    sim_run(&s, e, 1000);
    assert_non_null(engine_failure(e));
    assert_non_null(strstr(engine_failure(e), "the simulation says no"));
    engine_free(e);
    sim_deinit(&s);
}

/* Nothing of it is saved: a state with such a clock could not be read again. */
static void test_a_stamp_that_is_no_time_ends_the_engine(void **state) {
    (void)state;
    const int64_t stamps[] = {-1, INT64_C(1795450259244000)};
    for (size_t i = 0; i < 2; i++) {
        struct sim s;
        sim_init(&s, 1);
        struct engine *e = start(&s, false, false);
        send_event(&s, 0, 5000, 1, QUEUED);
        send_event(&s, 0, stamps[i], 2, QUEUED);
        sim_run(&s, e, 1000);
        assert_non_null(engine_failure(e));
        assert_non_null(strstr(engine_failure(e), "offset 1: the record is stamped "));
        engine_free(e);
        assert_true(s.log[INPUT_INTERACTIONS][0].committed <= 1);
        sim_deinit(&s);
    }
}

static void test_more_partitions_than_before_are_refused(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    struct engine *e = start(&s, false, false);
    send_event(&s, 0, 5000, 1, QUEUED);
    sim_run(&s, e, 1000);
    engine_free(e);
    s.partitions = 2;
    e = start(&s, false, false);
    assert_non_null(engine_failure(e));
    assert_non_null(strstr(engine_failure(e), "has 2 partitions now and had 1"));
    engine_free(e);
    sim_deinit(&s);
}

static void test_view_that_is_down_stops_nothing(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.view_down = true;
    send_calls(&s, 3, 50);
    struct engine *e = start(&s, false, true);
    for (int i = 0; i < 50; i++)
        sim_run(&s, e, 100);
    assert_true(outputs_of(&s, OUTPUT_KPIS) > 100);
    assert_false(engine_is_done(e));
    s.view_down = false;
    run_to_end(&s, e);
    assert_true(s.view_commands > 0);
    engine_free(e);
    sim_deinit(&s);
}

/* With clock: log no tick makes one more epoch when all has been read. */
static void test_a_log_that_stands_still_is_shown_to_its_end(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    struct engine *e = start(&s, false, false);
    for (int i = 1; i <= 5; i++) {
        send_event(&s, 0, i * 7000, i, QUEUED);
        sim_run(&s, e, 130); /* an epoch each, not an update of the view each */
    }
    sim_run(&s, e, 1000);
    const struct sim_partition *tenants = &s.log[INPUT_TENANT_LOG][0];
    assert_true(tenants->committed > 0);
    assert_int_equal(s.view_offset, tenants->committed);
    sim_kill(&s, e);
    s.view_commands = 0; /* it was wiped, and nothing new comes */
    e = start(&s, false, false);
    sim_run(&s, e, 1000);
    assert_true(s.view_commands > 0);
    assert_int_equal(s.view_offset, tenants->committed);
    sim_kill(&s, e);
    sim_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until_end_publishes_and_is_done),
        cmocka_unit_test(test_kills_change_nothing),
        cmocka_unit_test(test_kills_between_snapshots_change_nothing),
        cmocka_unit_test(test_after_a_graceful_stop_nothing_is_replayed),
        cmocka_unit_test(test_torn_snapshot_is_refused_and_the_older_one_taken),
        cmocka_unit_test(test_one_task_is_serialised_in_a_cut),
        cmocka_unit_test(test_quiet_partition_gets_ticks_and_time_passes),
        cmocka_unit_test(test_unknown_schema_holds_its_partition_only),
        cmocka_unit_test(test_refused_commit_ends_the_engine),
        cmocka_unit_test(test_a_stamp_that_is_no_time_ends_the_engine),
        cmocka_unit_test(test_more_partitions_than_before_are_refused),
        cmocka_unit_test(test_view_that_is_down_stops_nothing),
        cmocka_unit_test(test_a_log_that_stands_still_is_shown_to_its_end),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
