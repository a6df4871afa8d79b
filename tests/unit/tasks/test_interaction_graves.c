/* What is left of interactions that were forgotten, and what it turns away. */
#include "base/rng.h"
#include "tasks/interaction_graves.h"
#include "tasks/interaction_kit.h"
#include "tasks/interaction_record.h"

/* A call of a minute at T0 + after_ms. The ids are the same each time it is told. */
static void tell_call(struct kit *k, const char *id, int64_t after_ms, int64_t log_after_ms) {
    static const enum event_type types[] = {EVENT_QUEUED, EVENT_ANSWERED, EVENT_DISCONNECTED};
    static const char *const event_ids[] = {"1", "2", "3"};
    for (int64_t i = 0; i < 3; i++) {
        struct event ev = kit_event(types[i], after_ms + i * 30 * S);
        ev.interaction_id = slice_of(id);
        ev.event_id = slice_of(event_ids[i]);
        kit_apply_at(k, ev, log_after_ms + i * 30 * S);
    }
}

static uint64_t after_burial(const struct kit *k) {
    return interaction_task_counts(k->task)->after_burial;
}

static void a_repeat_of_what_is_forgotten_has_no_effect(void **state) {
    struct kit *k = *state;
    tell_call(k, "i", 0, 0);
    kit_tick(k, 2 * HOUR_MS);
    assert_int_equal(interaction_task_next_due(k->task), INSTANT_MAX); /* forgotten */
    tell_call(k, "i", 0, 23 * HOUR_MS);
    assert_int_equal(ALL(k, OFFERED), 1);
    assert_int_equal(ALL(k, ANSWERED), 1);
    assert_int_equal(ALL(k, HANDLED), 1);
    assert_int_equal(after_burial(k), 3);
    assert_int_equal(interaction_task_counts(k->task)->duplicates, 3);
    assert_int_equal(interaction_task_counts(k->task)->events, 3);
    assert_int_equal(k->letters.count, 0);
}

static void a_repeat_of_another_tenant_or_id_is_news(void **state) {
    struct kit *k = *state;
    tell_call(k, "i", 0, 0);
    kit_tick(k, 2 * HOUR_MS);
    tell_call(k, "j", 0, 3 * HOUR_MS);
    assert_int_equal(ALL(k, OFFERED), 2);
    struct event ev = kit_event(EVENT_QUEUED, 0);
    ev.tenant = SLICE("other");
    kit_apply_at(k, ev, 4 * HOUR_MS);
    assert_int_equal(ALL(k, OFFERED), 3);
    assert_int_equal(after_burial(k), 0);
}

static void a_later_event_begins_a_new_life(void **state) {
    struct kit *k = *state;
    tell_call(k, "i", 0, 0);
    kit_tick(k, 2 * HOUR_MS);
    struct event ev = kit_event(EVENT_QUEUED, 60 * S + 1);
    kit_apply_at(k, ev, 2 * HOUR_MS + S);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(interaction_task_open(k->task), 1);
}

/* Both before and after the new life has gone through bytes. */
static void repeats_find_no_way_into_a_new_life(void **state) {
    struct kit *k = *state;
    tell_call(k, "i", 0, 0);
    kit_tick(k, 2 * HOUR_MS);
    kit_apply_at(k, kit_event(EVENT_QUEUED, 3 * HOUR_MS), 3 * HOUR_MS);
    tell_call(k, "i", 0, 3 * HOUR_MS + S);
    assert_int_equal(after_burial(k), 3);
    kit_reload(k);
    tell_call(k, "i", 0, 3 * HOUR_MS + 2 * MINUTE_MS);
    assert_int_equal(after_burial(k), 3); /* counted anew */
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(ALL(k, ANSWERED), 1);
    kit_apply(k, kit_event(EVENT_ABANDONED, 3 * HOUR_MS + 3 * MINUTE_MS));
    kit_tick(k, 5 * HOUR_MS);
    assert_int_equal(interaction_task_next_due(k->task), INSTANT_MAX); /* forgotten again */
    kit_apply_at(k, kit_event(EVENT_QUEUED, 3 * HOUR_MS), 6 * HOUR_MS);
    assert_int_equal(after_burial(k), 4);
    assert_int_equal(ALL(k, OFFERED), 2);
}

static void graves_outlive_a_restart(void **state) {
    struct kit *k = *state;
    tell_call(k, "i", 0, 0);
    tell_call(k, "a name longer than what lies in the record itself", 5 * S, 60 * S);
    kit_tick(k, 2 * HOUR_MS);
    kit_reload(k);
    tell_call(k, "i", 0, 3 * HOUR_MS);
    tell_call(k, "a name longer than what lies in the record itself", 5 * S, 4 * HOUR_MS);
    assert_int_equal(ALL(k, OFFERED), 2);
    assert_int_equal(after_burial(k), 6);
}

/* At the edge of `lateness` the one that guards gives way to the other without a gap. */
static void no_gap_between_a_grave_and_too_late(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_ABANDONED, 60 * S);
    kit_say(k, EVENT_QUEUED, 0);
    kit_apply(k, ev);
    kit_tick(k, 2 * HOUR_MS);
    ev.type = EVENT_QUEUED;
    int64_t last_ms = 60 * S + DAY_MS + 500; /* the clock is `grace` behind the log */
    kit_apply_at(k, ev, last_ms);
    assert_int_equal(after_burial(k), 1);
    assert_int_equal(k->letters.count, 0);
    kit_apply_at(k, ev, last_ms + 1);
    assert_int_equal(after_burial(k), 1);
    assert_int_equal(k->letters.count, 1);
    assert_non_null(strstr(k->letters.at[0], "too_late"));
    assert_int_equal(ALL(k, OFFERED), 1);
}

static void a_repeat_makes_nobody_else_be_forgotten(void **state) {
    struct kit *k = *state;
    interaction_task_free(k->task);
    k->options.open_limit = 1;
    k->task = interaction_task_new(&k->options);
    tell_call(k, "first", 0, 0);
    kit_tick(k, 10 * MINUTE_MS);
    tell_call(k, "second", 10 * MINUTE_MS, 10 * MINUTE_MS); /* takes the place of the first */
    kit_tick(k, 20 * MINUTE_MS);
    tell_call(k, "first", 0, 20 * MINUTE_MS);
    assert_int_equal(after_burial(k), 3);
    struct event ev = kit_event(EVENT_RESOLVED, 22 * MINUTE_MS);
    ev.interaction_id = SLICE("second");
    kit_apply(k, ev);
    assert_int_equal(ALL(k, RESOLVED), 1);
    assert_int_equal(ALL(k, RESOLUTION_MS), 12 * MINUTE_MS); /* its beginning is known */
    assert_int_equal(ALL(k, OFFERED), 2);
}

/* Four to a record: the fifth takes the place of the one with the oldest last event. */
static void beyond_the_limit_the_oldest_grave_goes(void **state) {
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    struct kit *k = *state;
    interaction_task_free(k->task);
    k->options.open_limit = 1;
    k->task = interaction_task_new(&k->options);
    for (int64_t i = 0; i < 6; i++) {
        tell_call(k, ids[i], i * 10 * MINUTE_MS, i * 10 * MINUTE_MS);
        assert_int_equal(interaction_task_counts(k->task)->graves_lost, i == 5 ? 1 : 0);
    }
    tell_call(k, "b", 10 * MINUTE_MS, 55 * MINUTE_MS);
    assert_int_equal(after_burial(k), 3);
    tell_call(k, "a", 0, 58 * MINUTE_MS);
    assert_int_equal(after_burial(k), 3);
    assert_int_equal(ALL(k, OFFERED), 7); /* as the header of the task says */
}

enum { NAMES = 40 };

/* What the graves should be, searched from end to end. */
struct oracle {
    int64_t last_at[NAMES]; /* INSTANT_NONE: none */
    size_t count;
};

static struct grave_name name_of(uint64_t k, char *text, size_t size) {
    struct grave_name name = {.tenant = SLICE("acme")};
    snprintf(text, size, "%llu", (unsigned long long)k);
    name.id = slice_of(text);
    name.hash = record_hash(name.tenant, name.id);
    return name;
}

static void oracle_forget(struct oracle *o, int64_t from_at) {
    for (size_t k = 0; k < NAMES; k++) {
        if (o->last_at[k] != INSTANT_NONE && o->last_at[k] < from_at) {
            o->last_at[k] = INSTANT_NONE;
            o->count--;
        }
    }
}

static int64_t oracle_oldest(const struct oracle *o) {
    int64_t oldest_at = INSTANT_MAX;
    for (size_t k = 0; k < NAMES; k++) {
        if (o->last_at[k] != INSTANT_NONE && o->last_at[k] < oldest_at)
            oldest_at = o->last_at[k];
    }
    return oldest_at;
}

static void expect_as(const struct oracle *o, const struct graves *g) {
    char text[24];
    assert_int_equal(g->count, o->count);
    for (size_t k = 0; k < NAMES; k++) {
        struct grave_name name = name_of(k, text, sizeof(text));
        bool held = o->last_at[k] != INSTANT_NONE;
        assert_int_equal(graves_hold(g, name, held ? o->last_at[k] : T0), held);
        assert_false(graves_hold(g, name, held ? o->last_at[k] + 1 : INSTANT_MAX));
    }
}

/* Other graves from the same bytes write the same bytes. */
static void expect_same_after_loading(const struct graves *g) {
    struct buf saved, again;
    struct graves loaded;
    buf_init(&saved);
    buf_init(&again);
    graves_init(&loaded, g->limit);
    graves_save(g, &saved);
    struct cursor in = cursor_of(buf_slice(&saved));
    graves_load(&loaded, &in);
    assert_false(in.failed);
    assert_int_equal(cursor_left(&in), 0);
    graves_save(&loaded, &again);
    assert_true(slice_equal(buf_slice(&saved), buf_slice(&again)));
    graves_deinit(&loaded);
    buf_deinit(&saved);
    buf_deinit(&again);
}

static int64_t minute_of(int64_t at) {
    return instant_floor(at, MINUTE_MS);
}

static void many_graves_against_a_search_through_all(void **state) {
    enum { LIMIT = 25 };
    struct oracle o = {.count = 0};
    struct graves g;
    struct rng r;
    char text[24];
    (void)state;
    for (size_t k = 0; k < NAMES; k++)
        o.last_at[k] = INSTANT_NONE;
    graves_init(&g, LIMIT);
    rng_init(&r, 5);
    for (int64_t step = 0; step < 20000; step++) {
        uint64_t k = rng_below(&r, NAMES);
        int64_t at = T0 + (step + (int64_t)rng_below(&r, 80)) * 10 * S;
        o.count += o.last_at[k] == INSTANT_NONE;
        if (at > o.last_at[k])
            o.last_at[k] = at;
        size_t before = o.count;
        while (o.count > LIMIT)
            oracle_forget(&o, minute_of(oracle_oldest(&o)) + MINUTE_MS);
        size_t lost = graves_bury(&g, name_of(k, text, sizeof(text)), at);
        assert_int_equal(lost, before - o.count);
        if (rng_below(&r, 20) == 0) {
            int64_t from_at = T0 + (step - (int64_t)rng_below(&r, 20)) * 10 * S;
            oracle_forget(&o, minute_of(from_at));
            graves_forget(&g, from_at);
        }
        expect_as(&o, &g);
        if (rng_below(&r, 50) == 0)
            expect_same_after_loading(&g);
    }
    graves_deinit(&g);
}

/* Bytes that were not written by graves_save are refused. */
static void damaged_graves_are_refused(void **state) {
    struct buf good;
    struct graves g;
    char text[24];
    (void)state;
    buf_init(&good);
    graves_init(&g, 10);
    for (uint64_t k = 0; k < 3; k++)
        graves_bury(&g, name_of(k, text, sizeof(text)), T0 + (int64_t)k);
    graves_save(&g, &good);
    graves_deinit(&g);
    for (size_t size = 0; size < good.size; size++) {
        struct cursor in = cursor_of((struct slice){good.at, size});
        graves_init(&g, 10);
        graves_load(&g, &in);
        assert_true(in.failed);
        graves_deinit(&g);
    }
    memcpy(good.at + good.size - 12, good.at + good.size - 24, 12); /* one of them twice */
    struct cursor in = cursor_of(buf_slice(&good));
    graves_init(&g, 10);
    graves_load(&g, &in);
    assert_true(in.failed);
    graves_deinit(&g);
    buf_deinit(&good);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_repeat_of_what_is_forgotten_has_no_effect),
        CASE(a_repeat_of_another_tenant_or_id_is_news),
        CASE(a_later_event_begins_a_new_life),
        CASE(repeats_find_no_way_into_a_new_life),
        CASE(graves_outlive_a_restart),
        CASE(no_gap_between_a_grave_and_too_late),
        CASE(a_repeat_makes_nobody_else_be_forgotten),
        CASE(beyond_the_limit_the_oldest_grave_goes),
        cmocka_unit_test(many_graves_against_a_search_through_all),
        cmocka_unit_test(damaged_graves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
