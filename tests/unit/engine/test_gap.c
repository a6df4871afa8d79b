/* Records are gone before they were read: the engine goes on behind them, says so, and marks what
 * cannot be complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/alert_reader.h"
#include "sim_events.h"

/* Alerts DATA_GAP with this transition, about this source. */
static size_t told(const struct sim *s, const char *source, enum transition transition) {
    struct err err;
    struct alert_reader *reader = alert_reader_new(schema_text(SCHEMA_ALERT), &err);
    assert_non_null(reader);
    size_t count = 0;
    for (size_t i = 0; i < s->output_count; i++) {
        const struct sim_output *o = &s->outputs[i];
        struct alert_record record;
        if (o->topic != OUTPUT_ALERTS_OPERATIONS)
            continue;
        struct slice body = {o->value.at + 5, o->value.size - 5};
        assert_true(alert_reader_read(reader, body, &record, &err));
        if (record.alert.kind != ALERT_DATA_GAP || record.alert.transition != transition ||
            !slice_equal(record.alert.rule, slice_of(source)))
            continue;
        count++;
    }
    alert_reader_free(reader);
    return count;
}

static void settle(struct sim *s, struct engine *e) {
    for (int i = 0; i < 10; i++)
        sim_run(s, e, 1000);
    assert_null(engine_failure(e));
    assert_true(engine_is_clean(e));
    assert_true(engine_is_ready(e));
}

/* A caller each minute, from this minute on. */
static void send_callers(struct sim *s, int from, int count) {
    for (int i = from; i < from + count; i++)
        send_event(s, 0, 3600000 + i * 60000, i, QUEUED);
}

static struct engine *live(struct sim *s, int callers) {
    sim_init(s, 1);
    s->snapshot_interval_ms = 200;
    send_callers(s, 0, callers);
    struct engine *e = start(s, false, false);
    settle(s, e);
    return e;
}

static size_t gaps_told(const struct sim *s, const char *source) {
    return told(s, source, TRANSITION_FIRING);
}

static double gauge_of(const struct engine *e, const char *name) {
    struct buf text;
    buf_init(&text);
    engine_write_metrics(e, &text);
    buf_put_u8(&text, 0);
    char line[128];
    snprintf(line, sizeof line, "\nfloorwalker_%s ", name);
    const char *at = strstr(text.at, line);
    assert_non_null(at);
    double value = strtod(at + strlen(line), NULL);
    buf_deinit(&text);
    return value;
}

static void test_what_expired_beyond_the_offset_is_told(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    send_callers(&s, 10, 10);
    s.log[INPUT_INTERACTIONS][0].low = 15; /* five that nobody has read */
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 1);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "interactions-0"), 1);
    /* What was known stays, and what is there is counted. */
    assert_int_equal((int)gauge_of(e, "open_interactions"), 15);
    sim_kill(&s, e);
    e = start(&s, false, false); /* a second start finds nothing lost */
    assert_int_equal(metric_of(e, "data_gaps"), 0);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "interactions-0"), 1);
    engine_free(e);
    sim_deinit(&s);
}

static void test_what_expired_of_a_replay_is_told(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    s.snapshot_interval_ms = DAY_MS; /* no snapshot of what comes now */
    e = start(&s, false, false);
    send_callers(&s, 10, 10);
    settle(&s, e);
    sim_kill(&s, e);
    size_t outputs = s.output_count;
    s.log[INPUT_INTERACTIONS][0].low = 15;
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 1);
    settle(&s, e);
    assert_true(metric_of(e, "replayed") > 0);
    assert_int_equal(s.output_count, outputs); /* what was said before is not said again */
    send_callers(&s, 20, 2);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "interactions-0"), 1);
    sim_kill(&s, e);
    e = start(&s, false, false); /* a snapshot came soon after, however rare they are */
    assert_int_equal(metric_of(e, "data_gaps"), 0);
    engine_free(e);
    sim_deinit(&s);
}

static void test_a_history_without_a_snapshot_whose_beginning_expired(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    for (size_t i = 0; i < s.state.count; i++) { /* every snapshot is torn */
        struct slice value = s.state.records[i].value;
        ((char *)(uintptr_t)value.at)[value.size - 1] ^= 1;
    }
    s.log[INPUT_INTERACTIONS][0].low = 4;
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 1);
    settle(&s, e);
    assert_int_equal((int)gauge_of(e, "open_interactions"), 6);
    send_callers(&s, 10, 2);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "interactions-0"), 1);
    engine_free(e);
    sim_deinit(&s);
}

static void test_offsets_that_expired_are_no_new_beginning(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    for (int i = 0; i < INPUT_COUNT; i++)
        s.log[i][0].committed = -1;
    s.forgotten = true;
    s.log[INPUT_INTERACTIONS][0].low = 8;
    s.log[INPUT_TENANT_LOG][0].low = s.log[INPUT_TENANT_LOG][0].count;
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 2);
    send_callers(&s, 10, 3);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "interactions-0"), 1);
    assert_int_equal(gaps_told(&s, "tenant-log"), 1);
    engine_free(e);
    sim_deinit(&s);
}

static void test_what_expired_of_the_tenant_log_is_told(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    /* Reports that were written and never read: a process that only has interactions. */
    struct sim_partition *log = &s.log[INPUT_TENANT_LOG][0];
    struct slice report = log->records[0].value;
    for (int i = 0; i < 5; i++)
        sim_append(&s, INPUT_TENANT_LOG, 0, s.wall_at, (struct slice){NULL, 0}, report);
    log->low = log->count;
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 1);
    settle(&s, e);
    send_callers(&s, 10, 3);
    settle(&s, e);
    assert_int_equal(gaps_told(&s, "tenant-log"), 1);
    /* A day later no window holds a part of it: the alert ends. */
    send_callers(&s, 10 + 25 * 60, 2);
    settle(&s, e);
    assert_int_equal(told(&s, "tenant-log", TRANSITION_RESOLVED), 1);
    engine_free(e);
    sim_deinit(&s);
}

static void test_without_a_snapshot_a_live_task_begins_at_the_horizon(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = live(&s, 10);
    stop(&s, e);
    for (size_t i = 0; i < s.state.count; i++) {
        struct slice value = s.state.records[i].value;
        ((char *)(uintptr_t)value.at)[value.size - 1] ^= 1;
    }
    s.horizon = 7;
    s.wall_at = 3600000 + 20 * 60000;
    e = start(&s, true, false);
    assert_int_equal(metric_of(e, "data_gaps"), 1);
    for (int i = 0; i < 5; i++)
        sim_run(&s, e, 1000);
    assert_null(engine_failure(e));
    assert_int_equal((int)gauge_of(e, "open_interactions"), 3);
    engine_free(e);
    sim_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_expired_beyond_the_offset_is_told),
        cmocka_unit_test(test_what_expired_of_a_replay_is_told),
        cmocka_unit_test(test_a_history_without_a_snapshot_whose_beginning_expired),
        cmocka_unit_test(test_offsets_that_expired_are_no_new_beginning),
        cmocka_unit_test(test_what_expired_of_the_tenant_log_is_told),
        cmocka_unit_test(test_without_a_snapshot_a_live_task_begins_at_the_horizon),
    };
    return cmocka_run_group_tests_name("gap", tests, NULL, NULL);
}
