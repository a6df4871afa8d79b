/* Contracts change under an engine: over a restart, while it runs, and by what another process has
 * left behind. Each task is loaded and replayed under those of then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/alert_reader.h"
#include "sim_events.h"

#define SETS 6

/* Callers are to be answered in 20 s, 80 % of them; and what may become of that. */
struct set {
    struct contract acme;
    struct clock_rule clock;
    struct objective objective;
    struct contract_set contracts;
};

enum { FIRST, THRESHOLD, RENAMED, NO_CLOCK, NO_TENANT, TARGET };

static struct set sets[SETS];
static struct sim_contracts known[SETS];
static const char *const names[SETS] = {
    "00000000000000000000000000000000", "11111111111111111111111111111111",
    "22222222222222222222222222222222", "33333333333333333333333333333333",
    "44444444444444444444444444444444", "55555555555555555555555555555555"};

static void make_set(struct set *s, int which) {
    contract_init_default(&s->acme);
    s->acme.name = SLICE("acme-support");
    s->acme.tenant = SLICE("acme");
    s->acme.version = which + 1;
    s->acme.is_default = false;
    s->acme.identity = (uint64_t)which + 1;
    s->clock = (struct clock_rule){.name = SLICE("answer"),
                                   .kind = CLOCK_SPEED_OF_ANSWER,
                                   .target_ms = 20000,
                                   .severity = SEVERITY_MAJOR};
    s->objective = (struct objective){.name = SLICE("level"),
                                      .metric = METRIC_SERVICE_LEVEL,
                                      .within_ms = 20000,
                                      .window = WINDOW_30M,
                                      .at_least = true,
                                      .target = 0.95,
                                      .clear = 0.95,
                                      .min_sample = 5,
                                      .severity = SEVERITY_CRITICAL};
    s->acme.clocks = &s->clock;
    s->acme.clock_count = which == NO_CLOCK ? 0 : 1;
    s->acme.objectives = &s->objective;
    s->acme.objective_count = 1;
    s->contracts = (struct contract_set){.contracts = &s->acme,
                                         .count = which == NO_TENANT ? 0 : 1};
    contract_init_default(&s->contracts.fallback);
    if (which == THRESHOLD)
        s->objective.within_ms = 10000;
    if (which == RENAMED) {
        s->objective.name = SLICE("new-level");
        s->clock.name = SLICE("pick-up");
    }
    if (which == TARGET) {
        s->clock.target_ms = 3600000;
        s->objective.target = s->objective.clear = 0.0;
    }
}

static int make_sets(void **state) {
    (void)state;
    for (int i = 0; i < SETS; i++) {
        make_set(&sets[i], i);
        known[i] = (struct sim_contracts){names[i], &sets[i].contracts};
    }
    return 0;
}

static void begin(struct sim *s, int32_t partitions) {
    sim_init(s, partitions);
    s->known = known;
    s->known_count = SETS;
    s->in_force = FIRST;
}

/* Until nothing is left to read, to commit or to show. */
static void settle(struct sim *s, struct engine *e) {
    for (int i = 0; i < 10; i++)
        sim_run(s, e, 1000);
    assert_null(engine_failure(e));
    assert_true(engine_is_clean(e));
}

/* How often this transition of an alert with these words in its key was said, since the output of
 * this index, and with these words in its summary. */
static size_t told_why(const struct sim *s, size_t from, const char *key,
                       enum transition transition, const char *why) {
    struct err err;
    struct alert_reader *reader = alert_reader_new(schema_text(SCHEMA_ALERT), &err);
    assert_non_null(reader);
    size_t count = 0;
    for (size_t i = from; i < s->output_count; i++) {
        const struct sim_output *o = &s->outputs[i];
        struct alert_record record;
        if (o->topic == OUTPUT_KPIS || !memmem(o->key.at, o->key.size, key, strlen(key)))
            continue;
        struct slice body = {o->value.at + 5, o->value.size - 5}; /* behind the schema's id */
        assert_true(alert_reader_read(reader, body, &record, &err));
        struct slice summary = record.alert.summary;
        count += record.alert.transition == transition &&
                 memmem(summary.at, summary.size, why, strlen(why)) != NULL;
    }
    alert_reader_free(reader);
    return count;
}

static size_t told(const struct sim *s, size_t from, const char *key, enum transition transition) {
    return told_why(s, from, key, transition, "");
}

/* Twelve calls that are answered after 30 s, and one (99) that nobody answers: the level breaches,
 * and so does the one. */
static void send_late_calls(struct sim *s) {
    for (int i = 0; i < 12; i++) {
        int64_t at = 3600000 + i * 60000;
        send_event(s, 0, at, i, QUEUED);
        if (i == 0)
            send_event(s, 0, at, 99, QUEUED);
        send_event(s, 0, at + 30000, i, ANSWERED);
        send_event(s, 0, at + 40000, i, DISCONNECTED);
    }
}

static void pass_time(struct sim *s, int64_t minutes) {
    send_event(s, 0, 3600000 + (12 + minutes) * 60000, 1000 + (int)minutes, QUEUED);
}

#define LEVEL_KEY "|level|objective_breach|all||"
#define ITEM_KEY "|answer|item_breach|site=main/queue=sales|i99|1"

static void expect_both_firing(struct sim *s) {
    assert_int_equal(told(s, 0, LEVEL_KEY, TRANSITION_FIRING), 1);
    assert_int_equal(told(s, 0, ITEM_KEY, TRANSITION_FIRING), 1);
}

/* The program stops under the first set and starts again under another. Returns the index of
 * the first output of the second life. */
static struct engine *start_again_under(struct sim *s, int which, size_t *from) {
    begin(s, 1);
    s->snapshot_interval_ms = 200;
    send_late_calls(s);
    struct engine *e = start(s, false, false);
    settle(s, e);
    expect_both_firing(s);
    stop(s, e);
    *from = s->output_count;
    s->in_force = which;
    s->loaded = 0;
    e = start(s, false, false);
    assert_null(engine_failure(e));
    assert_int_equal(metric_of(e, "snapshots_loaded"), 2);
    assert_int_equal(metric_of(e, "contract_changes"), which == FIRST ? 0 : 2);
    settle(s, e);
    return e;
}

static void end(struct sim *s, struct engine *e) {
    engine_free(e);
    sim_deinit(s);
}

static void test_the_same_contracts_are_no_change(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, FIRST, &from);
    assert_int_equal(s.output_count, from);
    end(&s, e);
}

static void test_a_rule_of_another_name(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, RENAMED, &from);
    assert_int_equal(told_why(&s, from, LEVEL_KEY, TRANSITION_VOIDED, "contract changed"), 1);
    assert_int_equal(told_why(&s, from, ITEM_KEY, TRANSITION_RESOLVED, "contract changed"), 1);
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, from, "|pick-up|item_breach|", TRANSITION_FIRING), 1);
    assert_int_equal(told(&s, from, "|answer|item_breach|", TRANSITION_FIRING), 0);
    end(&s, e);
}

static void test_a_clock_that_is_gone(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, NO_CLOCK, &from);
    assert_int_equal(told_why(&s, from, ITEM_KEY, TRANSITION_VOIDED, "no longer has the clock"), 1);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_VOIDED), 0);
    end(&s, e);
}

static void test_another_threshold(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, THRESHOLD, &from);
    assert_int_equal(told_why(&s, from, LEVEL_KEY, TRANSITION_VOIDED, "contract changed"), 1);
    /* The calls of the last hour are counted by the new T as well: it breaches at once. */
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_FIRING), 1);
    end(&s, e);
}

static void test_another_target(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, TARGET, &from);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_VOIDED), 0);
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_RESOLVED), 1);
    end(&s, e);
}

static void test_a_tenant_goes_and_comes_back(void **state) {
    (void)state;
    struct sim s;
    size_t from;
    struct engine *e = start_again_under(&s, NO_TENANT, &from);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_VOIDED), 1);
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, from, "|no-contract|config|", TRANSITION_FIRING), 1);
    sim_kill(&s, e);
    s.in_force = FIRST;
    s.published[FIRST] = 0; /* anew */
    e = start(&s, false, false);
    settle(&s, e);
    assert_int_equal(told(&s, from, "|no-contract|config|", TRANSITION_RESOLVED), 1);
    pass_time(&s, 2);
    settle(&s, e);
    assert_int_equal(told(&s, from, ITEM_KEY, TRANSITION_FIRING), 1);
    end(&s, e);
}

/* ---- a replay over the change ---- */

/* The newest whole snapshot of a task, unpacked. */
static void newest_state(struct sim *s, enum engine_input input, struct buf *into) {
    struct metadata m;
    struct err err;
    char task[64];
    assert_true(metadata_parse(slice_of(s->log[input][0].metadata), &m, &err));
    assert_true(m.snapshots[0].number > 0);
    snprintf(task, sizeof task, "%s-0", engine_input_name(input));
    struct snapshot_reader reader;
    snapshot_reader_init(&reader, slice_of(task), &m.snapshots[0]);
    for (size_t k = (size_t)m.snapshots[0].place; k < s->state.count; k++)
        snapshot_reader_take(&reader, s->state.records[k].value);
    assert_true(snapshot_reader_is_whole(&reader));
    assert_true(snapshot_unpack(buf_slice(&reader.packed), &m.snapshots[0], into, &err));
    snapshot_reader_deinit(&reader);
}

/* The first set, a snapshot, then another set, and further records; no snapshot after the change.
 */
static struct engine *live_over_a_change(struct sim *s, int which) {
    begin(s, 1);
    send_late_calls(s);
    struct engine *e = start(s, false, false);
    settle(s, e);
    stop(s, e);
    s->in_force = which;
    e = start(s, false, false);
    settle(s, e);
    for (int minute = 1; minute < 20; minute += 3) {
        pass_time(s, minute);
        settle(s, e);
    }
    return e;
}

static void test_a_replay_over_a_change_is_as_the_first_time(void **state) {
    (void)state;
    for (int which = THRESHOLD; which < SETS; which++) {
        struct sim straight, replayed;
        struct engine *e = live_over_a_change(&straight, which);
        stop(&straight, e);
        e = live_over_a_change(&replayed, which);
        size_t from = replayed.output_count;
        sim_kill(&replayed, e);
        replayed.in_force = which;
        e = start(&replayed, false, false);
        settle(&replayed, e);
        assert_int_equal(metric_of(e, "contract_changes"), 0); /* in silence */
        assert_true(metric_of(e, "replayed") > 0);
        assert_int_equal(replayed.output_count, from);
        stop(&replayed, e);
        for (int input = 0; input <= INPUT_TENANT_LOG; input++) {
            struct buf a, b;
            buf_init(&a);
            buf_init(&b);
            newest_state(&straight, (enum engine_input)input, &a);
            newest_state(&replayed, (enum engine_input)input, &b);
            if (!slice_equal(buf_slice(&a), buf_slice(&b)))
                fail_msg("the state of %s differs after a replay over the change to set %d",
                         engine_input_name((enum engine_input)input), which);
            buf_deinit(&a);
            buf_deinit(&b);
        }
        sim_deinit(&straight);
        sim_deinit(&replayed);
    }
}

static void test_kills_around_a_change_change_nothing(void **state) {
    (void)state;
    for (int kill = 0; kill < 12; kill++) {
        struct sim s;
        begin(&s, 1);
        s.snapshot_interval_ms = 100;
        send_late_calls(&s);
        struct engine *e = start(&s, false, false);
        settle(&s, e);
        for (int set = THRESHOLD; set < SETS; set++) {
            sim_kill(&s, e);
            s.in_force = set;
            e = start(&s, false, false);
            s.hold_commits = kill % 3 == 0;
            sim_run(&s, e, kill * 30);
            sim_kill(&s, e);
            s.hold_commits = false;
            e = start(&s, false, false);
            settle(&s, e);
        }
        /* Every episode that began has ended or stands, once: no transition was said twice. */
        assert_int_equal(told(&s, 0, LEVEL_KEY, TRANSITION_FIRING), 1);
        assert_int_equal(told(&s, 0, LEVEL_KEY, TRANSITION_VOIDED), 1);
        assert_int_equal(told(&s, 0, ITEM_KEY, TRANSITION_FIRING), 1);
        end(&s, e);
    }
}

/* ---- while it runs ---- */

static void test_a_change_while_it_runs(void **state) {
    (void)state;
    struct sim s;
    begin(&s, 1);
    send_late_calls(&s);
    struct engine *e = start(&s, false, false);
    settle(&s, e);
    size_t from = s.output_count;
    engine_change_contracts(e, names[RENAMED]);
    settle(&s, e);
    assert_int_equal(metric_of(e, "contract_changes"), 2);
    assert_int_equal(told(&s, from, LEVEL_KEY, TRANSITION_VOIDED), 1);
    assert_int_equal(told(&s, from, ITEM_KEY, TRANSITION_RESOLVED), 1);
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, from, "|pick-up|item_breach|", TRANSITION_FIRING), 1);
    sim_kill(&s, e);
    s.in_force = RENAMED;
    e = start(&s, false, false);
    settle(&s, e);
    assert_int_equal(metric_of(e, "contract_changes"), 0);
    end(&s, e);
}

/* Another process has brought newer contracts: this one takes them over, for all it has. */
static void test_newer_contracts_of_a_partition_are_taken_over(void **state) {
    (void)state;
    struct sim s;
    begin(&s, 1);
    s.in_force = RENAMED;
    s.published[RENAMED] = 2;
    send_late_calls(&s);
    struct engine *e = start(&s, false, false);
    settle(&s, e);
    sim_kill(&s, e);
    size_t from = s.output_count;
    s.in_force = FIRST;
    s.published[FIRST] = 1; /* before the others */
    e = start(&s, false, false);
    settle(&s, e);
    pass_time(&s, 1);
    settle(&s, e);
    assert_true(engine_is_ready(e));
    assert_int_equal(metric_of(e, "contract_changes"), 0);
    assert_int_equal(told(&s, from, "|new-level|objective_breach|", TRANSITION_VOIDED), 0);
    assert_non_null(strstr(s.log[INPUT_INTERACTIONS][0].metadata, names[RENAMED]));
    assert_null(strstr(s.log[INPUT_INTERACTIONS][0].metadata, names[FIRST]));
    end(&s, e);
}

/* What cannot be replayed exactly is replayed as well as can be, and told. */
static void test_contracts_that_nobody_knows_are_a_gap(void **state) {
    (void)state;
    struct sim s;
    begin(&s, 1);
    send_late_calls(&s);
    struct engine *e = start(&s, false, false);
    settle(&s, e);
    sim_kill(&s, e);
    s.known = known + 1;
    s.known_count--;
    s.in_force = 0;
    e = start(&s, false, false);
    assert_int_equal(metric_of(e, "data_gaps"), 2);
    pass_time(&s, 1);
    settle(&s, e);
    assert_int_equal(told(&s, 0, "|interactions-0|data_gap|", TRANSITION_FIRING), 1);
    end(&s, e);
}

/* More changes than the metadata has room for, without a snapshot between them. */
static void test_many_changes_are_bounded(void **state) {
    (void)state;
    struct sim s;
    begin(&s, 1);
    send_late_calls(&s);
    struct engine *e = start(&s, false, false);
    settle(&s, e);
    for (int i = 0; i < 3 * METADATA_CONTRACTS; i++) {
        engine_change_contracts(e, names[i % 2 ? FIRST : TARGET]);
        settle(&s, e);
    }
    stop(&s, e);
    e = start(&s, false, false);
    settle(&s, e);
    assert_int_equal(metric_of(e, "snapshots_loaded"), 2);
    end(&s, e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_contracts_are_no_change),
        cmocka_unit_test(test_a_rule_of_another_name),
        cmocka_unit_test(test_a_clock_that_is_gone),
        cmocka_unit_test(test_another_threshold),
        cmocka_unit_test(test_another_target),
        cmocka_unit_test(test_a_tenant_goes_and_comes_back),
        cmocka_unit_test(test_a_replay_over_a_change_is_as_the_first_time),
        cmocka_unit_test(test_kills_around_a_change_change_nothing),
        cmocka_unit_test(test_a_change_while_it_runs),
        cmocka_unit_test(test_newer_contracts_of_a_partition_are_taken_over),
        cmocka_unit_test(test_contracts_that_nobody_knows_are_a_gap),
        cmocka_unit_test(test_many_changes_are_bounded),
    };
    return cmocka_run_group_tests_name("contracts", tests, make_sets, NULL);
}
