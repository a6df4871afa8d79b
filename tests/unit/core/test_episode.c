/* Does every episode lead the life that the contract promises, also over a restart? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/episode_pack.h"

static struct episode_name name_of(const char *rule, const struct scope *scope) {
    return (struct episode_name){
        .kind = ALERT_OBJECTIVE_BREACH, .rule = slice_of(rule), .scope = scope};
}

static struct episode_name item_of(const char *id, const struct scope *scope, uint32_t instance) {
    return (struct episode_name){.kind = ALERT_ITEM_BREACH,
                                 .rule = SLICE("answer"),
                                 .scope = scope,
                                 .interaction_id = slice_of(id),
                                 .instance = instance};
}

static bool fire(struct judge_fixture *f, const struct episode_name *name, int64_t opened_at) {
    struct alert a;
    judge_alert_init(&f->ctx, name->kind, name->scope, &a);
    a.opened_at = opened_at;
    a.condition_at = opened_at + 5;
    a.interaction_id = name->interaction_id;
    a.summary = SLICE("It burns.");
    return episode_fire(&f->ctx, name, &a);
}

static void key_names_everything(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    struct scope scope = scope_site_queue("main", "P|S/1");
    struct episode_name name = name_of("voice 80/20", &scope);
    struct episode_name item = item_of("call|7", &scope, 2);
    struct episode_name whole = name_of("all-day", NULL);
    fire(&f, &name, 100);
    fire(&f, &item, 100);
    fire(&f, &whole, 100);
    assert_string_equal(f.said[0].key, "acme|acme-support|voice%2080%2F20|objective_breach|"
                                       "site=main/queue=P%7CS%2F1||");
    assert_string_equal(f.said[1].key, "acme|acme-support|answer|item_breach|"
                                       "site=main/queue=P%7CS%2F1|call%7C7|2");
    assert_string_equal(f.said[2].key, "acme|acme-support|all-day|objective_breach|all||");
    assert_string_equal(f.said[0].site, "main");
    assert_string_equal(f.said[0].queue, "P|S/1");
    judge_fixture_deinit(&f);
}

static void id_follows_from_key_and_instants(void **state) {
    (void)state;
    char first[64];
    for (int run = 0; run < 2; run++) {
        struct judge_fixture f;
        judge_fixture_init(&f);
        f.ctx.clock += run; /* the clock must not matter */
        struct scope scope = scope_site_queue("main", "PS");
        struct episode_name name = name_of("r", &scope);
        assert_true(fire(&f, &name, 100));
        if (run == 1)
            assert_string_equal(first, f.said[0].id);
        memcpy(first, f.said[0].id, sizeof(first));
        judge_fixture_deinit(&f);
    }
}

static void said_again_after_void_is_a_new_episode(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    struct scope scope = scope_site_queue("main", "PS");
    struct episode_name item = item_of("c1", &scope, 1);
    fire(&f, &item, 100);
    assert_true(episode_end(&f.ctx, &item, TRANSITION_VOIDED, 200, NULL));
    judge_fixture_restart(&f);
    fire(&f, &item, 100); /* the fixture checks that the id is new */
    assert_true(episode_end(&f.ctx, &item, TRANSITION_RESOLVED, 300, NULL));
    /* Taken back after it had ended, then said once more. */
    assert_false(episode_end(&f.ctx, &item, TRANSITION_VOIDED, 300, NULL));
    fire(&f, &item, 100);
    assert_int_equal(f.count, 5);
    assert_int_equal(episode_book_counts(f.ctx.book)->not_open, 1);
    judge_fixture_deinit(&f);
}

static void item_is_found_in_another_scope(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    struct scope before = scope_site_queue("main", "PS");
    struct scope after = scope_site_queue("main", "VIP");
    struct episode_name item = item_of("c1", &before, 1);
    fire(&f, &item, 100);
    item.scope = &after;
    assert_true(episode_end(&f.ctx, &item, TRANSITION_RESOLVED, 200, NULL));
    assert_string_equal(f.said[1].queue, "PS");
    item.instance = 2;
    assert_false(episode_find(&f.ctx, &item, NULL));
    judge_fixture_deinit(&f);
}

static void quiet_keeps_a_key_silent(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    f.contract.quiet_ms = 1000;
    struct episode_name name = name_of("r", NULL);
    assert_true(episode_may_fire(&f.ctx, &name, 0));
    fire(&f, &name, 100);
    episode_end(&f.ctx, &name, TRANSITION_VOIDED, 200, NULL);
    assert_true(episode_may_fire(&f.ctx, &name, 201));
    fire(&f, &name, 300);
    episode_end(&f.ctx, &name, TRANSITION_RESOLVED, 400, NULL);
    judge_fixture_restart(&f);
    assert_false(episode_may_fire(&f.ctx, &name, 1399));
    assert_true(episode_may_fire(&f.ctx, &name, 1400));
    judge_fixture_deinit(&f);
}

static void ended_keys_are_forgotten_in_time(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    f.contract.quiet_ms = 100 * HOUR_MS;
    struct episode_name name = name_of("r", NULL);
    fire(&f, &name, f.ctx.clock);
    int64_t ended_at = f.ctx.clock;
    episode_end(&f.ctx, &name, TRANSITION_RESOLVED, ended_at, NULL);
    episode_book_forget(f.ctx.book, ended_at + 99 * HOUR_MS, f.contract.quiet_ms);
    f.contract.quiet_ms = 1000 * HOUR_MS;
    assert_false(episode_may_fire(&f.ctx, &name, ended_at + 99 * HOUR_MS));
    episode_book_forget(f.ctx.book, ended_at + 101 * HOUR_MS, 100 * HOUR_MS);
    assert_true(episode_may_fire(&f.ctx, &name, ended_at + 99 * HOUR_MS));
    judge_fixture_deinit(&f);
}

static void limit_refuses_and_counts(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    char id[16];
    for (int i = 0; i < 1005; i++) {
        snprintf(id, sizeof(id), "c%d", i);
        struct episode_name item = item_of(id, NULL, 1);
        assert_int_equal(fire(&f, &item, 100), i < 1000);
    }
    assert_int_equal(f.count, 1000);
    assert_int_equal(episode_book_open(f.ctx.book), 1000);
    assert_int_equal(episode_book_counts(f.ctx.book)->refused, 5);
    judge_fixture_deinit(&f);
}

struct walk {
    int open, ended;
    char ids[8][40];
};

static void visit(void *context, const struct alert *alert, bool open) {
    struct walk *w = context;
    snprintf(w->ids[w->open + w->ended], 40, SLICE_FMT, SLICE_ARG(alert->alert_id));
    assert_true(slice_equal(alert->tenant, SLICE("acme")));
    if (open) {
        assert_true(slice_equal(alert->summary, SLICE("It burns.")));
        w->open++;
    } else {
        w->ended++;
    }
}

static void walk_shows_what_changed(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    struct episode_name a = name_of("a", NULL);
    struct episode_name b = name_of("b", NULL);
    fire(&f, &a, 100);
    fire(&f, &b, 100);
    struct walk w = {0};
    episode_book_show(f.ctx.book, false, visit, &w);
    assert_int_equal(w.open, 2);
    w = (struct walk){0};
    episode_book_show(f.ctx.book, false, visit, &w);
    assert_int_equal(w.open + w.ended, 0);
    episode_end(&f.ctx, &a, TRANSITION_RESOLVED, 300, NULL);
    episode_book_show(f.ctx.book, true, visit, &w);
    assert_int_equal(w.open, 1);
    assert_int_equal(w.ended, 1);
    assert_string_equal(w.ids[0], f.said[1].id);
    assert_string_equal(w.ids[1], f.said[0].id);
    w = (struct walk){0};
    episode_book_show(f.ctx.book, true, visit, &w);
    assert_int_equal(w.open, 1);
    assert_int_equal(w.ended, 0);
    judge_fixture_deinit(&f);
}

static void full_alert(struct alert *a) {
    *a = (struct alert){.alert_id = SLICE("id"), .alert_key = SLICE("key"), .seq = 7};
    a->transition = TRANSITION_UPDATED;
    a->kind = ALERT_CONFIG;
    a->unit = UNIT_MONEY;
    a->severity = SEVERITY_CRITICAL;
    a->tenant = SLICE("t");
    a->suppressed_by = SLICE("parent");
    a->summary = SLICE("");
    a->condition_at = -5;
    a->resolved_at = ALERT_LONG_NONE;
    a->deadline_at = INT64_MAX;
    a->window_start_at = a->window_end_at = a->numerator = a->denominator = 0;
    a->sample = a->remaining_ms = -1;
    a->observed = 0.1;
    a->threshold = ALERT_DOUBLE_NONE;
    a->high = 1e300;
    a->contributor_count = 1;
    a->contributors[0] = (struct alert_contributor){SLICE("queue"), SLICE("PS"), 0.5};
    a->interaction_count = 2;
    a->interactions[1] = SLICE("c2");
    a->late = true;
    a->completeness = 0.75;
}

static void packed_alert_comes_back(void **state) {
    (void)state;
    struct alert a, back;
    full_alert(&a);
    struct buf first, second;
    buf_init(&first);
    buf_init(&second);
    episode_pack(&a, &first);
    assert_true(episode_unpack(buf_slice(&first), &back));
    assert_int_equal(back.seq, 7);
    assert_int_equal(back.resolved_at, ALERT_LONG_NONE);
    assert_int_equal(back.deadline_at, INT64_MAX);
    assert_true(back.threshold != back.threshold);
    assert_true(back.observed == 0.1 && back.high == 1e300);
    assert_true(slice_equal(back.interactions[1], SLICE("c2")));
    assert_true(slice_equal(back.contributors[0].value, SLICE("PS")));
    episode_pack(&back, &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    for (size_t cut = 0; cut < first.size; cut++)
        assert_false(episode_unpack((struct slice){first.at, cut}, &back));
    buf_deinit(&first);
    buf_deinit(&second);
}

static void damaged_bytes_are_refused(void **state) {
    (void)state;
    struct judge_fixture f;
    judge_fixture_init(&f);
    struct episode_name a = name_of("a", NULL);
    fire(&f, &a, 100);
    struct buf b;
    buf_init(&b);
    episode_book_save(f.ctx.book, &b);
    for (size_t cut = 0; cut < b.size; cut++) {
        struct episode_book *book = episode_book_new(SLICE("acme"), 10);
        struct cursor c = cursor_of((struct slice){b.at, cut});
        struct err err = {""};
        assert_false(episode_book_load(book, &c, &err));
        assert_true(strlen(err.text) > 0);
        episode_book_free(book);
    }
    buf_deinit(&b);
    judge_fixture_deinit(&f);
}

/* Any order of calls and restarts: the fixture checks each life, here the open set is checked. */
static void random_lives(uint64_t seed) {
    struct judge_fixture f;
    judge_fixture_init(&f);
    f.contract.quiet_ms = 500;
    struct rng r;
    rng_init(&r, seed);
    const char *rules[] = {"a", "b", "c", "d"};
    bool open[4] = {false};
    for (int i = 0; i < 200; i++) {
        size_t n = rng_below(&r, 4);
        struct episode_name name = name_of(rules[n], NULL);
        f.ctx.clock += 100;
        REQUIRE(seed, episode_find(&f.ctx, &name, NULL) == open[n]);
        uint64_t what = rng_below(&r, 5);
        if (!open[n]) {
            fire(&f, &name, f.ctx.clock);
            open[n] = true;
        } else if (what < 3) {
            enum transition ends[] = {TRANSITION_RESOLVED, TRANSITION_EXPIRED, TRANSITION_VOIDED};
            episode_end(&f.ctx, &name, ends[what], f.ctx.clock, NULL);
            open[n] = false;
        } else if (what == 3) {
            struct alert a;
            REQUIRE(seed, episode_find(&f.ctx, &name, &a));
            episode_update(&f.ctx, &name, &a);
        } else {
            judge_fixture_restart(&f);
        }
    }
    judge_fixture_deinit(&f);
}

static void lives_hold_in_any_order(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 100; seed++)
        random_lives(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_names_everything),
        cmocka_unit_test(id_follows_from_key_and_instants),
        cmocka_unit_test(said_again_after_void_is_a_new_episode),
        cmocka_unit_test(item_is_found_in_another_scope),
        cmocka_unit_test(quiet_keeps_a_key_silent),
        cmocka_unit_test(ended_keys_are_forgotten_in_time),
        cmocka_unit_test(limit_refuses_and_counts),
        cmocka_unit_test(walk_shows_what_changed),
        cmocka_unit_test(packed_alert_comes_back),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(lives_hold_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
