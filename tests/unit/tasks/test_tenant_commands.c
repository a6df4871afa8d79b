/* Do commands about alerts wait for the tenant's time, and is there an end to how many wait? */
#include "base/property.h"
#include "tasks/tenant_commands.h"
#include "tenant_stage.h"

#define BILLING "acme|acme-support|voice-80-20|objective_breach|site=north/queue=billing||"

/* An objective is missed from the first minute on, and its second tier is due five minutes later.
 * What people said is known before anything is judged; the clock comes in pieces of up to
 * `most_ms`. */
static void play_commands(struct stage *s, uint64_t seed, int64_t most_ms) {
    struct rng rng;
    rng_init(&rng, seed);
    stage_init(s);
    stage_raise(s);
    for (int64_t k = 0; k < 60; k++) {
        struct fact_row f = {.pane_at = FIXTURE_START + k * DELTA_PANE_MS,
                             .kind = 1,
                             .attribution = BY_EVENT,
                             .which = LEVEL_LATE,
                             .threshold_ms = 20000,
                             .value = 5};
        fixture_add(&s->r, &f);
    }
    fixture_command(&s->r, COMMAND_ACK, BILLING, 1, FIXTURE_START + 30 * SECOND_MS, INSTANT_NONE);
    fixture_command(&s->r, COMMAND_UNACK, BILLING, 3, FIXTURE_START + 9 * MINUTE_MS, INSTANT_NONE);
    fixture_command(&s->r, COMMAND_ACK, BILLING, 2, FIXTURE_START + 3 * MINUTE_MS, INSTANT_NONE);
    fixture_command(&s->r, COMMAND_NOTE, BILLING, 4, FIXTURE_START + 9 * MINUTE_MS, INSTANT_NONE);
    for (int64_t clock = FIXTURE_START; clock < FIXTURE_START + 12 * MINUTE_MS;) {
        pass(s, clock);
        if (rng_below(&rng, 4) == 0)
            restart(s);
        clock += 1 + (int64_t)rng_below(&rng, (uint64_t)most_ms);
    }
    pass(s, FIXTURE_START + 12 * MINUTE_MS);
}

/* However much time passes with one record: the same, in the order of the log's time. */
static void a_command_waits_for_its_time(void **state) {
    (void)state;
    struct stage slow;
    play_commands(&slow, 1, SECOND_MS);
    assert_int_equal(said(&slow, "2 acked objective_breach"), 1);
    assert_int_equal(said(&slow, "3 updated objective_breach"), 1); /* nobody has it after all */
    assert_int_equal(said(&slow, "4 escalated objective_breach"), 1);
    assert_int_equal(said(&slow, "5 updated objective_breach"), 1); /* the note */
    assert_int_equal(slow.effects.alert_count, 5);
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50; seed++) {
        struct stage s;
        play_commands(&s, seed, 1 + (int64_t)(seed * 37 % 700) * SECOND_MS);
        REQUIRE(seed, slice_equal(buf_slice(&s.effects.alerts), buf_slice(&slow.effects.alerts)));
        REQUIRE(seed, slice_equal(buf_slice(&s.effects.audits), buf_slice(&slow.effects.audits)));
        stage_deinit(&s);
    }
    stage_deinit(&slow);
}

static void so_many_commands_wait(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    pass(&s, FIXTURE_START);
    for (uint64_t k = 0; k < TENANT_COMMANDS_MAX + 3; k++) {
        fixture_command(&s.r, COMMAND_NOTE, "nothing", k, FIXTURE_START + HOUR_MS, INSTANT_NONE);
        pass(&s, FIXTURE_START);
    }
    assert_int_equal(tenant_task_counts(s.task)->commands_early, 3);
    assert_int_equal(tenant_task_counts(s.task)->commands, 3);
    pass(&s, FIXTURE_START + HOUR_MS - 1);
    assert_int_equal(tenant_task_counts(s.task)->commands, 3);
    pass(&s, FIXTURE_START + HOUR_MS);
    assert_int_equal(tenant_task_counts(s.task)->commands, TENANT_COMMANDS_MAX + 3);
    /* Its time has passed: nothing to wait for. */
    fixture_command(&s.r, COMMAND_NOTE, "nothing", 9999, FIXTURE_START, INSTANT_NONE);
    pass(&s, FIXTURE_START + HOUR_MS);
    assert_int_equal(tenant_task_counts(s.task)->commands, TENANT_COMMANDS_MAX + 4);
    stage_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_waits_for_its_time),
        cmocka_unit_test(so_many_commands_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
