/* What a task saves: the same bytes whether it was loaded on the way or not, and rules that are
 * found again in another contract. */
#include "tasks/interaction_kit.h"

static void save(struct kit *k, struct buf *bytes) {
    buf_init(bytes);
    interaction_task_save(k->task, bytes);
}

static void load(struct kit *k, struct buf *bytes) {
    struct err err;
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    assert_true(interaction_task_load(k->task, buf_slice(bytes), &err));
    buf_deinit(bytes);
}

static void expect_same_bytes(struct kit *a, struct kit *b) {
    struct buf x, y;
    save(a, &x);
    save(b, &y);
    assert_true(slice_equal(buf_slice(&x), buf_slice(&y)));
    buf_deinit(&x);
    buf_deinit(&y);
}

/* The message puts off what is due; the timer stays where it was, but not that of a task that was
 * loaded. When the early one fires, nothing happens but that it is armed anew. */
static void a_timer_that_fires_too_early_changes_nothing(void **state) {
    struct kit *straight = *state, *loaded = calloc(1, sizeof(*loaded));
    CHECK(loaded);
    kit_init(loaded);
    struct kit *both[] = {straight, loaded};
    struct buf bytes;
    for (size_t i = 0; i < 2; i++) {
        struct kit *k = both[i];
        kit_say(k, EVENT_QUEUED, 0);
        kit_tick(k, 5 * MINUTE_MS + 10 * S);
        kit_say(k, EVENT_CUSTOMER_MESSAGE, 5 * MINUTE_MS + 10 * S);
        if (i == 1) {
            save(k, &bytes);
            load(k, &bytes);
        }
        kit_tick(k, 6 * MINUTE_MS);
    }
    expect_same_bytes(straight, loaded);
    assert_int_equal(interaction_task_next_due(straight->task), T0 + 10 * MINUTE_MS + 1);
    assert_int_equal(interaction_task_next_due(loaded->task), T0 + 10 * MINUTE_MS + 1);
    kit_deinit(loaded);
    free(loaded);
}

static struct event of_call(size_t call, enum event_type type, int64_t after_ms, char id[16]) {
    struct event ev = kit_event(type, after_ms);
    snprintf(id, 16, "call-%zu", call);
    ev.interaction_id = slice_of(id);
    return ev;
}

/* So many that the first ones were kept unpacked and the last ones were not. Some waited again
 * after an agent had had them on hold. */
#define CALLS 700
static void queue_many(struct kit *k) {
    char id[16];
    for (size_t c = 0; c < CALLS; c++) {
        kit_apply(k, of_call(c, EVENT_QUEUED, (int64_t)c * S, id));
        kit_apply(k, of_call(c, EVENT_ANSWERED, (int64_t)c * S + 1, id));
        kit_apply(k, of_call(c, EVENT_HOLD_START, (int64_t)c * S + 200, id));
        if (c % 2 == 0)
            kit_apply(k, of_call(c, EVENT_QUEUED, (int64_t)c * S + 900, id));
        kit_apply(k, of_call(c, EVENT_DISCONNECTED, (int64_t)c * S + 950, id));
    }
    kit_tick(k, CALLS * S + 10 * MINUTE_MS);
}

static void end_many(struct kit *k) {
    char id[16];
    int64_t end_ms = CALLS * S + 11 * MINUTE_MS;
    for (size_t c = 0; c < CALLS; c++) {
        kit_apply(k, of_call(c, EVENT_ANSWERED, end_ms + S, id));
        kit_apply(k, of_call(c, EVENT_DISCONNECTED, end_ms + 2 * S, id));
    }
    kit_tick(k, end_ms + 10 * MINUTE_MS);
}

static void few_and_many_are_saved_alike(void **state) {
    struct kit *straight = *state, *loaded = calloc(1, sizeof(*loaded));
    CHECK(loaded);
    kit_init(loaded);
    queue_many(straight);
    queue_many(loaded);
    expect_same_bytes(straight, loaded);
    kit_reload(loaded);
    expect_same_bytes(straight, loaded);
    end_many(straight);
    end_many(loaded);
    expect_same_bytes(straight, loaded);
    for (int c = 0; c < COUNTER_SOURCE_COUNT; c++)
        assert_int_equal(kit_count(straight, c, KIT_ALL), kit_count(loaded, c, KIT_ALL));
    kit_deinit(loaded);
    free(loaded);
}

/* Nothing but the gauges is missing. */
static void without_ages_all_else_is_the_same(void **state) {
    struct kit *with = *state, *without = calloc(1, sizeof(*without));
    CHECK(without);
    kit_init(without);
    without->options.without_ages = true;
    interaction_task_free(without->task);
    without->task = interaction_task_new(&without->options);
    queue_many(with);
    queue_many(without);
    kit_say(with, EVENT_QUEUED, 2 * HOUR_MS);
    kit_say(without, EVENT_QUEUED, 2 * HOUR_MS);
    const struct gauge *gauges;
    assert_int_equal(interaction_task_take_gauges(with->task, &gauges), 1);
    assert_int_equal(interaction_task_take_gauges(without->task, &gauges), 0);
    assert_int_equal(interaction_task_open(with->task), interaction_task_open(without->task));
    expect_same_bytes(with, without);
    kit_reload(without);
    assert_int_equal(interaction_task_take_gauges(without->task, &gauges), 0);
    kit_deinit(without);
    free(without);
}

/* A deadline that passed within `reorder` can be taken back, although all events are older. */
static void a_deadline_settles_like_an_event(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 5 * MINUTE_MS + S);
    kit_expect_facts(k, 2, "answer 1 at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 breached at=20000 due=20000 elapsed=20000");
    kit_apply_at(k, kit_event(EVENT_ANSWERED, 12 * S), 5 * MINUTE_MS + 10 * S);
    kit_expect_facts(k, 2, "answer 1 voided at_risk at=15000 due=20000 elapsed=15000",
                     "answer 1 voided breached at=20000 due=20000 elapsed=20000");
}

static struct event mail(enum event_type type, int64_t after_ms) {
    struct event ev = kit_event(type, after_ms);
    ev.channel = CHANNEL_EMAIL;
    return ev;
}

/* The deadline of the reply comes where it was, under the rule's new place: of one that is warm
 * when it is saved, and of one that is not. */
static void expect_reply_after_a_move(struct kit *k, int64_t saved_ms) {
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_tick(k, saved_ms);
    struct buf bytes;
    save(k, &bytes);
    struct clock_rule first = k->clocks[0];
    k->clocks[0] = k->clocks[2];
    k->clocks[2] = first;
    struct leaf_dict *was = k->leaves; /* another process, another dictionary */
    k->leaves = k->options.leaves = leaf_dict_new(&k->contracts, 20000);
    load(k, &bytes);
    leaf_dict_free(was);
    kit_tick(k, 4 * HOUR_MS + S);
    kit_expect_facts(k, 2, "reply 1 at_risk at=10800000 due=14400000 elapsed=10800000",
                     "reply 1 breached at=14400000 due=14400000 elapsed=14400000");
}

/* By the setting it was saved with it is kept; by that of now it should have gone an hour ago. */
static void a_shorter_reorder_forgets_at_the_next_record(void **state) {
    struct kit *k = *state;
    struct buf bytes;
    buf_init(&bytes);
    k->options.reorder_ms = 3 * HOUR_MS;
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 9 * S);
    kit_tick(k, 2 * HOUR_MS);
    k->options.reorder_ms = 5 * MINUTE_MS;
    save(k, &bytes);
    load(k, &bytes);
    kit_tick(k, 2 * HOUR_MS + 1);
    kit_apply_at(k, kit_event(EVENT_ABANDONED, 9 * S), 2 * HOUR_MS + 1);
    assert_int_equal(interaction_task_counts(k->task)->after_burial, 1);
    assert_int_equal(interaction_task_next_due(k->task), INT64_MAX);
    buf_deinit(&bytes);
}

static void rules_are_found_by_their_names(void **state) {
    expect_reply_after_a_move(*state, 10 * MINUTE_MS);
}

static void rules_of_what_is_recent_are_found_too(void **state) {
    expect_reply_after_a_move(*state, S);
}

/* It is loaded under the contract that it was saved under; what changes then is told. */
static void a_rule_that_is_gone_is_refused(void **state) {
    struct kit *k = *state;
    kit_apply(k, mail(EVENT_CREATED, 0));
    kit_tick(k, 10 * MINUTE_MS);
    struct buf bytes;
    struct err err;
    save(k, &bytes);
    k->clocks[2].name = SLICE("another");
    interaction_task_free(k->task);
    k->task = interaction_task_new(&k->options);
    assert_false(interaction_task_load(k->task, buf_slice(&bytes), &err));
    buf_deinit(&bytes);
}

static void another_version_is_refused_with_the_reason(void **state) {
    struct kit *k = *state;
    struct buf bytes;
    struct err err;
    save(k, &bytes);
    char reads[64];
    snprintf(reads, sizeof(reads), "has version %d; this program reads %d", bytes.at[0] - 1,
             bytes.at[0]);
    bytes.at[0]--;
    assert_false(interaction_task_load(k->task, buf_slice(&bytes), &err));
    assert_non_null(strstr(err.text, reads));
    buf_deinit(&bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_timer_that_fires_too_early_changes_nothing),
        CASE(a_deadline_settles_like_an_event),
        CASE(a_shorter_reorder_forgets_at_the_next_record),
        CASE(rules_are_found_by_their_names),
        CASE(rules_of_what_is_recent_are_found_too),
        CASE(a_rule_that_is_gone_is_refused),
        CASE(another_version_is_refused_with_the_reason),
        CASE(few_and_many_are_saved_alike),
        CASE(without_ages_all_else_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
