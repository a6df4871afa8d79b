/* How a recovery looks from outside while it is under way, and that it can be given up. */
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recovery_is_shown_while_it_lasts),
        cmocka_unit_test(test_a_recovery_ends_where_the_partition_goes),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
