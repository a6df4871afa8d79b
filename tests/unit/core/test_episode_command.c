/* Does an alert do what people say about it, once, in order, and never against its condition? And
 * is everybody told whom its escalation names, at the instant that it names? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/command.h"

#define AT INT64_C(1000000)

static struct calendar_span office[] = {{0, 1600, 0}}; /* seconds: open until 1,600,000 */
static const struct calendar hours = {.name = SLICE("office"), .spans = office, .count = 1};
static const struct escalation standard = {
    .name = SLICE("standard"),
    .tiers = {{.after_ms = 0, .role = SLICE("manager")},
              {.after_ms = 15 * MINUTE_MS, .role = SLICE("lead"), .hours = &hours},
              {.after_ms = 30 * MINUTE_MS, .role = SLICE("head"), .least = SEVERITY_CRITICAL},
              {.after_ms = 60 * MINUTE_MS, .role = SLICE("owner")}},
    .count = 4};

struct fixture {
    struct judge_fixture f;
    struct objective objective;
    int commands;
};

static void begin(struct fixture *x) {
    judge_fixture_init(&x->f);
    x->commands = 0;
    x->objective = (struct objective){.name = SLICE("r"), .escalation = &standard};
    x->f.contract.objectives = &x->objective;
    x->f.contract.objective_count = 1;
    x->f.ctx.clock = AT;
}

static const struct episode_name name = {.kind = ALERT_OBJECTIVE_BREACH, .rule = SLICE("r")};

static void fire_as(struct fixture *x, enum severity severity) {
    struct alert a;
    judge_alert_init(&x->f.ctx, name.kind, NULL, &a);
    a.severity = severity;
    a.opened_at = a.condition_at = AT;
    assert_true(episode_fire(&x->f.ctx, &name, &a));
}

static struct command command_of(struct fixture *x, enum command_op op, const char *id) {
    return (struct command){.tenant = SLICE("acme"),
                            .command_id = slice_of(id),
                            .alert_id = slice_of(x->f.said[0].id),
                            .actor_role = SLICE("manager"),
                            .op = (uint8_t)op,
                            .until_at = INSTANT_NONE,
                            .issued_at = INSTANT_NONE,
                            .log_at = x->f.ctx.clock};
}

static void expect(struct fixture *x, enum command_op op, enum command_result expected) {
    char id[16];
    snprintf(id, sizeof(id), "c%d", x->commands++);
    struct command c = command_of(x, op, id);
    assert_int_equal(episode_command(&x->f.ctx, &c), expected);
}

static enum transition newest(const struct fixture *x) {
    return x->f.said[x->f.count - 1].a.transition;
}

static void pass_to(struct fixture *x, int64_t at) {
    x->f.ctx.clock = at;
    episode_book_pass(&x->f.ctx, at);
}

static void ack_stops_the_tiers_and_unack_resumes_them(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    assert_int_equal(x.f.said[0].a.tier, 0);
    expect(&x, COMMAND_ACK, COMMAND_RESULT_DONE);
    assert_int_equal(newest(&x), TRANSITION_ACKED);
    expect(&x, COMMAND_ACK, COMMAND_RESULT_NO_EFFECT);
    pass_to(&x, AT + 45 * MINUTE_MS);
    assert_int_equal(x.f.count, 2);
    judge_fixture_restart(&x.f);
    expect(&x, COMMAND_UNACK, COMMAND_RESULT_DONE);
    assert_int_equal(newest(&x), TRANSITION_UPDATED);
    pass_to(&x, AT + 46 * MINUTE_MS);
    /* "lead" is off duty by then; the time of "head" has come meanwhile. */
    assert_int_equal(x.f.count, 4);
    assert_int_equal(newest(&x), TRANSITION_ESCALATED);
    assert_int_equal(x.f.said[3].a.tier, 2);
    judge_fixture_deinit(&x.f);
}

static void tiers_follow_time_hours_and_severity(void **state) {
    (void)state;
    for (int severe = 0; severe < 2; severe++) {
        struct fixture x;
        begin(&x);
        office[0].to_s = severe ? 1600 : 3000;
        fire_as(&x, severe ? SEVERITY_CRITICAL : SEVERITY_WARNING);
        pass_to(&x, AT + 15 * MINUTE_MS - 1);
        assert_int_equal(x.f.count, 1);
        judge_fixture_restart(&x.f);
        pass_to(&x, AT + 2 * HOUR_MS); /* all at once: each at its own instant */
        assert_int_equal(x.f.count, 3);
        assert_int_equal(x.f.said[1].a.tier, severe ? 2 : 1);
        assert_int_equal(x.f.said[2].a.tier, 3);
        assert_int_equal(newest(&x), TRANSITION_ESCALATED);
        judge_fixture_deinit(&x.f);
    }
    office[0].to_s = 1600;
}

static void update_as(struct fixture *x, enum severity severity) {
    struct alert a;
    judge_alert_init(&x->f.ctx, name.kind, NULL, &a);
    a.severity = severity;
    a.condition_at = x->f.ctx.now_at;
    episode_update(&x->f.ctx, &name, &a);
    assert_null(a.contact_role.at); /* it was a view into what is gone */
}

static void what_becomes_graver_is_told_to_more(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_INFO);
    pass_to(&x, AT + 10 * MINUTE_MS);
    assert_int_equal(x.f.count, 1); /* nobody is told of it */
    x.f.ctx.now_at = AT + 40 * MINUTE_MS;
    update_as(&x, SEVERITY_WARNING);
    judge_fixture_restart(&x.f);
    pass_to(&x, AT + 40 * MINUTE_MS);
    assert_int_equal(x.f.count, 2); /* "lead" is off duty, and it is nothing for "head" */
    x.f.ctx.now_at = AT + 50 * MINUTE_MS;
    update_as(&x, SEVERITY_CRITICAL);
    update_as(&x, SEVERITY_WARNING);
    pass_to(&x, AT + 50 * MINUTE_MS - 1);
    update_as(&x, SEVERITY_CRITICAL);
    assert_int_equal(x.f.count, 5);
    pass_to(&x, AT + 50 * MINUTE_MS);
    assert_int_equal(x.f.count, 6);
    assert_int_equal(newest(&x), TRANSITION_ESCALATED);
    assert_int_equal(x.f.said[5].a.tier, 2);
    pass_to(&x, AT + 2 * HOUR_MS);
    assert_int_equal(x.f.count, 7);
    assert_int_equal(x.f.said[6].a.tier, 3);
    judge_fixture_deinit(&x.f);
}

/* A condition that had its first step while its key was silent: whose time has come meanwhile is
 * told at once, and only the last of them. */
static void what_was_due_before_it_was_said_is_told_in_one(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    x.f.ctx.max_alert_age_ms = 2 * HOUR_MS;
    x.f.ctx.clock = x.f.ctx.now_at = AT + 61 * MINUTE_MS;
    fire_as(&x, SEVERITY_CRITICAL);
    pass_to(&x, AT + 61 * MINUTE_MS);
    assert_int_equal(x.f.count, 2);
    assert_int_equal(x.f.said[1].a.tier, 3);
    judge_fixture_deinit(&x.f);
}

/* Tiers are reckoned from there. */
static void one_that_was_told_at_no_instant_is_not_loaded(void **state) {
    (void)state;
    const int64_t told_at[] = {AT, -1, EVENT_CLOCK_MAX + 1};
    for (int k = 0; k < 3; k++) {
        struct fixture x;
        begin(&x);
        struct alert a;
        judge_alert_init(&x.f.ctx, name.kind, NULL, &a);
        a.opened_at = a.condition_at = x.f.ctx.clock = told_at[k];
        assert_true(episode_fire(&x.f.ctx, &name, &a));
        struct buf bytes;
        struct err err;
        buf_init(&bytes);
        episode_book_save(x.f.ctx.book, &bytes);
        struct episode_book *again = episode_book_new(SLICE("acme"), 1000);
        struct cursor c = cursor_of(buf_slice(&bytes));
        assert_int_equal(episode_book_load(again, &c, &err), k == 0);
        assert_true(k == 0 || strstr(err.text, "number 1 of 1"));
        episode_book_free(again);
        buf_deinit(&bytes);
        judge_fixture_deinit(&x.f);
    }
}

/* Three tiers are due at once: one person is told, not three. */
static void tiers_of_a_new_contract_are_not_told_in_a_burst(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    x.objective.escalation = NULL;
    fire_as(&x, SEVERITY_CRITICAL);
    pass_to(&x, AT + 2 * HOUR_MS);
    x.objective.escalation = &standard;
    episode_book_retime(&x.f.ctx, AT + 2 * HOUR_MS);
    pass_to(&x, AT + 3 * HOUR_MS);
    assert_int_equal(x.f.count, 2);
    assert_int_equal(newest(&x), TRANSITION_ESCALATED);
    assert_int_equal(x.f.said[1].a.tier, 3);
    judge_fixture_deinit(&x.f);
}

/* What is told in one go is what would have been told before the end. */
static void tiers_that_were_due_come_before_the_end(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    struct alert last;
    assert_true(episode_find(&x.f.ctx, &name, &last));
    last.severity = SEVERITY_CRITICAL;
    assert_true(episode_end(&x.f.ctx, &name, TRANSITION_RESOLVED, AT + 30 * MINUTE_MS + 1, &last));
    assert_int_equal(x.f.count, 3);
    assert_int_equal(x.f.said[1].a.transition, TRANSITION_ESCALATED);
    assert_int_equal(newest(&x), TRANSITION_RESOLVED);
    assert_int_equal(x.f.said[2].a.tier, 2);
    pass_to(&x, AT + 10 * HOUR_MS);
    assert_int_equal(x.f.count, 3);
    judge_fixture_deinit(&x.f);
}

static void silence_ends_by_itself_and_hides_no_end(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    struct command c = command_of(&x, COMMAND_SILENCE, "s1");
    c.until_at = AT;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_PAST);
    c.command_id = SLICE("s2");
    c.until_at = AT + 45 * MINUTE_MS;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
    assert_int_equal(newest(&x), TRANSITION_SILENCED);
    pass_to(&x, AT + 45 * MINUTE_MS - 1);
    assert_int_equal(x.f.count, 2);
    judge_fixture_restart(&x.f);
    pass_to(&x, AT + 45 * MINUTE_MS);
    assert_int_equal(x.f.count, 4); /* over, and whom it kept from hearing of it: only the last */
    assert_int_equal(x.f.said[2].a.transition, TRANSITION_UPDATED);
    assert_int_equal(x.f.said[3].a.transition, TRANSITION_ESCALATED);
    assert_int_equal(x.f.said[3].a.tier, 2);
    expect(&x, COMMAND_SILENCE, COMMAND_RESULT_DONE);
    assert_true(episode_end(&x.f.ctx, &name, TRANSITION_RESOLVED, x.f.ctx.clock, NULL));
    assert_int_equal(newest(&x), TRANSITION_RESOLVED);
    judge_fixture_deinit(&x.f);
}

static void a_person_resolves_no_condition(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    expect(&x, COMMAND_RESOLVE, COMMAND_RESULT_DONE);
    assert_int_equal(x.f.said[1].a.transition, TRANSITION_ACKED);
    assert_int_equal(x.f.said[2].a.transition, TRANSITION_SILENCED);
    expect(&x, COMMAND_RESOLVE, COMMAND_RESULT_NO_EFFECT);
    pass_to(&x, AT + 10 * HOUR_MS);
    assert_int_equal(x.f.count, 3);
    assert_true(episode_find(&x.f.ctx, &name, NULL));
    assert_true(episode_end(&x.f.ctx, &name, TRANSITION_RESOLVED, x.f.ctx.clock, NULL));
    expect(&x, COMMAND_ACK, COMMAND_RESULT_NOT_OPEN);
    expect(&x, COMMAND_FEEDBACK_FALSE, COMMAND_RESULT_DONE);
    assert_int_equal(x.f.count, 4);
    /* The next episode is loud again. */
    x.f.ctx.clock += 1;
    struct alert a;
    judge_alert_init(&x.f.ctx, name.kind, NULL, &a);
    a.severity = SEVERITY_CRITICAL;
    assert_true(episode_fire(&x.f.ctx, &name, &a));
    pass_to(&x, x.f.ctx.clock + 2 * HOUR_MS);
    assert_int_equal(newest(&x), TRANSITION_ESCALATED);
    judge_fixture_deinit(&x.f);
}

static void stale_and_repeated_ones_have_no_effect(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    struct command c = command_of(&x, COMMAND_ACK, "one");
    c.seq = 1;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
    judge_fixture_restart(&x.f);
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_REPEATED);
    c = command_of(&x, COMMAND_UNACK, "two");
    c.seq = 2;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
    judge_fixture_restart(&x.f);
    c = command_of(&x, COMMAND_ACK, "three"); /* who sent it had not seen "two" */
    c.seq = 1;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_STALE);
    c = command_of(&x, COMMAND_NOTE, "four");
    c.seq = 1;
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
    assert_int_equal(newest(&x), TRANSITION_UPDATED);
    expect(&x, COMMAND_UNKNOWN, COMMAND_RESULT_UNKNOWN_OP);
    assert_int_equal(x.f.count, 4);
    judge_fixture_deinit(&x.f);
}

static void found_by_its_key(void **state) {
    (void)state;
    struct fixture x;
    begin(&x);
    struct scope scope = scope_site_queue("main", "P|S");
    struct episode_name item = {.kind = ALERT_ITEM_BREACH,
                                .rule = SLICE("r"),
                                .scope = &scope,
                                .interaction_id = SLICE("c1"),
                                .instance = 2};
    struct episode_name queue = {
        .kind = ALERT_OBJECTIVE_BREACH, .rule = SLICE("r"), .scope = &scope};
    const struct episode_name *names[] = {&item, &queue};
    for (int i = 0; i < 2; i++) {
        struct alert a;
        judge_alert_init(&x.f.ctx, names[i]->kind, &scope, &a);
        assert_true(episode_fire(&x.f.ctx, names[i], &a));
    }
    for (int i = 0; i < 2; i++) {
        struct command c = command_of(&x, COMMAND_ASSIGN, i ? "k1" : "k0");
        c.alert_id = (struct slice){0};
        c.alert_key = slice_of(x.f.said[i].key);
        c.assignee = SLICE("lead");
        assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
        assert_string_equal(x.f.said[2 + i].key, x.f.said[i].key);
    }
    static const char *const wrong[] = {"", "a|b", "|||||", "||||||",
                                        "acme|x|r|item_breach|all|c1|"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct command c = command_of(&x, COMMAND_ACK, wrong[i]);
        c.alert_id = (struct slice){0};
        c.alert_key = slice_of(wrong[i]);
        assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_NOT_OPEN);
    }
    judge_fixture_deinit(&x.f);
}

/* What is left of an episode, whichever way it came there. */
static void outcome(uint64_t seed, const enum command_op *ops, const size_t order[3],
                    struct buf *b) {
    struct fixture x;
    begin(&x);
    fire_as(&x, SEVERITY_CRITICAL);
    for (size_t i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof(id), "c%zu", order[i]);
        struct command c = command_of(&x, ops[order[i]], id);
        c.assignee = SLICE("lead");
        episode_command(&x.f.ctx, &c);
    }
    size_t said = x.f.count;
    pass_to(&x, AT + 3 * HOUR_MS);
    buf_put_format(b, "%zu,", said);
    for (size_t i = said; i < x.f.count; i++)
        buf_put_format(b, "%d:%d,", x.f.said[i].a.transition, x.f.said[i].a.tier);
    REQUIRE(seed, episode_find(&x.f.ctx, &name, NULL));
    judge_fixture_deinit(&x.f);
}

/* Those that say nothing against each other may come in any order. */
static void commands_commute(void **state) {
    (void)state;
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const enum command_op free_ops[] = {COMMAND_ACK,  COMMAND_SILENCE,
                                               COMMAND_NOTE, COMMAND_FEEDBACK_TRUE,
                                               COMMAND_ACK,  COMMAND_ASSIGN};
    struct rng r;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 40; seed++) {
        rng_init(&r, seed);
        enum command_op ops[3];
        for (int i = 0; i < 3; i++)
            ops[i] = free_ops[rng_below(&r, sizeof(free_ops) / sizeof(free_ops[0]))];
        struct buf expected, got;
        buf_init(&expected);
        buf_init(&got);
        outcome(seed, ops, orders[0], &expected);
        for (int i = 1; i < 6; i++) {
            buf_reset(&got);
            outcome(seed, ops, orders[i], &got);
            REQUIRE(seed, slice_equal(buf_slice(&expected), buf_slice(&got)));
        }
        buf_deinit(&expected);
        buf_deinit(&got);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ack_stops_the_tiers_and_unack_resumes_them),
        cmocka_unit_test(tiers_follow_time_hours_and_severity),
        cmocka_unit_test(what_becomes_graver_is_told_to_more),
        cmocka_unit_test(what_was_due_before_it_was_said_is_told_in_one),
        cmocka_unit_test(one_that_was_told_at_no_instant_is_not_loaded),
        cmocka_unit_test(tiers_of_a_new_contract_are_not_told_in_a_burst),
        cmocka_unit_test(tiers_that_were_due_come_before_the_end),
        cmocka_unit_test(silence_ends_by_itself_and_hides_no_end),
        cmocka_unit_test(a_person_resolves_no_condition),
        cmocka_unit_test(stale_and_repeated_ones_have_no_effect),
        cmocka_unit_test(found_by_its_key),
        cmocka_unit_test(commands_commute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
