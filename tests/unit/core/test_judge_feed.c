/* Is silence noticed on time, once, and is a site that is heard never called silent? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/judge_feed.h"

static int setup(void **state) {
    struct judge_fixture *f = malloc(sizeof(*f));
    judge_fixture_init(f);
    f->contract.feed_silent_after_ms = 5 * MINUTE_MS;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    judge_fixture_deinit(*state);
    free(*state);
    return 0;
}

static void steps(struct judge_fixture *f, struct feed_state *s, int64_t from, int64_t to) {
    for (int64_t at = from; at <= to; at += FEED_STEP_MS) {
        judge_feed_step(&f->ctx, SLICE("main"), s, at);
        f->ctx.clock = at;
    }
}

static void silence_and_return(void **state) {
    struct judge_fixture *f = *state;
    struct feed_state s;
    feed_state_init(&s);
    f->ctx.clock = 0;
    steps(f, &s, 0, 600000); /* never heard: not silent */
    assert_int_equal(f->count, 0);
    judge_feed_heard(&f->ctx, &s, 603000);
    steps(f, &s, 610000, 900000);
    assert_int_equal(f->count, 0);
    steps(f, &s, 910000, 1200000);
    assert_int_equal(f->count, 1);
    said_is(f, 0, ALERT_FEED_SILENT, TRANSITION_FIRING);
    const struct alert *a = &f->said[0].a;
    assert_int_equal(a->opened_at, 603000);
    assert_int_equal(a->condition_at, 903000);
    assert_true(a->observed == 307000 && a->threshold == 300000);
    assert_string_equal(f->said[0].site, "main");
    assert_string_equal(f->said[0].key, "acme|acme-support|feeds|feed_silent|site=main||");
    assert_string_equal(f->said[0].summary, "Site main has sent nothing for 5 min 7 s: what "
                                            "happens there cannot be seen.");
    judge_fixture_restart(f);
    judge_feed_heard(&f->ctx, &s, 1201500);
    judge_feed_heard(&f->ctx, &s, 1209000);
    steps(f, &s, 1210000, 1300000);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_FEED_SILENT, TRANSITION_RESOLVED);
    assert_int_equal(f->said[1].a.resolved_at, 1201500);
    assert_string_equal(f->said[1].summary,
                        "Site main is heard again after 9 min 58 s of silence.");
}

static void a_busy_site_is_never_silent(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 100; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct feed_state s;
        feed_state_init(&s);
        f->ctx.clock = 0;
        int64_t ahead = 0;
        for (int64_t at = 0; at < 3 * HOUR_MS; at += FEED_STEP_MS) {
            /* Reports run up to minutes ahead of the clock. */
            while (ahead < at + (int64_t)rng_below(&r, 200000)) {
                ahead += (int64_t)rng_below(&r, 100000);
                judge_feed_heard(&f->ctx, &s, ahead);
            }
            steps(f, &s, at, at);
            REQUIRE(seed, f->count == 0);
        }
    }
}

static void zero_turns_it_off(void **state) {
    struct judge_fixture *f = *state;
    f->contract.feed_silent_after_ms = 0;
    struct feed_state s;
    feed_state_init(&s);
    judge_feed_heard(&f->ctx, &s, 1000);
    steps(f, &s, 1000000, 9000000);
    assert_int_equal(f->count, 0);
}

static void saved_and_loaded(void **state) {
    (void)state;
    struct feed_state s = {1, 2, INSTANT_NONE, true}, back;
    struct buf b;
    buf_init(&b);
    feed_state_save(&s, &b);
    struct cursor c = cursor_of(buf_slice(&b));
    feed_state_load(&back, &c);
    assert_true(!c.failed && cursor_left(&c) == 0);
    assert_int_equal(back.heard_at, 1);
    assert_int_equal(back.first_ahead_at, 2);
    assert_int_equal(back.last_ahead_at, INSTANT_NONE);
    assert_true(back.silent);
    buf_deinit(&b);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(silence_and_return),
        TEST(a_busy_site_is_never_silent),
        TEST(zero_turns_it_off),
        TEST(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
