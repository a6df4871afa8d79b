/* Of many item alerts in one minute: are so many told one by one as the contract says, does one of
 * them count the rest exactly, and does each still have its own beginning and end? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/item_caps.h"
#include "core/judge_item.h"

#define CAP 3
#define AT INT64_C(1020000) /* on a minute */

static struct clock_rule clocks[] = {
    {.name = SLICE("answer"), .kind = CLOCK_SPEED_OF_ANSWER, .severity = SEVERITY_MAJOR}};

static void begin(struct judge_fixture *f) {
    judge_fixture_init(f);
    f->contract.clocks = clocks;
    f->contract.clock_count = 1;
    f->contract.items_per_minute = CAP;
}

static void tell(struct judge_fixture *f, enum fact_kind kind, int number, const char *queue,
                 int64_t at) {
    char id[16];
    snprintf(id, sizeof(id), "i%d", number);
    struct report_leaf leaf = {.site = SLICE("main"), .queue = slice_of(queue)};
    struct fact fact = {.interaction_id = slice_of(id),
                        .rule = SLICE("answer"),
                        .contract = SLICE("acme-support"),
                        .contract_version = 3,
                        .instance = 1,
                        .kind = kind,
                        .voided_kind = FACT_BREACHED,
                        .at = at,
                        .opened_at = at - 20000,
                        .deadline_at = at,
                        .target_ms = 20000,
                        .elapsed_ms = 20000};
    judge_item_fact(&f->ctx, &fact, &leaf);
}

static void breach(struct judge_fixture *f, int from, int until, const char *queue, int64_t at) {
    for (int i = from; i < until; i++)
        tell(f, FACT_BREACHED, i, queue, at);
}

static const struct said *newest(const struct judge_fixture *f) {
    return &f->said[f->count - 1];
}

static void one_counts_what_the_others_do_not_say(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    breach(&f, 0, 10, "PS", AT + 5000);
    assert_int_equal(f.count, 10);
    for (size_t i = 0; i < 10; i++) {
        said_is(&f, i, ALERT_ITEM_BREACH, TRANSITION_FIRING);
        assert_int_equal(f.said[i].a.severity, i < CAP ? SEVERITY_MAJOR : SEVERITY_INFO);
        assert_string_equal(f.said[i].suppressed_by, i < CAP ? "" : f.said[CAP - 1].id);
        assert_int_equal(f.said[i].a.more, 0);
    }
    judge_fixture_restart(&f);
    episode_book_count_more(&f.ctx);
    episode_book_count_more(&f.ctx);
    assert_int_equal(f.count, 11);
    assert_int_equal(newest(&f)->a.transition, TRANSITION_UPDATED);
    assert_string_equal(newest(&f)->id, f.said[CAP - 1].id);
    assert_int_equal(newest(&f)->a.more, 7);
    assert_int_equal(newest(&f)->a.severity, SEVERITY_MAJOR);
    assert_string_equal(newest(&f)->summary,
                        "i2 in queue PS at site main still waits for an answer: the agreed 20 s "
                        "have passed. And 7 more like it in that minute.");
    breach(&f, 10, 12, "PS", AT + 59999);
    judge_fixture_restart(&f);
    episode_book_count_more(&f.ctx);
    assert_int_equal(newest(&f)->a.more, 9);
    assert_string_equal(newest(&f)->summary,
                        "i2 in queue PS at site main still waits for an answer: the agreed 20 s "
                        "have passed. And 9 more like it in that minute.");
    for (int i = 0; i < 12; i++)
        tell(&f, FACT_ENDED, i, "PS", AT + 90000);
    assert_int_equal(f.count, 14 + 12);
    for (size_t i = 14; i < 26; i++) {
        assert_int_equal(f.said[i].a.transition, TRANSITION_RESOLVED);
        assert_int_equal(f.said[i].a.more, i == 14 + CAP - 1 ? 9 : 0);
    }
    assert_int_equal(episode_book_open(f.ctx.book), 0);
    judge_fixture_deinit(&f);
}

static void scopes_kinds_and_minutes_count_apart(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    breach(&f, 0, CAP, "PS", AT);
    breach(&f, 10, 10 + CAP, "TT", AT);
    breach(&f, 20, 20 + CAP, "PS", AT + MINUTE_MS);
    breach(&f, 30, 30 + CAP, "PS", AT - 1);
    for (int i = 40; i < 40 + CAP; i++)
        tell(&f, FACT_AT_RISK, i, "PS", AT);
    assert_int_equal(f.count, 5 * CAP);
    for (size_t i = 0; i < f.count; i++)
        assert_string_equal(f.said[i].suppressed_by, "");
    breach(&f, 50, 51, "PS", AT);
    assert_string_equal(newest(&f)->suppressed_by, f.said[CAP - 1].id);
    judge_fixture_deinit(&f);
}

/* What it counted is said in its end; the next silent one counts on from there. */
static void where_the_one_is_over_another_counts_on(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    breach(&f, 0, 8, "PS", AT);
    tell(&f, FACT_ENDED, CAP - 1, "PS", AT + 1000);
    assert_int_equal(newest(&f)->a.more, 5);
    judge_fixture_restart(&f);
    breach(&f, 8, 12, "PS", AT + 2000);
    assert_string_equal(f.said[9].suppressed_by, f.said[9].id); /* it counts itself */
    assert_string_equal(f.said[10].suppressed_by, f.said[9].id);
    episode_book_count_more(&f.ctx);
    assert_string_equal(newest(&f)->id, f.said[9].id);
    assert_int_equal(newest(&f)->a.more, 4);
    assert_int_equal(newest(&f)->a.severity, SEVERITY_INFO);
    assert_string_equal(newest(&f)->summary,
                        "i8 in queue PS at site main still waits for an answer: the agreed 20 s "
                        "have passed. And 3 more like it in that minute.");
    judge_fixture_deinit(&f);
}

static void where_none_is_told_the_first_counts(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    f.contract.items_per_minute = 0;
    breach(&f, 0, 1, "PS", AT);
    episode_book_count_more(&f.ctx);
    assert_string_equal(f.said[0].suppressed_by, f.said[0].id);
    assert_int_equal(newest(&f)->a.more, 1);
    assert_string_equal(newest(&f)->summary, f.said[0].summary);
    breach(&f, 1, 4, "PS", AT);
    episode_book_count_more(&f.ctx);
    assert_string_equal(f.said[2].suppressed_by, f.said[0].id);
    assert_int_equal(newest(&f)->a.more, 4);
    judge_fixture_deinit(&f);
}

static void a_warning_said_again_keeps_its_count(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    for (int i = 0; i < 8; i++)
        tell(&f, FACT_AT_RISK, i, "PS", AT);
    episode_book_count_more(&f.ctx);
    assert_int_equal(newest(&f)->a.more, 5);
    tell(&f, FACT_AT_RISK, CAP - 1, "PS", AT + 1000);
    assert_int_equal(newest(&f)->a.more, 5);
    assert_int_equal(newest(&f)->a.severity, SEVERITY_WARNING);
    tell(&f, FACT_AT_RISK, CAP, "PS", AT + 1000);
    assert_int_equal(newest(&f)->a.severity, SEVERITY_INFO);
    assert_string_equal(newest(&f)->suppressed_by, f.said[CAP - 1].id);
    judge_fixture_deinit(&f);
}

/* One that is refused because too many are open is counted by nobody. */
static void what_is_refused_is_not_counted(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    breach(&f, 0, 1002, "PS", AT);
    assert_int_equal(f.count, 1000);
    episode_book_count_more(&f.ctx);
    assert_int_equal(newest(&f)->a.more, 1000 - CAP);
    judge_fixture_deinit(&f);
}

#define ITEMS 160
#define QUEUES 2
#define MINUTES 3

/* What one says of others is how many name it. */
static void check_bearers(const struct judge_fixture *f, uint64_t seed) {
    for (size_t i = 0; i < f->count; i++) {
        int64_t named = 0;
        if (!said_is_end(f->said[i].a.transition))
            continue;
        for (size_t k = 0; k < f->count; k++)
            named += f->said[k].a.transition == TRANSITION_FIRING &&
                     strcmp(f->said[k].suppressed_by, f->said[i].id) == 0;
        REQUIRE(seed, named == f->said[i].a.more);
    }
}

/* Recounted from what was said alone, whoever ends when and however often it is restarted. */
static void recount(struct judge_fixture *f, uint64_t seed) {
    int64_t fired[QUEUES][MINUTES] = {{0}}, told[QUEUES][MINUTES] = {{0}};
    int64_t more[QUEUES][MINUTES] = {{0}};
    size_t ends = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct said *s = &f->said[i];
        int64_t queue = s->queue[0] - 'a', minute = (s->a.condition_at - AT) / MINUTE_MS;
        if (s->a.transition == TRANSITION_FIRING) {
            fired[queue][minute]++;
            told[queue][minute] += s->suppressed_by[0] == '\0';
        }
        if (!said_is_end(s->a.transition))
            continue;
        ends++;
        more[queue][minute] += s->a.more;
    }
    for (int q = 0; q < QUEUES; q++) {
        for (int m = 0; m < MINUTES; m++) {
            int64_t cap = fired[q][m] < CAP ? fired[q][m] : CAP;
            REQUIRE(seed, told[q][m] == cap);
            REQUIRE(seed, told[q][m] + more[q][m] == fired[q][m]);
        }
    }
    REQUIRE(seed, ends == ITEMS);
}

static void every_count_is_exact(void **state) {
    (void)state;
    static const char *const queues[QUEUES] = {"a", "b"};
    for (uint64_t seed = property_first_seed(), n = 0; n < 40; n++, seed++) {
        struct judge_fixture f;
        struct rng r;
        rng_init(&r, seed);
        begin(&f);
        bool open[ITEMS] = {false};
        int queue_of[ITEMS];
        for (int i = 0, ended = 0; ended < ITEMS;) {
            if (i < ITEMS && rng_below(&r, 3) > 0) {
                queue_of[i] = (int)rng_below(&r, QUEUES);
                int64_t at = AT + (int64_t)rng_below(&r, MINUTES * (uint64_t)MINUTE_MS);
                tell(&f, FACT_BREACHED, i, queues[queue_of[i]], at);
                open[i++] = true;
            }
            int which = (int)rng_below(&r, ITEMS);
            if (open[which]) {
                enum fact_kind how = rng_below(&r, 5) == 0 ? FACT_VOIDED : FACT_ENDED;
                tell(&f, how, which, queues[queue_of[which]], AT + HOUR_MS);
                open[which] = false;
                ended++;
            }
            if (rng_below(&r, 10) == 0)
                episode_book_count_more(&f.ctx);
            if (rng_below(&r, 20) == 0)
                judge_fixture_restart(&f);
        }
        recount(&f, seed);
        check_bearers(&f, seed);
        REQUIRE(seed, episode_book_open(f.ctx.book) == 0);
        judge_fixture_deinit(&f);
    }
}

/* Minutes that are long past are forgotten, but not before their count was said. */
static void minutes_are_forgotten_when_they_are_past(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f);
    breach(&f, 0, CAP + 1, "PS", AT);
    episode_book_forget(f.ctx.book, AT + 3 * HOUR_MS, 0);
    breach(&f, 10, 11, "PS", AT);
    assert_string_equal(newest(&f)->suppressed_by, f.said[CAP - 1].id);
    episode_book_count_more(&f.ctx);
    assert_int_equal(newest(&f)->a.more, 2);
    episode_book_forget(f.ctx.book, AT + 5 * HOUR_MS, 0);
    breach(&f, 20, 21, "PS", AT);
    assert_string_equal(newest(&f)->suppressed_by, "");
    judge_fixture_deinit(&f);
}

static bool loads(uint8_t kind, int64_t minute_at, int64_t told, int64_t more, int64_t said) {
    struct item_caps caps;
    struct buf b;
    char bearer[ITEM_CAP_BEARER_SIZE] = {0};
    item_caps_init(&caps, 10);
    buf_init(&b);
    buf_put_varint(&b, 1);
    buf_put_u8(&b, kind);
    buf_put_slice(&b, SLICE("site=main"));
    buf_put_zigzag(&b, minute_at);
    buf_put_varint(&b, (uint64_t)told);
    buf_put_varint(&b, (uint64_t)more);
    buf_put_varint(&b, (uint64_t)said);
    buf_put(&b, bearer, sizeof(bearer));
    struct cursor c = cursor_of(buf_slice(&b));
    item_caps_load(&caps, &c);
    item_caps_deinit(&caps);
    buf_deinit(&b);
    return !c.failed;
}

static void what_cannot_have_been_is_refused(void **state) {
    (void)state;
    assert_true(loads(ALERT_ITEM_BREACH, AT, CAP, 7, 5));
    assert_false(loads(ALERT_KIND_COUNT, AT, CAP, 7, 5));
    assert_false(loads(ALERT_ITEM_BREACH, AT + 1, CAP, 7, 5));
    assert_false(loads(ALERT_ITEM_BREACH, AT, -1, 7, 5));
    assert_false(loads(ALERT_ITEM_BREACH, AT, CAP, 7, 8));
    assert_false(loads(ALERT_ITEM_BREACH, AT, CAP, 7, -8));
    assert_false(loads(ALERT_ITEM_BREACH, AT, CAP, -7, -8));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_counts_what_the_others_do_not_say),
        cmocka_unit_test(scopes_kinds_and_minutes_count_apart),
        cmocka_unit_test(where_the_one_is_over_another_counts_on),
        cmocka_unit_test(where_none_is_told_the_first_counts),
        cmocka_unit_test(a_warning_said_again_keeps_its_count),
        cmocka_unit_test(what_is_refused_is_not_counted),
        cmocka_unit_test(every_count_is_exact),
        cmocka_unit_test(minutes_are_forgotten_when_they_are_past),
        cmocka_unit_test(what_cannot_have_been_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
