/* Are people paged at most as often in an hour as the contract says, and is nothing lost by it? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/page_budget.h"

#define AT INT64_C(1000000)

static const struct escalation standard = {
    .name = SLICE("standard"),
    .tiers = {{.after_ms = 0, .role = SLICE("manager")},
              {.after_ms = 15 * MINUTE_MS, .role = SLICE("lead")}},
    .count = 2};
static struct objective objectives[] = {{.name = SLICE("r"), .escalation = &standard}};

static void begin(struct judge_fixture *f, int64_t pages) {
    judge_fixture_init(f);
    f->contract.objectives = objectives;
    f->contract.objective_count = 1;
    f->contract.pages_per_hour = pages;
}

static struct episode_name name_of(const struct scope *scope) {
    return (struct episode_name){
        .kind = ALERT_OBJECTIVE_BREACH, .rule = SLICE("r"), .scope = scope};
}

/* By the queue's name; returns what its FIRING said. */
static const struct said *fire(struct judge_fixture *f, const char *queue, enum severity severity,
                               int64_t at) {
    struct scope scope = scope_site_queue("main", queue);
    struct episode_name name = name_of(&scope);
    struct alert a;
    judge_alert_init(&f->ctx, name.kind, &scope, &a);
    a.severity = severity;
    a.opened_at = a.condition_at = at;
    if (f->ctx.clock < at)
        f->ctx.clock = at;
    f->ctx.now_at = f->ctx.clock;
    assert_true(episode_fire(&f->ctx, &name, &a));
    return &f->said[f->count - 1];
}

static void end(struct judge_fixture *f, const char *queue, int64_t at) {
    struct scope scope = scope_site_queue("main", queue);
    struct episode_name name = name_of(&scope);
    assert_true(episode_end(&f->ctx, &name, TRANSITION_RESOLVED, at, NULL));
}

static void pass_to(struct judge_fixture *f, int64_t at) {
    f->ctx.clock = f->ctx.now_at = at;
    episode_book_pass(&f->ctx, at);
}

static void beyond_the_cap_all_is_info_until_an_hour_has_passed(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f, 2);
    assert_int_equal(fire(&f, "a", SEVERITY_CRITICAL, AT)->a.severity, SEVERITY_CRITICAL);
    assert_int_equal(fire(&f, "b", SEVERITY_INFO, AT)->a.severity, SEVERITY_INFO);
    end(&f, "a", AT + 1);
    judge_fixture_restart(&f);
    assert_int_equal(fire(&f, "c", SEVERITY_WARNING, AT + 1000)->a.severity, SEVERITY_WARNING);
    assert_int_equal(fire(&f, "d", SEVERITY_CRITICAL, AT + 2000)->a.severity, SEVERITY_INFO);
    judge_fixture_restart(&f);
    end(&f, "c", AT + 3000);
    end(&f, "d", AT + 3000);
    assert_int_equal(f.said[f.count - 1].a.transition, TRANSITION_RESOLVED);
    assert_int_equal(fire(&f, "e", SEVERITY_MAJOR, AT + HOUR_MS)->a.severity, SEVERITY_INFO);
    int64_t later_at = AT + HOUR_MS + SECOND_MS;
    assert_int_equal(fire(&f, "f", SEVERITY_MAJOR, later_at)->a.severity, SEVERITY_MAJOR);
    assert_int_equal(fire(&f, "g", SEVERITY_MAJOR, later_at)->a.severity, SEVERITY_INFO);
    judge_fixture_deinit(&f);
}

static void nobody_is_ever_paged_where_the_contract_says_none(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f, 0);
    assert_int_equal(fire(&f, "a", SEVERITY_CRITICAL, AT)->a.severity, SEVERITY_INFO);
    pass_to(&f, AT + 10 * HOUR_MS);
    assert_int_equal(f.count, 1);
    judge_fixture_deinit(&f);
}

/* A backlog that is read takes nobody's place. */
static void what_is_late_is_no_page(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f, 1);
    f.ctx.clock = AT + HOUR_MS;
    const struct said *late = fire(&f, "a", SEVERITY_MAJOR, AT);
    assert_true(late->a.late);
    assert_int_equal(late->a.severity, SEVERITY_MAJOR);
    assert_int_equal(fire(&f, "b", SEVERITY_MAJOR, AT + HOUR_MS)->a.severity, SEVERITY_MAJOR);
    assert_int_equal(fire(&f, "c", SEVERITY_MAJOR, AT + HOUR_MS)->a.severity, SEVERITY_INFO);
    judge_fixture_deinit(&f);
}

/* The next tier is told as soon as there is room, before anything new. */
static void a_further_tier_waits_for_room(void **state) {
    struct judge_fixture f;
    (void)state;
    begin(&f, 2);
    fire(&f, "a", SEVERITY_CRITICAL, AT);
    fire(&f, "b", SEVERITY_CRITICAL, AT + 10 * MINUTE_MS);
    pass_to(&f, AT + 30 * MINUTE_MS);
    assert_int_equal(f.count, 2);
    judge_fixture_restart(&f);
    int64_t free_at = AT + HOUR_MS + SECOND_MS;
    pass_to(&f, free_at - 1);
    assert_int_equal(f.count, 2);
    pass_to(&f, free_at);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.said[2].a.transition, TRANSITION_ESCALATED);
    assert_string_equal(f.said[2].queue, "a");
    assert_int_equal(f.said[2].a.severity, SEVERITY_CRITICAL);
    assert_int_equal(f.said[2].a.tier, 1);
    pass_to(&f, free_at + 10 * MINUTE_MS);
    assert_int_equal(f.count, 4);
    assert_string_equal(f.said[3].queue, "b");
    assert_int_equal(episode_book_counts(f.ctx.book)->paged, 2);
    judge_fixture_deinit(&f);
}

/* Against a list of all that was taken. */
static void no_hour_holds_more_than_the_cap(void **state) {
    (void)state;
    for (uint64_t seed = property_first_seed(), n = 0; n < 20; n++, seed++) {
        struct page_budget p = {0};
        struct rng r;
        rng_init(&r, seed);
        int64_t taken[2000], at = AT;
        size_t count = 0;
        int64_t limit = 1 + (int64_t)rng_below(&r, 30);
        for (size_t i = 0; i < 2000; i++) {
            at += (int64_t)rng_below(&r, 200000);
            size_t within = 0;
            while (within < count && taken[count - 1 - within] > at - HOUR_MS - SECOND_MS)
                within++;
            int64_t free_at = page_budget_free_at(&p, limit);
            if (page_budget_take(&p, at, limit)) {
                REQUIRE(seed, free_at <= at);
                taken[count++] = at;
                within = 1;
                while (within < count && taken[count - 1 - within] > at - HOUR_MS)
                    within++;
                REQUIRE(seed, within <= (size_t)limit);
            } else {
                REQUIRE(seed, within >= (size_t)limit);
                REQUIRE(seed, page_budget_free_at(&p, limit) > at);
            }
        }
        REQUIRE(seed, count > (size_t)limit);
        page_budget_deinit(&p);
    }
}

static bool loads(const int64_t (*seconds)[2], size_t count) {
    struct page_budget p = {0};
    struct buf b;
    buf_init(&b);
    buf_put_varint(&b, count);
    for (size_t i = 0; i < count; i++) {
        buf_put_zigzag(&b, seconds[i][0]);
        buf_put_varint(&b, (uint64_t)seconds[i][1]);
    }
    struct cursor c = cursor_of(buf_slice(&b));
    page_budget_load(&p, &c);
    page_budget_deinit(&p);
    buf_deinit(&b);
    return !c.failed;
}

/* Out of order an hour would never be over; with fewer than none there would be room for more. */
static void what_cannot_have_been_is_refused(void **state) {
    (void)state;
    assert_true(loads((const int64_t[][2]){{1000, 1}, {1001, 7}}, 2));
    assert_false(loads((const int64_t[][2]){{1001, 1}, {1000, 1}}, 2));
    assert_false(loads((const int64_t[][2]){{1000, 1}, {1000, 1}}, 2));
    assert_false(loads((const int64_t[][2]){{1000, 1}, {1000 + PAGE_BUDGET_SECONDS, 1}}, 2));
    assert_false(loads((const int64_t[][2]){{1000, 0}}, 1));
    assert_false(loads((const int64_t[][2]){{1000, -5}}, 1));
    assert_false(loads((const int64_t[][2]){{1000, INT64_MAX}, {1001, INT64_MAX}}, 2));
    assert_false(loads((const int64_t[][2]){{INT64_MAX / 2, 1}}, 1));
    assert_false(loads((const int64_t[][2]){{INT64_MIN / 2, 1}}, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_the_cap_all_is_info_until_an_hour_has_passed),
        cmocka_unit_test(nobody_is_ever_paged_where_the_contract_says_none),
        cmocka_unit_test(what_is_late_is_no_page),
        cmocka_unit_test(a_further_tier_waits_for_room),
        cmocka_unit_test(no_hour_holds_more_than_the_cap),
        cmocka_unit_test(what_cannot_have_been_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
