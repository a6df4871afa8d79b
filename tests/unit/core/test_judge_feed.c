/* Is silence noticed on time, once, and is a site that is heard never called silent? */
#include "feed_ways.h"

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
    assert_int_equal(f->said[1].a.resolved_at, 1209000);
    assert_string_equal(f->said[1].summary,
                        "Site main is heard again after 10 min 6 s of silence.");
    feed_state_deinit(&s);
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
        feed_state_deinit(&s);
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
    feed_state_deinit(&s);
}

/* One report may span hours, and another source may be hours behind: what is said is the same. */
static void silence_does_not_depend_on_how_news_is_reported(void **state) {
    struct judge_fixture *f = *state;
    size_t told = 0;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct feed_state early, late;
        feed_state_init(&early);
        feed_state_init(&late);
        size_t said[2];
        int64_t step_at = FEED_STEP_MS;
        for (int kind = 0; kind < 2; kind++) {
            struct rng gaps;
            rng_init(&gaps, seed);
            f->ctx.clock = 0;
            f->count = 0;
            int64_t heard_at = 0;
            while (heard_at < 6 * HOUR_MS) {
                heard_at += 1 + (int64_t)rng_below(&gaps, rng_below(&gaps, 20) ? 200000 : 900000);
                if (kind == 1) {
                    judge_feed_heard(&f->ctx, &late, heard_at);
                    continue;
                }
                for (; step_at < heard_at; step_at += FEED_STEP_MS)
                    steps(f, &early, step_at, step_at);
                judge_feed_heard(&f->ctx, &early, heard_at);
            }
            if (kind == 1)
                steps(f, &late, FEED_STEP_MS, step_at - FEED_STEP_MS);
            said[kind] = f->count;
            episode_book_free(f->ctx.book);
            f->ctx.book = episode_book_new(f->ctx.tenant, EPISODE_OPEN_LIMIT);
        }
        REQUIRE(seed, said[0] == said[1]);
        told += said[0];
        feed_state_deinit(&early);
        feed_state_deinit(&late);
    }
    assert_true(told > 100);
}

#define NEWS_MAX 600

/* Every step, each record once it is there; or far ahead, the newest first, and due steps alone. */
static void run(struct judge_fixture *f, const void *news, bool lazy, struct buf *state) {
    const int64_t *heard_at = news;
    struct feed_state s;
    feed_state_init(&s);
    size_t heard = 0;
    int64_t due_at = INSTANT_MAX;
    int64_t end_at = feed_step_after(heard_at[NEWS_MAX - 1]);
    f->ctx.clock = 0;
    for (int64_t at = FEED_STEP_MS; at <= end_at; at += FEED_STEP_MS) {
        size_t until = heard;
        while (until < NEWS_MAX && (heard_at[until] <= at || (lazy && until < heard + 100)))
            until++;
        for (size_t k = 0; k < until - heard; k++)
            judge_feed_heard(&f->ctx, &s, heard_at[lazy ? until - 1 - k : heard + k]);
        int64_t due = judge_feed_due(&f->contract, &s, at - FEED_STEP_MS);
        due_at = due < due_at ? due : due_at;
        heard = until;
        f->ctx.clock = at;
        if (lazy && at < due_at)
            continue;
        judge_feed_step(&f->ctx, SLICE("main"), &s, at);
        due_at = judge_feed_due(&f->contract, &s, at);
    }
    judge_feed_pass(&s, end_at);
    feed_state_save(&s, state);
    feed_state_deinit(&s);
}

static void due_steps_alone_say_the_same(void **state) {
    struct judge_fixture *f = *state;
    size_t told = 0;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20; seed++) {
        int64_t news[NEWS_MAX], at = 0;
        struct rng r;
        rng_init(&r, seed);
        for (size_t i = 0; i < NEWS_MAX; i++)
            news[i] = at += 1 + (int64_t)rng_below(&r, rng_below(&r, 30) ? 60000 : 900000);
        told += feed_ways_check(f, seed, run, news);
    }
    assert_true(told > 100);
}

/* So many records that follow each other closely; then one that comes too late. */
static void silence_is_due_after_what_is_known(void **state) {
    struct judge_fixture *f = *state;
    struct feed_state s;
    feed_state_init(&s);
    f->ctx.clock = 0;
    judge_feed_heard(&f->ctx, &s, 0);
    for (int64_t at = 1; at <= 10; at++)
        judge_feed_heard(&f->ctx, &s, at * 4 * MINUTE_MS);
    judge_feed_heard(&f->ctx, &s, HOUR_MS);
    assert_int_equal(judge_feed_due(&f->contract, &s, 0), 45 * MINUTE_MS);
    judge_feed_heard(&f->ctx, &s, 45 * MINUTE_MS + 1);
    assert_int_equal(judge_feed_due(&f->contract, &s, 0), 45 * MINUTE_MS);
    judge_feed_heard(&f->ctx, &s, 45 * MINUTE_MS);
    assert_int_equal(judge_feed_due(&f->contract, &s, 0), 50 * MINUTE_MS + FEED_STEP_MS);
    feed_state_deinit(&s);
}

static void what_is_heard_at_a_step_is_known_to_it(void **state) {
    struct judge_fixture *f = *state;
    struct feed_state s;
    feed_state_init(&s);
    f->ctx.clock = 0;
    judge_feed_heard(&f->ctx, &s, 0);
    judge_feed_heard(&f->ctx, &s, 300000); /* or the step there would find silence */
    judge_feed_heard(&f->ctx, &s, 305000);
    judge_feed_heard(&f->ctx, &s, 308000);
    assert_int_equal(s.ahead_count, 2);
    steps(f, &s, 10000, 600000);
    assert_int_equal(f->count, 0);
    assert_int_equal(s.heard_at, 308000);
    feed_state_deinit(&s);
}

static void saved_and_loaded(void **state) {
    struct judge_fixture *f = *state;
    struct feed_state s, back;
    feed_state_init(&s);
    feed_state_init(&back);
    f->ctx.clock = 1000;
    judge_feed_heard(&f->ctx, &s, 500);
    judge_feed_heard(&f->ctx, &s, 30500);
    judge_feed_heard(&f->ctx, &s, 20500);
    judge_feed_heard(&f->ctx, &s, 20700);
    struct buf b, again;
    buf_init(&b);
    buf_init(&again);
    feed_state_save(&s, &b);
    struct cursor c = cursor_of(buf_slice(&b));
    feed_state_load(&back, &c);
    assert_true(!c.failed && cursor_left(&c) == 0);
    assert_int_equal(back.heard_at, 500);
    assert_int_equal(back.ahead_count, 2);
    assert_int_equal(back.ahead_at[0], 20700);
    assert_int_equal(back.ahead_at[1], 30500);
    feed_state_save(&back, &again);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
    feed_state_deinit(&s);
    feed_state_deinit(&back);
    buf_deinit(&b);
    buf_deinit(&again);
}

static bool is_refused(int64_t heard_at, int64_t first_ahead_at, int64_t second_ahead_at) {
    struct buf b;
    buf_init(&b);
    buf_put_u8(&b, 0);
    buf_put_zigzag(&b, heard_at);
    buf_put_varint(&b, 2);
    buf_put_zigzag(&b, first_ahead_at);
    buf_put_zigzag(&b, second_ahead_at);
    struct feed_state s;
    feed_state_init(&s);
    struct cursor c = cursor_of(buf_slice(&b));
    feed_state_load(&s, &c);
    feed_state_deinit(&s);
    buf_deinit(&b);
    return c.failed;
}

static void instants_that_cannot_be_are_refused(void **state) {
    (void)state;
    assert_false(is_refused(INSTANT_NONE, 20700, 30500));
    assert_true(is_refused(-1, 20700, 30500));
    assert_true(is_refused(EVENT_CLOCK_MAX + 1, 20700, 30500));
    assert_true(is_refused(500, INT64_MIN, 30500));
    assert_true(is_refused(500, 20700, INT64_MAX));
    assert_true(is_refused(500, 30500, 20700));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(silence_and_return),
        TEST(a_busy_site_is_never_silent),
        TEST(zero_turns_it_off),
        TEST(silence_does_not_depend_on_how_news_is_reported),
        TEST(due_steps_alone_say_the_same),
        TEST(silence_is_due_after_what_is_known),
        TEST(what_is_heard_at_a_step_is_known_to_it),
        TEST(saved_and_loaded),
        TEST(instants_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
