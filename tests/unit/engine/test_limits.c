/* Each limit of the engine, reached: does reading stop, is it counted, does it go on? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/report_codec.h"
#include "engine/memory_plan.h"
#include "sim_events.h"

#define MIB ((size_t)1 << 20)

static size_t read_of(const struct sim *s, int32_t partition) {
    return s->log[INPUT_INTERACTIONS][partition].read;
}

static void shares_follow_the_limit(void **state) {
    (void)state;
    for (size_t limit = 64 * MIB; limit <= 64 * 1024 * MIB; limit *= 2) {
        struct memory_plan plan = memory_plan_of(limit);
        assert_true(plan.eased < plan.pressed && plan.pressed < plan.full && plan.full < limit);
        assert_true(plan.queues + 3 * plan.epoch + plan.sums + plan.views <= limit / 2);
    }
    struct memory_plan none = memory_plan_of(0);
    assert_int_equal(none.full, SIZE_MAX);
    assert_int_equal(none.epoch, 32 * MIB);
}

/* Partition 0 is a minute behind partition 1 in each of these. */
static void send_two(struct sim *s, int from, int count) {
    for (int i = from; i < from + count; i++) {
        send_event(s, 0, 3600000 + i * 10, i, QUEUED);
        send_event(s, 1, 3660000 + i * 10, 100000 + i, QUEUED);
    }
}

static void near_the_limit_only_the_furthest_behind_is_read(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    s.memory_limit = 160 * MIB;
    struct engine *e = start(&s, false, false);
    send_two(&s, 0, 10);
    sim_run(&s, e, 300);
    assert_int_equal(read_of(&s, 1), 10);
    assert_int_equal(metric_named(e, "memory_level"), 0);

    s.held = 135 * MIB;
    sim_run(&s, e, 50);
    send_two(&s, 10, 10);
    sim_run(&s, e, 300);
    assert_int_equal(metric_named(e, "memory_level"), 1);
    assert_int_equal(read_of(&s, 0), 20);
    assert_int_equal(read_of(&s, 1), 10);
    assert_int_equal(metric_of(e, "memory_pressed"), 1);
    assert_true(metric_of(e, "held_memory") > 0);
    assert_true(s.given_back > 0);

    s.held = 125 * MIB; /* not eased yet */
    sim_run(&s, e, 300);
    assert_int_equal(metric_named(e, "memory_level"), 1);
    s.held = 100 * MIB;
    sim_run(&s, e, 300);
    assert_int_equal(metric_named(e, "memory_level"), 0);
    assert_int_equal(read_of(&s, 1), 20);
    assert_true(metric_of(e, "memory_held_ms") >= 600);
    sim_kill(&s, e);
    sim_deinit(&s);
}

static void at_the_limit_no_input_is_read_but_the_tenant_log_is(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    s.memory_limit = 160 * MIB;
    struct engine *e = start(&s, false, false);
    send_two(&s, 0, 10);
    sim_run(&s, e, 300);
    s.hold_commits = true;
    send_two(&s, 10, 10);
    sim_run(&s, e, 200);
    s.held = 150 * MIB;
    sim_run(&s, e, 50);
    s.hold_commits = false;
    size_t reports = s.log[INPUT_TENANT_LOG][0].read;
    send_two(&s, 20, 10);
    sim_run(&s, e, 500);
    assert_int_equal(metric_named(e, "memory_level"), 2);
    assert_int_equal(metric_of(e, "memory_full"), 1);
    assert_int_equal(read_of(&s, 0), 20);
    assert_int_equal(read_of(&s, 1), 20);
    assert_true(s.log[INPUT_TENANT_LOG][0].read > reports);
    s.held = 0;
    sim_run(&s, e, 300);
    assert_int_equal(read_of(&s, 0), 30);
    assert_int_equal(read_of(&s, 1), 30);
    sim_kill(&s, e);
    sim_deinit(&s);
}

static void a_replay_that_does_not_fit_says_so(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    s.memory_limit = 160 * MIB;
    send_two(&s, 0, 10);
    struct engine *e = start(&s, false, true);
    s.held = 150 * MIB;
    sim_run(&s, e, 50 * SECOND_MS);
    assert_null(engine_failure(e));
    sim_run(&s, e, 20 * SECOND_MS);
    assert_non_null(engine_failure(e));
    assert_non_null(strstr(engine_failure(e), "limits.memory"));
    sim_kill(&s, e);
    sim_deinit(&s);
}

static void no_ticks_into_a_partition_that_is_not_read(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    s.memory_limit = 160 * MIB;
    struct engine *e = start(&s, true, false);
    send_event(&s, 0, s.wall_at, 1, QUEUED);
    send_event(&s, 1, s.wall_at, 2, QUEUED);
    sim_run(&s, e, 3000);
    s.held = 150 * MIB;
    sim_run(&s, e, 50);
    uint64_t ticks = metric_of(e, "ticks_written");
    assert_true(ticks > 0);
    sim_run(&s, e, 10000);
    assert_int_equal(metric_of(e, "ticks_written"), ticks);
    sim_kill(&s, e);
    sim_deinit(&s);
}

/* The clocks of the two sources as the engine tells them. */
static void expect_clocks_near(const struct engine *e, int64_t most_ms, int64_t *seen_ms) {
    struct buf json;
    buf_init(&json);
    engine_write_progress(e, &json);
    buf_put_u8(&json, 0);
    int64_t least = INT64_MAX, most = 0;
    for (const char *at = json.at; (at = strstr(at, "\"input\":\"interactions\"")); at++) {
        int64_t clock = strtoll(strstr(at, "\"clock\":") + 8, NULL, 10);
        if (clock < least)
            least = clock;
        if (clock > most)
            most = clock;
    }
    buf_deinit(&json);
    if (least > 0 && most - least > *seen_ms)
        *seen_ms = most - least;
    if (least > 0)
        assert_true(most - least <= most_ms);
}

/* Three hours, of which partition 0 has forty times as many records. */
static void send_leaning(struct sim *s) {
    int number = 0;
    for (int64_t at = 3600000; at < 3600000 + 3 * HOUR_MS; at += 250, number++)
        send_event(s, 0, at, number, QUEUED);
    for (int64_t at = 3600000; at < 3600000 + 3 * HOUR_MS; at += 10000, number++)
        send_event(s, 1, at, number, QUEUED);
}

static void a_sparse_partition_waits_for_a_dense_one(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    send_leaning(&s);
    struct engine *e = start(&s, false, false);
    int64_t seen_ms = 0;
    for (int i = 0; i < 2000 && read_of(&s, 0) < s.log[INPUT_INTERACTIONS][0].count; i++) {
        s.wall_at += 10;
        engine_turn(e, s.wall_at); /* once, not until nothing is left */
        expect_clocks_near(e, 31 * MINUTE_MS, &seen_ms);
        if (s.flying)
            sim_commit(&s, e);
    }
    sim_run(&s, e, 2000);
    assert_int_equal(read_of(&s, 1), s.log[INPUT_INTERACTIONS][1].count);
    assert_true(metric_of(e, "held_ahead") > 0);
    assert_true(seen_ms > 20 * MINUTE_MS); /* it was held, and not earlier than need be */
    sim_kill(&s, e);
    sim_deinit(&s);
}

static void nobody_waits_for_a_partition_that_has_ended(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    send_event(&s, 0, 3600000, 1, QUEUED);
    for (int i = 0; i < 100; i++)
        send_event(&s, 1, 3600000 + i * 5 * MINUTE_MS, 100 + i, QUEUED);
    struct engine *e = start(&s, false, false);
    sim_run(&s, e, 200);
    assert_true(read_of(&s, 1) < 100);
    sim_run(&s, e, 1000);
    assert_int_equal(read_of(&s, 1), 100);
    sim_kill(&s, e);
    sim_deinit(&s);
}

/* Each source's next record is hours later than all that has been read. */
static void nobody_waits_for_ever_after_a_silent_night(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 3);
    send_event(&s, 0, HOUR_MS, 1, QUEUED);
    send_event(&s, 1, HOUR_MS + MINUTE_MS, 2, QUEUED);
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < 3; i++)
            send_event(&s, p, 8 * HOUR_MS + (p + 3 * i) * HOUR_MS, 10 * p + i, QUEUED);
    struct engine *e = start(&s, false, false);
    sim_run(&s, e, 3000);
    for (int p = 0; p < 3; p++)
        assert_int_equal(read_of(&s, p), s.log[INPUT_INTERACTIONS][p].count);
    sim_kill(&s, e);
    sim_deinit(&s);
}

static void what_is_fresh_never_waits(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 2);
    s.wall_at = 10 * HOUR_MS;
    s.pace = 1;
    struct engine *e = start(&s, true, false);
    for (int i = 0; i < 500; i++)
        send_event(&s, 0, HOUR_MS + i * SECOND_MS, i, QUEUED);
    send_event(&s, 1, s.wall_at, 1000, QUEUED);
    send_event(&s, 1, s.wall_at + 1, 1001, QUEUED);
    sim_run(&s, e, 100);
    assert_int_equal(read_of(&s, 1), 2);
    assert_true(read_of(&s, 0) < 500);
    sim_kill(&s, e);
    sim_deinit(&s);
}

/* Many scopes of their own: an epoch whose sums are more than their share. */
static void an_epoch_that_is_full_is_cut_before_more_is_read(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.memory_limit = 16 * MIB;
    s.hold_commits = true;
    struct engine *e = start(&s, false, false);
    for (int i = 0; i < 3000; i++) {
        char queue[32];
        snprintf(queue, sizeof queue, "q%d", i);
        send_event_to(&s, 0, 3600000 + i, i, QUEUED, queue);
    }
    sim_run(&s, e, 500);
    size_t read = read_of(&s, 0);
    assert_true(read < 3000);
    assert_true(metric_of(e, "full_epochs") > 0);
    size_t used = metric_named(e, "memory_used_bytes{of=\"sums\"}");
    size_t share = metric_named(e, "memory_share_bytes{of=\"sums\"}");
    assert_true(share == MIB && used > share && used < 2 * share);
    sim_run(&s, e, 500);
    assert_int_equal(read_of(&s, 0), read);
    s.hold_commits = false;
    for (int i = 0; i < 50; i++)
        sim_run(&s, e, 100);
    assert_int_equal(read_of(&s, 0), 3000);
    sim_kill(&s, e);
    sim_deinit(&s);
}

/* Half a second in which each turn finds ten records more in each of two partitions, or each other
 * turn finds none. Before it `first` may happen. */
static int cuts_in_half_a_second(int64_t age_ms, bool rests, void (*first)(struct sim *s)) {
    struct sim s;
    int cuts = 0;
    sim_init(&s, 2);
    s.wall_at = 10 * HOUR_MS;
    s.pace = 1; /* nothing is to be seen but what is visible */
    struct engine *e = start(&s, true, false);
    if (first)
        first(&s);
    for (int i = 0; i < 50; i++) {
        s.wall_at += 10;
        for (int k = 0; k < 20; k++)
            send_event(&s, k % 2, s.wall_at - age_ms, i * 20 + k, QUEUED);
        if (!rests || i % 2)
            s.visible = s.log[INPUT_INTERACTIONS][0].count;
        engine_turn(e, s.wall_at);
        cuts += s.flying != NULL;
        if (s.flying)
            sim_commit(&s, e);
    }
    assert_true(read_of(&s, 0) > 400);
    sim_kill(&s, e);
    sim_deinit(&s);
    return cuts;
}

/* The very first turn cuts, too. */
static void epochs_of_a_backlog_are_longer(void **state) {
    (void)state;
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, NULL), 1);
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, true, NULL), 5);
    assert_int_equal(cuts_in_half_a_second(0, false, NULL), 5);
}

/* A single fresh record, before the old ones of its partition. */
static void send_fresh(struct sim *s) {
    send_event(s, 1, s->wall_at, 1000000, QUEUED);
}

/* What came of it is judged when the report has been read back: epochs later. */
static void epochs_stay_short_after_something_fresh(void **state) {
    (void)state;
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, send_fresh), 5);
}

static void put_report(void *context, int32_t partition, struct slice record) {
    struct sim *s = context;
    sim_append(s, INPUT_TENANT_LOG, partition, s->wall_at, slice_of(""), record);
}

static void send_report(struct sim *s, const char *instance, const char *topic, int64_t age_ms) {
    struct leaf_dict *leaves = leaf_dict_new(&s->contracts, 10);
    struct report_writer *w = report_writer_new(instance, s->partitions, leaves);
    struct delta_table *none = delta_table_new();
    report_writer_clock(w, &(struct report_clock){.topic = slice_of(topic),
                                                  .partition = 1,
                                                  .partitions = s->partitions,
                                                  .clock = s->wall_at - age_ms});
    report_writer_finish(w, none, put_report, s);
    delta_table_free(none);
    report_writer_free(w);
    leaf_dict_free(leaves);
}

static void report_of_fresh(struct sim *s) {
    send_report(s, "other", "interactions", SECOND_MS);
}

static void report_of_old(struct sim *s) {
    send_report(s, "other", "interactions", HOUR_MS);
}

static void report_of_ticks(struct sim *s) {
    send_report(s, "other", "tenants", 0);
}

static void report_of_its_own(struct sim *s) {
    send_report(s, "sim", "interactions", 0);
}

/* Those that another process read: here is what they are judged by. */
static void epochs_are_short_after_a_report_of_something_fresh(void **state) {
    (void)state;
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, report_of_fresh), 5);
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, report_of_old), 1);
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, report_of_ticks), 1);
    assert_int_equal(cuts_in_half_a_second(HOUR_MS, false, report_of_its_own), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_the_limit),
        cmocka_unit_test(near_the_limit_only_the_furthest_behind_is_read),
        cmocka_unit_test(at_the_limit_no_input_is_read_but_the_tenant_log_is),
        cmocka_unit_test(a_replay_that_does_not_fit_says_so),
        cmocka_unit_test(no_ticks_into_a_partition_that_is_not_read),
        cmocka_unit_test(a_sparse_partition_waits_for_a_dense_one),
        cmocka_unit_test(nobody_waits_for_a_partition_that_has_ended),
        cmocka_unit_test(nobody_waits_for_ever_after_a_silent_night),
        cmocka_unit_test(what_is_fresh_never_waits),
        cmocka_unit_test(an_epoch_that_is_full_is_cut_before_more_is_read),
        cmocka_unit_test(epochs_of_a_backlog_are_longer),
        cmocka_unit_test(epochs_stay_short_after_something_fresh),
        cmocka_unit_test(epochs_are_short_after_a_report_of_something_fresh),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
