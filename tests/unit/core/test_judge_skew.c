/* Is a wrong clock of a site told, once, and no odd record, no backlog and no replay? */
#include "feed_ways.h"

#include "core/judge_skew.h"

#define START (1000 * FEED_STEP_MS)

static int setup(void **state) {
    struct judge_fixture *f = malloc(sizeof(*f));
    judge_fixture_init(f);
    f->contract.feed_skewed_after_ms = 30 * SECOND_MS;
    f->ctx.clock = START;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    judge_fixture_deinit(*state);
    free(*state);
    return 0;
}

/* The site is heard once in each of `count` steps; all are judged. Returns where it ended. */
static int64_t hear(struct judge_fixture *f, struct skew_state *s, int64_t at, int count,
                    int64_t lead_ms) {
    for (int i = 0; i < count; i++, at += FEED_STEP_MS) {
        judge_skew_heard(&f->contract, s, at + 3000, lead_ms, at);
        f->ctx.clock = at + FEED_STEP_MS;
        judge_skew_step(&f->ctx, SLICE("main"), s, f->ctx.clock);
    }
    return at;
}

static void a_clock_that_is_ahead(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    int64_t wrong_at = hear(f, &s, START, 20, 0);
    int64_t at = hear(f, &s, wrong_at, 6, 45000);
    assert_int_equal(f->count, 0);
    at = hear(f, &s, at, 10, 45000);
    assert_int_equal(f->count, 1);
    said_is(f, 0, ALERT_FEED_SKEWED, TRANSITION_FIRING);
    const struct alert *a = &f->said[0].a;
    assert_int_equal(a->opened_at, wrong_at);
    assert_int_equal(a->condition_at, wrong_at + 7 * FEED_STEP_MS);
    assert_true(a->observed == 45000 && a->threshold == 30000 && a->sample == SKEW_READINGS);
    assert_string_equal(f->said[0].key, "acme|acme-support|feeds|feed_skewed|site=main||");
    assert_string_equal(f->said[0].summary,
                        "Events of site main are dated 45 s ahead of the time at which they come, "
                        "30 s are allowed: its clock is wrong.");
    judge_fixture_restart(f);
    at = hear(f, &s, at, 30, 20000); /* allowed, and not yet half of it */
    assert_int_equal(f->count, 1);
    at = hear(f, &s, at, 6, 15000);
    assert_int_equal(f->count, 1);
    at = hear(f, &s, at, 10, 15000);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_FEED_SKEWED, TRANSITION_RESOLVED);
    assert_int_equal(f->said[1].a.resolved_at, at - 9 * FEED_STEP_MS);
    assert_string_equal(f->said[1].summary,
                        "Events of site main come within 30 s of the time that they are dated "
                        "again.");
    skew_state_deinit(&s);
}

static void a_clock_that_is_slow(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    int64_t at = hear(f, &s, START, 12, -30000);
    assert_int_equal(f->count, 0);
    at = hear(f, &s, at, 30, -HOUR_MS);
    assert_int_equal(f->count, 1);
    assert_true(f->said[0].a.observed == -(double)HOUR_MS && f->said[0].a.threshold == -30000);
    assert_string_equal(f->said[0].summary,
                        "Events of site main come 1 h after the time that they are dated, 30 s are "
                        "allowed: its clock is slow, or they are sent late.");
    hear(f, &s, at, 30, HOUR_MS); /* set wrongly the other way: another episode */
    assert_int_equal(f->count, 3);
    said_is(f, 1, ALERT_FEED_SKEWED, TRANSITION_RESOLVED);
    said_is(f, 2, ALERT_FEED_SKEWED, TRANSITION_FIRING);
    assert_true(f->said[2].a.observed == (double)HOUR_MS);
    skew_state_deinit(&s);
}

/* Of 12 steps five are odd at most, in whatever way; the others are as late as is allowed. */
static void odd_records_are_no_news(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct skew_state s;
        skew_state_init(&s);
        for (int64_t i = 0, at = START; i < 600; i++) {
            int64_t lead_ms = (int64_t)rng_below(&r, 60001) - 30000;
            if (i % 12 < 5 && rng_below(&r, 4) > 0)
                lead_ms = (rng_below(&r, 2) ? 1 : -1) * (int64_t)rng_below(&r, 40 * DAY_MS);
            at = hear(f, &s, at, 1, lead_ms);
            REQUIRE(seed, f->count == 0);
        }
        skew_state_deinit(&s);
    }
}

static void the_freshest_of_a_step_stands_for_it(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    for (int64_t i = 0, at = START; i < 40; i++) {
        judge_skew_heard(&f->contract, &s, at + 1, i % 2 ? 0 : -DAY_MS, at);
        at = hear(f, &s, at, 1, i % 2 ? -DAY_MS : 0);
    }
    assert_int_equal(f->count, 0);
    skew_state_deinit(&s);
}

/* Whoever asks hears of its step, whichever record of it was odd. */
static void an_odd_one_beyond_the_clock_is_due(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    int64_t at = START;
    for (int i = 0; i < 3; i++, at += FEED_STEP_MS) {
        judge_skew_heard(&f->contract, &s, at + 1, 0, START);
        assert_int_equal(judge_skew_due(&f->contract, &s, START), INSTANT_MAX);
    }
    judge_skew_heard(&f->contract, &s, at - 1, DAY_MS, START);
    assert_int_equal(judge_skew_due(&f->contract, &s, START), at);
    judge_skew_pass(&s, at);
    assert_int_equal(judge_skew_due(&f->contract, &s, at), INSTANT_MAX);
    judge_skew_heard(&f->contract, &s, at + 1, -DAY_MS, at);
    assert_int_equal(judge_skew_due(&f->contract, &s, at), at + FEED_STEP_MS);
    skew_state_deinit(&s);
}

static void a_clock_that_was_set_before_it_was_judged(void **state) {
    struct judge_fixture *f = *state;
    for (int side = -1; side <= 1; side += 2) {
        struct skew_state s;
        skew_state_init(&s);
        int64_t at = hear(f, &s, START, 7, side * MINUTE_MS);
        hear(f, &s, at, 20, 0);
        assert_int_equal(f->count, 0);
        skew_state_deinit(&s);
    }
}

/* What was kept back for hours is sent at 1.5 to 20 times the pace at which it happened, after a
 * time as always; so is yesterday's file. */
static void a_feed_that_catches_up_is_not_skewed(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 100; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct skew_state s;
        skew_state_init(&s);
        int64_t at = hear(f, &s, START, (int)rng_below(&r, 20), -500);
        int64_t lead_ms = -HOUR_MS * (1 + (int64_t)rng_below(&r, 24));
        int64_t gain_ms = 5000 + (int64_t)rng_below(&r, 190000);
        at += rng_below(&r, 2) ? HOUR_MS : 0;
        while (lead_ms < 0) {
            at = hear(f, &s, at, 1, lead_ms - (int64_t)rng_below(&r, 1000));
            lead_ms += gain_ms;
            REQUIRE(seed, f->count == 0);
        }
        hear(f, &s, at, 20, -500);
        REQUIRE(seed, f->count == 0);
        skew_state_deinit(&s);
    }
}

static void zero_turns_it_off(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    int64_t at = hear(f, &s, START, 20, HOUR_MS);
    assert_int_equal(f->count, 1);
    f->contract.feed_skewed_after_ms = 0;
    hear(f, &s, at, 20, HOUR_MS);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_FEED_SKEWED, TRANSITION_RESOLVED);
    skew_state_deinit(&s);
}

static void another_contract_tells_it_again(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    int64_t at = hear(f, &s, START, 20, HOUR_MS);
    judge_skew_drop(&f->ctx, SLICE("main"), &s, at);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_FEED_SKEWED, TRANSITION_RESOLVED);
    assert_int_equal(judge_skew_due(&f->contract, &s, at), at + FEED_STEP_MS);
    judge_skew_step(&f->ctx, SLICE("main"), &s, at + FEED_STEP_MS);
    assert_int_equal(f->count, 3);
    skew_state_deinit(&s);
}

struct news {
    int64_t heard_at, lead_ms;
};

#define NEWS_MAX 3000

/* Hours in which the clock is right, fast, slow, or a backlog is sent; several records a step. */
static void random_news(uint64_t seed, struct news *news) {
    struct rng r;
    rng_init(&r, seed);
    int64_t at = START, lead_ms = 0, gain_ms = 0;
    for (size_t i = 0; i < NEWS_MAX; i++) {
        if (rng_below(&r, 120) == 0) {
            static const int64_t leads[] = {0, 0, 0, 40000, -40000, -600000, 3600000, -14400000};
            lead_ms = leads[rng_below(&r, 8)];
            gain_ms = lead_ms < -500000 && rng_below(&r, 2) ? 20000 : 0;
        }
        lead_ms = lead_ms + gain_ms > 0 && gain_ms > 0 ? 0 : lead_ms + gain_ms;
        at += (int64_t)rng_below(&r, rng_below(&r, 30) ? 12000 : 300000);
        news[i] = (struct news){at, lead_ms - (int64_t)rng_below(&r, 8000)};
    }
}

static void restart(struct skew_state *s, int64_t step_at) {
    struct buf b, again;
    buf_init(&b);
    buf_init(&again);
    judge_skew_pass(s, step_at);
    skew_state_save(s, &b);
    skew_state_deinit(s);
    struct cursor c = cursor_of(buf_slice(&b));
    skew_state_load(s, &c);
    assert_true(!c.failed && cursor_left(&c) == 0);
    skew_state_save(s, &again);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
    buf_deinit(&b);
    buf_deinit(&again);
}

/* Every step, each record once it is there and twice; or far ahead, the newest first, due steps
 * alone, and with restarts. */
static void run(struct judge_fixture *f, const void *all, bool lazy, struct buf *state) {
    const struct news *news = all;
    struct skew_state s;
    skew_state_init(&s);
    size_t heard = 0;
    int64_t due_at = INSTANT_MAX;
    int64_t end_at = news[NEWS_MAX - 1].heard_at + 2 * FEED_STEP_MS;
    for (int64_t at = START; at <= end_at; at += FEED_STEP_MS) {
        size_t until = heard;
        while (until < NEWS_MAX && (news[until].heard_at < at || (lazy && until < heard + 100)))
            until++;
        for (size_t k = 0; k < until - heard; k++) {
            const struct news *n = &news[lazy ? until - 1 - k : heard + k];
            for (int twice = 0; twice < 2; twice++) {
                int64_t due = judge_skew_heard(&f->contract, &s, n->heard_at, n->lead_ms,
                                               at - FEED_STEP_MS);
                due_at = due < due_at ? due : due_at;
            }
        }
        heard = until;
        f->ctx.clock = at;
        if (lazy && at < due_at)
            continue;
        judge_skew_step(&f->ctx, SLICE("main"), &s, at);
        due_at = judge_skew_due(&f->contract, &s, at);
        if (lazy)
            restart(&s, at);
    }
    judge_skew_pass(&s, end_at);
    skew_state_save(&s, state);
    skew_state_deinit(&s);
}

static void the_way_of_news_makes_no_difference(void **state) {
    struct judge_fixture *f = *state;
    static struct news news[NEWS_MAX];
    size_t told = 0;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20; seed++) {
        random_news(seed, news);
        told += feed_ways_check(f, seed, run, news);
    }
    assert_true(told > 50);
}

static void broken_bytes_are_refused(void **state) {
    struct judge_fixture *f = *state;
    struct skew_state s;
    skew_state_init(&s);
    hear(f, &s, START, 20, HOUR_MS);
    judge_skew_heard(&f->contract, &s, f->ctx.clock + 1, HOUR_MS, f->ctx.clock);
    struct buf b;
    buf_init(&b);
    skew_state_save(&s, &b);
    for (size_t size = 0; size < b.size; size++) {
        struct skew_state back;
        skew_state_init(&back);
        struct cursor c = cursor_of((struct slice){buf_slice(&b).at, size});
        skew_state_load(&back, &c);
        assert_true(c.failed);
        skew_state_deinit(&back);
    }
    skew_state_deinit(&s);
    buf_deinit(&b);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_clock_that_is_ahead),
        TEST(a_clock_that_is_slow),
        TEST(the_freshest_of_a_step_stands_for_it),
        TEST(an_odd_one_beyond_the_clock_is_due),
        TEST(a_clock_that_was_set_before_it_was_judged),
        TEST(odd_records_are_no_news),
        TEST(a_feed_that_catches_up_is_not_skewed),
        TEST(zero_turns_it_off),
        TEST(another_contract_tells_it_again),
        TEST(broken_bytes_are_refused),
        TEST(the_way_of_news_makes_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
