/* Is a site told of whose records cannot be used, once, and no odd record? */
#include "feed_ways.h"

#include "core/judge_quality.h"

#define START (1000 * FEED_STEP_MS)

static int setup(void **state) {
    struct judge_fixture *f = malloc(sizeof(*f));
    judge_fixture_init(f);
    f->contract.feed_refused_above = 0.05;
    f->ctx.clock = START;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    judge_fixture_deinit(*state);
    free(*state);
    return 0;
}

struct part {
    int64_t records, refused;
    enum dead_letter_reason reason;
};

/* In each of `count` steps; all are judged. Returns where it ended. */
static int64_t hear_as(struct judge_fixture *f, struct quality_state *s, int64_t at, int count,
                       const struct part *p, bool clock_told) {
    for (int i = 0; i < count; i++, at += FEED_STEP_MS) {
        int64_t refused[DEAD_REASON_COUNT] = {0};
        refused[p->reason] = p->refused;
        judge_quality_heard(s, at + 3000, p->records, refused, at);
        f->ctx.clock = at + FEED_STEP_MS;
        judge_quality_step(&f->ctx, SLICE("main"), s, clock_told, f->ctx.clock);
    }
    return at;
}

static int64_t hear(struct judge_fixture *f, struct quality_state *s, int64_t at, int count,
                    int64_t records, int64_t refused) {
    const struct part part = {records, refused, DEAD_INVALID};
    return hear_as(f, s, at, count, &part, false);
}

static void a_site_whose_records_are_refused(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    int64_t bad_at = hear(f, &s, START, 40, 100, 0);
    int64_t at = hear(f, &s, bad_at, 1, 100, 70);
    at = hear_as(f, &s, at, 1, &(struct part){100, 80, DEAD_TOO_LATE}, false);
    assert_int_equal(f->count, 0); /* 150 of 3,000 are allowed */
    at = hear(f, &s, at, 5, 100, 1);
    assert_int_equal(f->count, 1);
    said_is(f, 0, ALERT_DATA_QUALITY, TRANSITION_FIRING);
    const struct alert *a = &f->said[0].a;
    assert_int_equal(a->opened_at, bad_at);
    assert_int_equal(a->condition_at, bad_at + 3 * FEED_STEP_MS);
    assert_int_equal(a->window_end_at, a->condition_at);
    assert_int_equal(a->window_start_at, a->condition_at - 5 * MINUTE_MS);
    assert_true(a->numerator == 151 && a->denominator == 3000 && a->sample == 3000);
    assert_true(a->threshold == 0.05 && a->observed == 151.0 / 3000 && a->unit == UNIT_RATIO);
    assert_int_equal(a->contributor_count, 2);
    assert_true(a->contributors[0].share == 80.0 / 151);
    assert_string_equal(f->said[0].key, "acme|acme-support|feeds|data_quality|site=main||");
    assert_string_equal(f->said[0].summary,
                        "Of 3,000 records of site main 151 were refused (5.03 %), most of them as "
                        "too_late; at most 5 % are expected: figures lack them.");
    judge_fixture_restart(f);
    at = hear(f, &s, at, 23, 100, 2);
    assert_int_equal(f->count, 1);
    at = hear(f, &s, at, 2, 100, 2); /* the worst of it is past: 5 + 50 of 3,000 */
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_DATA_QUALITY, TRANSITION_RESOLVED);
    assert_int_equal(f->said[1].a.resolved_at, at);
    assert_string_equal(f->said[1].summary, "Of 3,000 records of site main 55 were refused "
                                            "(1.8 %): that is as expected again.");
    quality_state_deinit(&s);
}

static void few_are_no_news_whatever_their_share(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    int64_t at = hear(f, &s, START, 9, 1, 1);
    assert_int_equal(f->count, 0);
    at = hear(f, &s, at, 1, 1, 1);
    assert_int_equal(f->count, 1);
    assert_true(f->said[0].a.observed == 1);
    at = hear(f, &s, at, 29, 1, 0);
    assert_int_equal(f->count, 1);
    hear(f, &s, at, 1, 1, 0);
    assert_int_equal(f->count, 2);
    quality_state_deinit(&s);
}

/* A twentieth of them at most in each step, however they fall. */
static void a_share_that_is_allowed_is_never_told(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 30; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct quality_state s;
        quality_state_init(&s);
        for (int64_t i = 0, at = START; i < 300; i++) {
            int64_t records = 100 + (int64_t)rng_below(&r, 1000);
            at = hear(f, &s, at, 1, records, (int64_t)rng_below(&r, (uint64_t)records / 20 + 1));
            REQUIRE(seed, f->count == 0);
        }
        quality_state_deinit(&s);
    }
}

/* That they came, and that they cannot be, is known at different times. */
static void what_turns_out_to_be_impossible_came_before(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    const struct part part = {0, 5, DEAD_IMPOSSIBLE_MOVE};
    int64_t at = hear(f, &s, START, 1, 8, 0);
    hear_as(f, &s, at, 2, &part, false);
    assert_int_equal(f->count, 1);
    assert_true(f->said[0].a.numerator == 10 && f->said[0].a.denominator == 10);
    assert_string_equal(f->said[0].summary,
                        "Of 10 records of site main 10 were refused (100 %), as impossible_move; "
                        "at most 5 % are expected: figures lack them.");
    quality_state_deinit(&s);
}

/* What was impossible is known minutes after it came: a site that closes for the night leaves five
 * minutes of nothing else, which are a hundredth of its records as before. */
static void a_site_that_stops_ends_with_what_was_impossible(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    const struct part open = {100, 1, DEAD_IMPOSSIBLE_MOVE}, after = {0, 1, DEAD_IMPOSSIBLE_MOVE};
    int64_t at = hear_as(f, &s, START, 60, &open, false);
    at = hear_as(f, &s, at, QUALITY_READINGS, &after, false);
    at = hear_as(f, &s, at + 8 * HOUR_MS, 60, &open, false);
    at = hear_as(f, &s, at, 5, &after, false);
    hear_as(f, &s, at, 60, &open, false);
    assert_int_equal(f->count, 0);
    quality_state_deinit(&s);
}

/* What FEED_SKEWED explains is told by it alone; other reasons count beside it, and all to end. */
static void a_wrong_clock_is_told_by_another(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    const struct part future = {100, 50, DEAD_FUTURE}, late = {100, 20, DEAD_TOO_LATE};
    int64_t at = hear_as(f, &s, START, 20, &future, true);
    assert_int_equal(f->count, 0);
    at = hear_as(f, &s, at, 10, &late, true);
    assert_int_equal(f->count, 1);
    at = hear_as(f, &s, at, 25, &future, true);
    hear_as(f, &s, at, 25, &(struct part){100, 0, DEAD_INVALID}, true);
    assert_int_equal(f->count, 1);
    quality_state_deinit(&s);
    judge_fixture_restart(f);
    quality_state_init(&s);
    f->count = 0;
    episode_book_free(f->ctx.book);
    f->ctx.book = episode_book_new(f->ctx.tenant, EPISODE_OPEN_LIMIT);
    hear_as(f, &s, at, 1, &future, false);
    assert_int_equal(f->count, 1);
    quality_state_deinit(&s);
}

static void records_of_no_site(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    int64_t refused[DEAD_REASON_COUNT] = {[DEAD_INVALID] = 12};
    judge_quality_heard(&s, START + 1, 12, refused, START);
    judge_quality_step(&f->ctx, (struct slice){NULL, 0}, &s, false, START + FEED_STEP_MS);
    assert_int_equal(f->count, 1);
    assert_string_equal(f->said[0].key, "acme|acme-support|feeds.no-site|data_quality|all||");
    assert_string_equal(f->said[0].summary,
                        "Of 12 records that name no site 12 were refused (100 %), as invalid; at "
                        "most 5 % are expected: figures lack them.");
    quality_state_deinit(&s);
}

static void all_of_them_turns_it_off(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    int64_t at = hear(f, &s, START, 5, 100, 100);
    assert_int_equal(f->count, 1);
    f->contract.feed_refused_above = 1;
    assert_int_equal(judge_quality_due(&f->contract, &s, false, at), at + FEED_STEP_MS);
    hear(f, &s, at, 5, 100, 100);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_DATA_QUALITY, TRANSITION_RESOLVED);
    quality_state_deinit(&s);
}

static void another_contract_tells_it_again(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    int64_t at = hear(f, &s, START, 20, 100, 50);
    judge_quality_drop(&f->ctx, SLICE("main"), &s, at);
    assert_int_equal(f->count, 2);
    said_is(f, 1, ALERT_DATA_QUALITY, TRANSITION_RESOLVED);
    assert_int_equal(judge_quality_due(&f->contract, &s, false, at), at + FEED_STEP_MS);
    judge_quality_step(&f->ctx, SLICE("main"), &s, false, at + FEED_STEP_MS);
    assert_int_equal(f->count, 3);
    quality_state_deinit(&s);
}

struct news {
    int64_t heard_at, records;
    int64_t refused[DEAD_REASON_COUNT];
};

#define NEWS_MAX 3000

/* Hours in which nothing, little or much is refused; several records a step. */
static void random_news(uint64_t seed, struct news *news) {
    struct rng r;
    rng_init(&r, seed);
    int64_t at = START;
    uint64_t bad = 0;
    for (size_t i = 0; i < NEWS_MAX; i++) {
        if (rng_below(&r, 100) == 0)
            bad = rng_below(&r, 3) ? 0 : rng_below(&r, 20);
        at += (int64_t)rng_below(&r, rng_below(&r, 30) ? 12000 : 300000);
        news[i] = (struct news){.heard_at = at, .records = (int64_t)rng_below(&r, 30)};
        if (bad > 0)
            news[i].refused[1 + rng_below(&r, DEAD_REASON_COUNT - 1)] = (int64_t)rng_below(&r, bad);
    }
}

static void restart(struct quality_state *s, int64_t step_at) {
    struct buf b, again;
    buf_init(&b);
    buf_init(&again);
    judge_quality_pass(s, step_at);
    quality_state_save(s, &b);
    quality_state_deinit(s);
    struct cursor c = cursor_of(buf_slice(&b));
    quality_state_load(s, &c);
    assert_true(!c.failed && cursor_left(&c) == 0);
    quality_state_save(s, &again);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
    buf_deinit(&b);
    buf_deinit(&again);
}

/* In two pieces where it is `twice`. */
static int64_t tell(struct quality_state *s, const struct news *n, bool twice, int64_t step_at) {
    if (!twice)
        return judge_quality_heard(s, n->heard_at, n->records, n->refused, step_at);
    const int64_t none[DEAD_REASON_COUNT] = {0};
    int64_t a = judge_quality_heard(s, n->heard_at, n->records / 2, none, step_at);
    int64_t b = judge_quality_heard(s, n->heard_at, n->records - n->records / 2, n->refused,
                                    step_at);
    return a < b ? a : b;
}

/* Every step, each record once it is there and in two pieces; or far ahead, the newest first, due
 * steps alone, and with restarts. */
static void run(struct judge_fixture *f, const void *all, bool lazy, struct buf *state) {
    const struct news *news = all;
    struct quality_state s;
    quality_state_init(&s);
    size_t heard = 0;
    int64_t due_at = INSTANT_MAX;
    int64_t end_at = news[NEWS_MAX - 1].heard_at + 2 * FEED_STEP_MS;
    for (int64_t at = START; at <= end_at; at += FEED_STEP_MS) {
        size_t until = heard;
        while (until < NEWS_MAX && (news[until].heard_at < at || (lazy && until < heard + 100)))
            until++;
        for (size_t k = 0; k < until - heard; k++) {
            const struct news *n = &news[lazy ? until - 1 - k : heard + k];
            int64_t due = tell(&s, n, !lazy, at - FEED_STEP_MS);
            due_at = due < due_at ? due : due_at;
        }
        heard = until;
        f->ctx.clock = at;
        if (lazy && at < due_at)
            continue;
        judge_quality_step(&f->ctx, SLICE("main"), &s, false, at);
        due_at = judge_quality_due(&f->contract, &s, false, at);
        if (lazy)
            restart(&s, at);
    }
    judge_quality_pass(&s, end_at);
    quality_state_save(&s, state);
    quality_state_deinit(&s);
}

static void the_way_of_news_makes_no_difference(void **state) {
    struct judge_fixture *f = *state;
    static struct news news[NEWS_MAX];
    size_t told = 0;
    uint64_t first = property_first_seed();
    f->contract.quiet_ms = 3 * MINUTE_MS;
    for (uint64_t seed = first; seed < first + 20; seed++) {
        random_news(seed, news);
        told += feed_ways_check(f, seed, run, news);
    }
    assert_true(told > 50);
}

static void broken_bytes_are_refused(void **state) {
    struct judge_fixture *f = *state;
    struct quality_state s;
    quality_state_init(&s);
    hear(f, &s, START, 40, 100, 50);
    int64_t refused[DEAD_REASON_COUNT] = {[DEAD_INVALID] = 12};
    judge_quality_heard(&s, f->ctx.clock + 1, 12, refused, f->ctx.clock);
    struct buf b;
    buf_init(&b);
    quality_state_save(&s, &b);
    for (size_t size = 0; size < b.size; size++) {
        struct quality_state back;
        quality_state_init(&back);
        struct cursor c = cursor_of((struct slice){buf_slice(&b).at, size});
        quality_state_load(&back, &c);
        assert_true(c.failed);
        quality_state_deinit(&back);
    }
    quality_state_deinit(&s);
    buf_deinit(&b);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_site_whose_records_are_refused),
        TEST(few_are_no_news_whatever_their_share),
        TEST(a_share_that_is_allowed_is_never_told),
        TEST(what_turns_out_to_be_impossible_came_before),
        TEST(a_site_that_stops_ends_with_what_was_impossible),
        TEST(a_wrong_clock_is_told_by_another),
        TEST(records_of_no_site),
        TEST(all_of_them_turns_it_off),
        TEST(another_contract_tells_it_again),
        TEST(broken_bytes_are_refused),
        TEST(the_way_of_news_makes_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
