/* Are objectives judged at each step as the contract says: hold, clear, sample, expiry, late
 * data? */
#include "judge_fixture.h"

#include <math.h>

#include "base/property.h"
#include "core/judge_objective.h"
#include "core/objective_window.h"

#define STEP (10 * SECOND_MS)

static struct scope scope;

static struct objective voice(void) {
    return (struct objective){
        .name = SLICE("voice-80-20"),
        .metric = METRIC_SERVICE_LEVEL,
        .variant = VARIANT_ANSWERED_OF_OFFERED,
        .within_ms = 20 * SECOND_MS,
        .window = WINDOW_30M,
        .at_least = true,
        .target = 0.8,
        .clear = 0.83,
        .min_sample = 20,
        .hold_ms = 60 * SECOND_MS,
        .severity = SEVERITY_CRITICAL,
        .contact_role = SLICE("duty-manager"),
        .outcome = SLICE("callers who give up here are orders lost"),
    };
}

static struct figure ratio(int64_t n, int64_t d) {
    return (struct figure){.present = d > 0,
                           .value = d > 0 ? (double)n / (double)d : 0,
                           .numerator = n,
                           .denominator = d,
                           .sample = d};
}

static void step(struct judge_fixture *f, const struct objective *o, struct objective_state *s,
                 int64_t n, int64_t d, int64_t at) {
    struct figure figure = ratio(n, d);
    f->ctx.clock = at + 700;
    judge_objective_step(&f->ctx, o, &scope, s, &figure, at);
}

static int setup(void **state) {
    struct judge_fixture *f = malloc(sizeof(*f));
    judge_fixture_init(f);
    scope = scope_site_queue("main", "PS");
    *state = f;
    return 0;
}

static int teardown(void **state) {
    judge_fixture_deinit(*state);
    free(*state);
    return 0;
}

static void fires_when_hold_is_met_and_resolves_at_clear(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    struct objective_state s;
    objective_state_init(&s);
    step(f, &o, &s, 32, 40, 0); /* exactly the target is met */
    assert_true(slice_equal(objective_state_name(&s), SLICE("ok")));
    for (int64_t at = STEP; at <= 60000; at += STEP)
        step(f, &o, &s, 25, 40, at);
    assert_int_equal(f->count, 0);
    assert_true(slice_equal(objective_state_name(&s), SLICE("pending")));
    step(f, &o, &s, 25, 40, 70000);
    said_is(f, 0, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    const struct alert *a = &f->said[0].a;
    assert_int_equal(a->opened_at, 10000);
    assert_int_equal(a->condition_at, 70000);
    assert_int_equal(a->window_end_at, 70000);
    assert_int_equal(a->window_start_at, 70000 - 30 * MINUTE_MS);
    assert_true(a->observed == 0.625 && a->threshold == 0.8);
    assert_int_equal(a->numerator, 25);
    assert_int_equal(a->denominator, 40);
    assert_int_equal(a->sample, 40);
    assert_true(fabs(a->low - 0.470324) < 1e-6 && fabs(a->high - 0.757770) < 1e-6);
    assert_int_equal(a->unit, UNIT_RATIO);
    assert_int_equal(a->severity, SEVERITY_CRITICAL);
    assert_false(a->late);
    assert_string_equal(f->said[0].summary,
                        "Service level of queue PS at site main was 62.5 % (25 of 40 within 20 s) "
                        "over 30m, below the agreed 80 %.");
    step(f, &o, &s, 33, 40, 80000); /* 82.5 %: better than the target, not yet clear */
    assert_int_equal(f->count, 1);
    step(f, &o, &s, 83, 100, 90000);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_RESOLVED);
    assert_int_equal(f->said[1].a.resolved_at, 90000);
    assert_int_equal(f->said[1].a.opened_at, 10000);
    assert_string_equal(f->said[1].summary,
                        "Service level of queue PS at site main is back at 83 % (83 of 100 within "
                        "20 s) over 30m; at least 80 % is agreed.");
    assert_true(slice_equal(objective_state_name(&s), SLICE("ok")));
}

/* 28 of 40 answered in time may be chance where 80 % is true, and 27 are not: Wilson's upper bounds
 * of 95 % are 81.9 % and 79.9 %. */
static void chance_is_no_breach_where_certainty_is_asked_for(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.hold_ms = 0;
    o.min_sample = 1;
    o.deviations = 1.959963984540054;
    struct objective_state s;
    objective_state_init(&s);
    step(f, &o, &s, 31, 40, STEP);
    step(f, &o, &s, 28, 40, 2 * STEP);
    step(f, &o, &s, 2, 3, 3 * STEP);
    assert_int_equal(f->count, 0);
    step(f, &o, &s, 27, 40, 4 * STEP);
    said_is(f, 0, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    step(f, &o, &s, 28, 40, 5 * STEP); /* not sure any more, and not clear either */
    assert_int_equal(f->count, 1);
    step(f, &o, &s, 34, 40, 6 * STEP);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_RESOLVED);
    o.at_least = false;
    o.target = o.clear = 0.05;
    step(f, &o, &s, 3, 40, 7 * STEP);
    assert_int_equal(f->count, 2);
    step(f, &o, &s, 5, 40, 8 * STEP); /* at least 5.5 % */
    said_is(f, 2, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    judge_objective_drop(&f->ctx, &o, &scope, &s, 9 * STEP);
}

static void pending_starts_anew(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    struct objective_state s;
    objective_state_init(&s);
    step(f, &o, &s, 1, 40, 10000);
    step(f, &o, &s, 40, 40, 20000); /* does not hold */
    step(f, &o, &s, 1, 40, 30000);
    step(f, &o, &s, 1, 19, 40000); /* below min_sample */
    step(f, &o, &s, 1, 40, 50000);
    step(f, &o, &s, 1, 40, 100000);
    assert_int_equal(f->count, 0);
    step(f, &o, &s, 1, 40, 110000);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->said[0].a.opened_at, 50000);
}

static void expires_after_a_window_below_the_sample(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.hold_ms = 0;
    struct objective_state s;
    objective_state_init(&s);
    step(f, &o, &s, 1, 20, 0);
    assert_int_equal(f->count, 1);
    step(f, &o, &s, 19, 19, 10000); /* fine, but too few: no resolution */
    step(f, &o, &s, 1, 20, 20000);  /* enough again */
    for (int64_t at = 30000; at < 30000 + 30 * MINUTE_MS; at += STEP)
        step(f, &o, &s, 0, 0, at);
    assert_int_equal(f->count, 1);
    step(f, &o, &s, 0, 0, 30000 + 30 * MINUTE_MS);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_EXPIRED);
    assert_int_equal(f->said[1].a.resolved_at, 30000 + 30 * MINUTE_MS);
    assert_true(slice_equal(objective_state_name(&s), SLICE("thin")));
}

static void late_data_voids_what_would_not_have_opened(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    struct objective_state s;
    objective_state_init(&s);
    for (int64_t at = 10000; at <= 90000; at += STEP)
        step(f, &o, &s, 25, 40, at);
    assert_int_equal(f->count, 1); /* fired at 70000 */
    struct figure still = ratio(26, 41), fine = ratio(41, 50);
    judge_objective_revise(&f->ctx, &o, &scope, &s, &still, 30000, 90000);
    judge_objective_revise(&f->ctx, &o, &scope, &s, &fine, 80000, 90000); /* after it opened */
    assert_int_equal(f->count, 1);
    judge_objective_revise(&f->ctx, &o, &scope, &s, &fine, 30000, 90000);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_VOIDED);
    assert_int_equal(f->said[1].a.resolved_at, 90000);
    judge_objective_revise(&f->ctx, &o, &scope, &s, &fine, 30000, 90000);
    assert_int_equal(f->count, 2);
    /* From the next step on the condition counts anew. */
    for (int64_t at = 100000; at <= 160000; at += STEP)
        step(f, &o, &s, 25, 50, at);
    assert_int_equal(f->count, 3);
    assert_int_equal(f->said[2].a.opened_at, 100000);
}

static void quiet_delays_the_alert_but_not_the_condition(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.hold_ms = 20000;
    f->contract.quiet_ms = 100000;
    struct objective_state s;
    objective_state_init(&s);
    for (int64_t at = 0; at <= 20000; at += STEP)
        step(f, &o, &s, 25, 40, at);
    step(f, &o, &s, 40, 40, 30000); /* resolved: silent until 130000 */
    for (int64_t at = 40000; at <= 120000; at += STEP)
        step(f, &o, &s, 25, 40, at);
    assert_int_equal(f->count, 2);
    step(f, &o, &s, 25, 40, 130000);
    said_is(f, 2, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    assert_int_equal(f->said[2].a.opened_at, 40000);
    assert_int_equal(f->said[2].a.condition_at, 60000);
}

static void upper_bounds_and_means(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.metric = METRIC_ASA_MS;
    o.within_ms = 0;
    o.at_least = false;
    o.target = o.clear = 30000;
    o.min_sample = 1;
    o.hold_ms = 0;
    o.window = WINDOW_1H;
    struct objective_state s;
    objective_state_init(&s);
    step(f, &o, &s, 60000, 2, 0); /* exactly 30 s */
    assert_int_equal(f->count, 0);
    step(f, &o, &s, 60001, 2, 60000);
    said_is(f, 0, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    assert_string_equal(f->said[0].summary,
                        "Average speed of answer of queue PS at site main was 30.001 s (of 2) "
                        "over 1h, above the agreed 30 s.");
    step(f, &o, &s, 60000, 2, 120000);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_RESOLVED);
}

static void gauges_have_no_sample(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.metric = METRIC_WAITING;
    o.within_ms = 0;
    o.at_least = false;
    o.target = o.clear = 10;
    o.hold_ms = 0;
    struct objective_state s;
    objective_state_init(&s);
    struct figure figure = {true, 1234, ALERT_LONG_NONE, ALERT_LONG_NONE, ALERT_LONG_NONE};
    judge_objective_step(&f->ctx, &o, &scope, &s, &figure, 0);
    assert_string_equal(f->said[0].summary,
                        "Waiting of queue PS at site main was 1,234 over 30m, above the agreed "
                        "10.");
}

static void a_day_ends_its_episode_and_the_next_begins_clean(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.window = WINDOW_COUNT + PERIOD_DAY;
    o.hold_ms = 10 * MINUTE_MS;
    struct objective_state s;
    objective_state_init(&s);
    int64_t day = 20000 * DAY_MS;
    for (int64_t at = day + HOUR_MS; at <= day + HOUR_MS + 10 * MINUTE_MS; at += 5 * MINUTE_MS)
        step(f, &o, &s, 25, 40, at);
    said_is(f, 0, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    assert_int_equal(f->said[0].a.window_start_at, day);
    assert_int_equal(f->said[0].a.window_end_at, day + HOUR_MS + 10 * MINUTE_MS);
    assert_string_equal(f->said[0].summary,
                        "Service level of queue PS at site main was 62.5 % (25 of 40 within 20 s) "
                        "today, below the agreed 80 %.");
    step(f, &o, &s, 65, 100, day + DAY_MS - 5 * MINUTE_MS);
    assert_int_equal(f->count, 1);
    step(f, &o, &s, 66, 100, day + DAY_MS);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_EXPIRED);
    assert_int_equal(f->said[1].a.resolved_at, day + DAY_MS);
    assert_int_equal(f->said[1].a.window_start_at, day);
    assert_string_equal(f->said[1].summary,
                        "Service level of queue PS at site main was 66 % (66 of 100 within 20 s) "
                        "today; at least 80 % is agreed, and the day is over.");
    assert_true(slice_equal(objective_state_name(&s), SLICE("thin")));
    /* What was pending at midnight is forgotten too: `hold` begins anew. */
    step(f, &o, &s, 1, 40, day + 2 * DAY_MS - 5 * MINUTE_MS);
    step(f, &o, &s, 1, 40, day + 2 * DAY_MS);
    step(f, &o, &s, 1, 40, day + 2 * DAY_MS + 5 * MINUTE_MS);
    step(f, &o, &s, 1, 40, day + 2 * DAY_MS + 10 * MINUTE_MS);
    assert_int_equal(f->count, 2);
    step(f, &o, &s, 1, 40, day + 2 * DAY_MS + 15 * MINUTE_MS);
    assert_int_equal(f->said[2].a.opened_at, day + 2 * DAY_MS + 5 * MINUTE_MS);
    /* However thin it is, only its end ends an episode. */
    for (int64_t at = 20 * MINUTE_MS; at < DAY_MS; at += 5 * MINUTE_MS)
        step(f, &o, &s, 1, 10, day + 2 * DAY_MS + at);
    assert_int_equal(f->count, 3);
    step(f, &o, &s, 1, 10, day + 3 * DAY_MS);
    said_is(f, 3, ALERT_OBJECTIVE_BREACH, TRANSITION_EXPIRED);
}

static void a_month_that_is_missed_at_its_end_is_said(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.window = WINDOW_COUNT + PERIOD_MONTH;
    o.hold_ms = 0;
    struct objective_state s;
    objective_state_init(&s);
    int64_t march = INT64_C(1772323200000); /* 2026-03-01 UTC */
    step(f, &o, &s, 80, 100, march + 31 * DAY_MS - 5 * MINUTE_MS);
    assert_int_equal(f->count, 0);
    step(f, &o, &s, 80, 101, march + 31 * DAY_MS);
    said_is(f, 0, ALERT_OBJECTIVE_BREACH, TRANSITION_FIRING);
    said_is(f, 1, ALERT_OBJECTIVE_BREACH, TRANSITION_EXPIRED);
    assert_int_equal(f->said[0].a.window_start_at, march);
    assert_int_equal(f->said[0].a.condition_at, march + 31 * DAY_MS);
}

static void old_conditions_are_late(void **state) {
    struct judge_fixture *f = *state;
    struct objective o = voice();
    o.hold_ms = 0;
    struct objective_state s;
    objective_state_init(&s);
    struct figure figure = ratio(1, 40);
    f->ctx.clock = f->ctx.max_alert_age_ms + 10000;
    judge_objective_step(&f->ctx, &o, &scope, &s, &figure, 10000);
    assert_false(f->said[0].a.late);
    objective_state_init(&s);
    o.name = SLICE("other");
    f->ctx.clock++;
    judge_objective_step(&f->ctx, &o, &scope, &s, &figure, 10000);
    assert_true(f->said[1].a.late);
}

/* The contract's words as a straight loop over all steps. */
struct straight {
    int64_t first, below, clear, quiet_from;
    bool firing;
};

struct expected {
    enum transition t;
    int64_t opened_at, at;
};

static bool straight_step(struct straight *q, const struct objective *o, int64_t clear_hold_ms,
                          int64_t quiet_ms, int64_t n, int64_t d, int64_t t, struct expected *e) {
    bool enough = d >= o->min_sample && d > 0;
    bool bad = enough && (double)n / (double)d < o->target;
    bool good = enough && (double)n / (double)d >= o->clear;
    if (!q->firing) {
        q->first = !bad ? -1 : q->first < 0 ? t : q->first;
        bool held = bad && t - q->first >= o->hold_ms;
        if (!held || (q->quiet_from >= 0 && t - q->quiet_from < quiet_ms))
            return false;
        *q = (struct straight){q->first, -1, -1, q->quiet_from, true};
        *e = (struct expected){TRANSITION_FIRING, q->first, t};
        return true;
    }
    q->below = enough ? -1 : q->below < 0 ? t : q->below;
    q->clear = !good ? -1 : q->clear < 0 ? t : q->clear;
    bool expired = o->window == WINDOW_30M && !enough && t - q->below >= 30 * MINUTE_MS;
    bool resolved = good && t - q->clear >= clear_hold_ms;
    if (!expired && !resolved)
        return false;
    *e = (struct expected){expired ? TRANSITION_EXPIRED : TRANSITION_RESOLVED, q->first, t};
    *q = (struct straight){-1, -1, -1, t, false};
    return true;
}

/* At midnight: nothing is pending any more, and what is open ends. */
static bool straight_turn(struct straight *q, const struct objective *o, int64_t t) {
    if (o->window == WINDOW_30M || t % DAY_MS != 0)
        return false;
    bool ends = q->firing;
    *q = (struct straight){-1, -1, -1, ends ? t : q->quiet_from, false};
    return ends;
}

static void random_history(struct judge_fixture *f, uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    struct objective o = voice();
    int64_t step_ms = STEP;
    if (seed % 3 == 0) {
        o.window = WINDOW_COUNT + PERIOD_DAY;
        step_ms = 5 * MINUTE_MS;
    }
    char rule[32];
    snprintf(rule, sizeof(rule), "r%llu", (unsigned long long)seed);
    o.name = slice_of(rule);
    o.hold_ms = (int64_t)rng_below(&r, 4) * step_ms;
    f->contract.quiet_ms = rng_below(&r, 2) ? (int64_t)rng_below(&r, 30) * step_ms : 0;
    f->contract.clear_hold_ms = (int64_t)rng_below(&r, 3) * step_ms;
    o.min_sample = 1 + (int64_t)rng_below(&r, 20);
    struct objective_state s;
    objective_state_init(&s);
    struct straight q = {-1, -1, -1, -1, false};
    int64_t lasts = 0, n = 0, d = 0;
    for (int64_t t = 0; t < 700 * step_ms; t += step_ms) {
        if (lasts-- <= 0) {
            lasts = (int64_t)rng_below(&r, rng_below(&r, 10) ? 6 : 250);
            d = (int64_t)rng_below(&r, 60);
            n = d - (int64_t)rng_below(&r, 1 + (uint64_t)d * (1 + rng_below(&r, 3)) / 4);
        }
        size_t before = f->count;
        struct expected e;
        bool expect = straight_step(&q, &o, f->contract.clear_hold_ms, f->contract.quiet_ms, n, d,
                                    t, &e);
        bool turns = straight_turn(&q, &o, t);
        step(f, &o, &s, n, d, t);
        REQUIRE(seed, f->count == before + (expect ? 1 : 0) + (turns ? 1 : 0));
        if (turns) {
            const struct alert *a = &f->said[f->count - 1].a;
            REQUIRE(seed, a->transition == TRANSITION_EXPIRED && a->resolved_at == t);
        }
        if (expect) {
            const struct alert *a = &f->said[before].a;
            REQUIRE(seed, a->transition == e.t && a->opened_at == e.opened_at);
            REQUIRE(seed, e.t == TRANSITION_FIRING || a->resolved_at == t);
        }
        if (rng_below(&r, 50) == 0) {
            struct buf b;
            buf_init(&b);
            objective_state_save(&s, &b);
            memset(&s, 0xa5, sizeof(s));
            struct cursor c = cursor_of(buf_slice(&b));
            objective_state_load(&s, &c);
            REQUIRE(seed, !c.failed && cursor_left(&c) == 0);
            buf_deinit(&b);
            judge_fixture_restart(f);
        }
    }
    judge_objective_drop(&f->ctx, &o, &scope, &s, 700 * step_ms);
}

static void equals_a_straight_loop(void **state) {
    struct judge_fixture *f = *state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 300; seed++) {
        random_history(f, seed);
        f->count = seed % 20 ? f->count : 0; /* seeds have rules of their own */
    }
    assert_int_equal(episode_book_open(f->ctx.book), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(fires_when_hold_is_met_and_resolves_at_clear),
        TEST(chance_is_no_breach_where_certainty_is_asked_for),
        TEST(pending_starts_anew),
        TEST(expires_after_a_window_below_the_sample),
        TEST(late_data_voids_what_would_not_have_opened),
        TEST(quiet_delays_the_alert_but_not_the_condition),
        TEST(upper_bounds_and_means),
        TEST(gauges_have_no_sample),
        TEST(a_day_ends_its_episode_and_the_next_begins_clean),
        TEST(a_month_that_is_missed_at_its_end_is_said),
        TEST(old_conditions_are_late),
        TEST(equals_a_straight_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
