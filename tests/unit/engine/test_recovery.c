/* How a recovery looks from outside while it is under way, that it can be given up, and that it
 * tells nothing again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_events.h"

#define CALLERS 3000 /* more than one turn takes */

static bool has_line(const struct engine *e, const char *line) {
    struct buf text;
    buf_init(&text);
    engine_write_metrics(e, &text);
    buf_put_u8(&text, 0);
    bool found = strstr(text.at, line) != NULL;
    buf_deinit(&text);
    return found;
}

/* Killed before there was a snapshot: all of it is to be replayed. */
static struct engine *in_the_middle(struct sim *s) {
    sim_init(s, 1);
    for (int i = 0; i < CALLERS; i++)
        send_event(s, 0, 3600000 + i * 1000, i, QUEUED);
    struct engine *e = start(s, false, false);
    sim_run(s, e, 3000);
    sim_kill(s, e);
    assert_int_equal(s->log[INPUT_INTERACTIONS][0].committed, CALLERS);
    e = start(s, false, false);
    engine_turn(e, s->wall_at += 10);
    return e;
}

static void test_a_recovery_is_shown_while_it_lasts(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = in_the_middle(&s);
    assert_false(engine_is_ready(e));
    assert_true(has_line(e, "\nfloorwalker_partitions{state=\"replaying\"} 1\n"));
    assert_false(has_line(e, "\nfloorwalker_replay_left 0\n"));
    struct buf json;
    buf_init(&json);
    engine_write_progress(e, &json);
    buf_put_u8(&json, 0);
    assert_non_null(strstr(json.at, "\"state\":\"replaying\""));
    buf_deinit(&json);
    sim_run(&s, e, 1000);
    assert_true(engine_is_ready(e));
    assert_true(has_line(e, "\nfloorwalker_partitions{state=\"live\"} 2\n"));
    assert_true(has_line(e, "\nfloorwalker_replay_left 0\n"));
    engine_free(e);
    sim_deinit(&s);
}

/* The group takes a partition away that is still being replayed: nothing of it is committed, and
 * whoever has it next finds what was there. */
static void test_a_recovery_ends_where_the_partition_goes(void **state) {
    (void)state;
    struct sim s;
    struct engine *e = in_the_middle(&s);
    char metadata[EPOCH_METADATA_MAX];
    memcpy(metadata, s.log[INPUT_INTERACTIONS][0].metadata, sizeof metadata);
    engine_leave(e, INPUT_INTERACTIONS, 0);
    for (int i = 0; i < 100 && !engine_is_clean(e); i++)
        sim_run(&s, e, 10);
    assert_true(engine_is_clean(e));
    engine_revoke(e, INPUT_INTERACTIONS, 0);
    engine_drain(e, false);
    assert_int_equal(s.log[INPUT_INTERACTIONS][0].committed, CALLERS);
    assert_string_equal(s.log[INPUT_INTERACTIONS][0].metadata, metadata);
    sim_run(&s, e, 1000);
    assert_true(engine_is_ready(e)); /* of what is left */
    engine_free(e);
    e = start(&s, false, false);
    sim_run(&s, e, 1000);
    assert_true(engine_is_ready(e));
    assert_true(has_line(e, "\nfloorwalker_open_interactions 3000\n"));
    engine_free(e);
    sim_deinit(&s);
}

/* Five minutes in which one of three calls names no queue, five in which all do, and so on. */
static void send_some_without_a_queue(struct sim *s) {
    for (int i = 0; i < 1200; i++) {
        bool bad = i / 100 % 2 == 0 && i % 3 == 0;
        send_event_to(s, i % 2, 3600000 + i * 3000, i, QUEUED, bad ? "" : "sales");
    }
}

/* What was said of what was refused, one line for each transition; without when it was said. */
static void refusals_told(const struct sim *s, struct buf *lines) {
    static const char begin[] = "Of ", end[] = ")";
    for (size_t i = 0; i < s->output_count; i++) {
        struct slice value = s->outputs[i].value;
        if (s->outputs[i].topic != OUTPUT_ALERTS_OPERATIONS ||
            !memmem(s->outputs[i].key.at, s->outputs[i].key.size, "data_quality", 12))
            continue;
        const char *from = memmem(value.at, value.size, begin, sizeof begin - 1);
        assert_non_null(from);
        const char *to = memmem(from, (size_t)(value.at + value.size - from), end, sizeof end - 1);
        assert_non_null(to);
        buf_put(lines, from, (size_t)(to - from));
        buf_put_u8(lines, '\n');
    }
}

/* A replay finds the same dead letters again: they have been told. */
static void test_what_was_refused_counts_once(void **state) {
    (void)state;
    struct buf straight, killed;
    buf_init(&straight);
    buf_init(&killed);
    struct contract contract;
    contract_init_default(&contract);
    contract.name = SLICE("support");
    contract.tenant = SLICE("acme");
    contract.is_default = false;
    for (int kills = 0; kills < 12; kills += 11) {
        struct sim s;
        sim_init(&s, 2);
        s.snapshot_interval_ms = DAY_MS;
        s.pace = 3;
        s.contracts.contracts = &contract;
        s.contracts.count = 1;
        send_some_without_a_queue(&s);
        struct engine *e;
        for (int i = 0; i < kills; i++) {
            e = start(&s, false, true);
            sim_run(&s, e, 100 + i * 20);
            sim_kill(&s, e);
        }
        e = start(&s, false, true);
        run_to_end(&s, e);
        engine_free(e);
        assert_true(outputs_of(&s, OUTPUT_DEAD_LETTERS) == 200);
        refusals_told(&s, kills ? &killed : &straight);
        sim_deinit(&s);
    }
    assert_true(straight.size > 10 * strlen("Of 90 records of site main 10 were refused (11.1 %"));
    assert_true(slice_equal(buf_slice(&straight), buf_slice(&killed)));
    buf_deinit(&straight);
    buf_deinit(&killed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recovery_is_shown_while_it_lasts),
        cmocka_unit_test(test_a_recovery_ends_where_the_partition_goes),
        cmocka_unit_test(test_what_was_refused_counts_once),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
