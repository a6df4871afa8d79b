/* Demand where people have forecast it: what was planned is no news. */
#include "demand_fixture.h"

/* Forecasts for a stretch; those so far were right. */
struct planning {
    struct forecast_series series;
    struct forecast_miss miss;
    int32_t version;
    int64_t log_at;
};

static void plan_init(struct planning *p, struct demand_test *t) {
    *p = (struct planning){.version = 1};
    forecast_series_init(&p->series);
    forecast_miss_init(&p->miss);
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++)
        p->miss.errors[i] = (struct forecast_errors){.squares = 500 * 1600, .samples = 500};
    t->source.plan = (struct demand_plan){&p->series, &p->miss};
}

static void plan_each(struct planning *p, int64_t from, int64_t to, int64_t interval_ms,
                      double volume) {
    for (int64_t at = from; at < to; at += interval_ms) {
        struct forecast f = {.forecast_id = SLICE("wfm"),
                             .version = p->version,
                             .log_at = p->log_at,
                             .published_at = MONDAY,
                             .start_at = at,
                             .interval_ms = interval_ms,
                             .volume = volume,
                             .aht_ms = FORECAST_NONE,
                             .required_fte = FORECAST_NONE,
                             .shrinkage = FORECAST_NONE,
                             .p10 = FORECAST_NONE,
                             .p90 = FORECAST_NONE};
        struct forecast_version v = forecast_version_of(&f);
        forecast_series_put(&p->series, &v);
    }
}

/* A quarter of an hour each. */
static void plan(struct planning *p, int64_t from, int64_t to, double volume) {
    plan_each(p, from, to, BASELINE_SLOT_MS, volume);
}

/* A campaign brings three times as many all morning; they were planned for. */
static void what_is_forecast_is_no_spike(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    struct rng r;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    rng_init(&r, 3);
    for (int64_t n = 0; n < 3 * 360; n++)
        t->arrivals.steps[(from - MONDAY) / ARRIVAL_MS + n] = (int32_t)random_poisson(&r,
                                                                                      120.0 / 90);
    plan_init(&p, t);
    plan(&p, LIVE_AT - DAY_MS, from, 40);
    plan(&p, from, from + 3 * HOUR_MS, 120);
    plan(&p, from + 3 * HOUR_MS, LIVE_AT + 2 * DAY_MS, 40);
    run_to(t, LIVE_AT, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 0);
    forecast_series_deinit(&p.series);
}

static void what_is_forecast_and_does_not_come_is_a_drop(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    plan_init(&p, t);
    plan(&p, LIVE_AT - DAY_MS, from, 40);
    plan(&p, from, from + 3 * HOUR_MS, 120);
    plan(&p, from + 3 * HOUR_MS, LIVE_AT + 2 * DAY_MS, 40);
    run_to(t, LIVE_AT, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_DROP, TRANSITION_FIRING);
    const struct alert *a = &t->f.said[0].a;
    assert_true(a->condition_at > from && a->condition_at <= from + 30 * MINUTE_MS);
    assert_non_null(strstr(t->f.said[0].summary, " are forecast; "));
    forecast_series_deinit(&p.series);
}

/* Known by the plan alone, from the first hour on; nothing is judged that was not counted whole. */
static void forecasts_need_no_history(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    int64_t first = MONDAY + 6 * HOUR_MS + MINUTE_MS;
    int64_t burst = MONDAY + 9 * HOUR_MS;
    fill(t, first, MONDAY + DAY_MS, 3);
    fill(t, burst, burst + 10 * MINUTE_MS, 12);
    demand_state_deinit(&t->state);
    demand_state_init(&t->state, first);
    plan_init(&p, t);
    plan(&p, MONDAY, MONDAY + DAY_MS, 45);
    run_to(t, first, MONDAY + DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    const struct alert *a = &t->f.said[0].a;
    assert_true(a->condition_at > burst && a->condition_at <= burst + 8 * MINUTE_MS);
    assert_true(a->baseline > 14.9 && a->baseline < 45.1);
    forecast_series_deinit(&p.series);
}

/* Off by as much as they say, each day: the weeks know better. */
static void bad_forecasts_are_no_baseline(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    even_weeks(t, 24);
    int64_t from = LIVE_AT + DAY_MS + HOUR_MS;
    scale(t, from, from + 30 * MINUTE_MS, 4);
    plan_init(&p, t);
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++)
        p.miss.errors[i].excess = p.miss.errors[i].squares;
    plan(&p, LIVE_AT - DAY_MS, LIVE_AT + 3 * DAY_MS, 20);
    run_to(t, LIVE_AT, LIVE_AT + 2 * DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    assert_non_null(strstr(t->f.said[0].summary, " are usual; "));
    forecast_series_deinit(&p.series);
}

/* A fifth more all day long, as planned. */
static void a_busy_day_that_was_forecast_is_none(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    int64_t from = MONDAY + 56 * DAY_MS;
    even_weeks(t, 58);
    scale(t, from, from + DAY_MS, 1.2);
    warm_up(t, LIVE_AT, from);
    t->f.count = 0;
    plan_init(&p, t);
    plan(&p, from - DAY_MS, from, 40);
    plan(&p, from, from + DAY_MS, 48);
    t->scopes = 1000;
    run_to(t, from, from + DAY_MS);
    assert_int_equal(t->f.count, 0);
    forecast_series_deinit(&p.series);
}

/* Open from eight to six, as each day. */
static void open_hours(struct demand_test *t, int64_t days) {
    struct rng r;
    rng_init(&r, 5);
    for (int64_t n = 0; n < days * 8640; n++) {
        int64_t of_day = n % 8640 * ARRIVAL_MS;
        bool open = of_day >= 8 * HOUR_MS && of_day < 18 * HOUR_MS;
        t->arrivals.steps[n] = open ? (int32_t)random_poisson(&r, 40.0 / 90) : 0;
    }
    t->scopes = 10;
}

/* The forecast says just how many come, and not when. The opening is no spike and the night is no
 * drop: of those the weeks know. */
static void long_intervals_say_nothing_of_short_windows(void **state) {
    struct demand_test *t = *state;
    const int64_t lengths_ms[] = {HOUR_MS, 4 * HOUR_MS, DAY_MS};
    open_hours(t, 25);
    warm_up(t, MONDAY, LIVE_AT);
    for (int i = 0; i < 3; i++) {
        struct planning p;
        int64_t from = LIVE_AT + i * DAY_MS;
        plan_init(&p, t);
        for (int64_t at = from - DAY_MS; at < from + DAY_MS; at += lengths_ms[i]) {
            int64_t come = 0;
            for (int64_t n = 0; n < lengths_ms[i]; n += ARRIVAL_MS)
                come += t->arrivals.steps[(at + n - MONDAY) / ARRIVAL_MS];
            plan_each(&p, at, at + lengths_ms[i], lengths_ms[i], (double)come);
        }
        t->f.count = 0;
        run_to(t, from, from + DAY_MS);
        assert_int_equal(t->f.count, 0);
        forecast_series_deinit(&p.series);
    }
}

/* Nor do they stand for the quarters that make up a day. */
static void long_intervals_leave_the_day_to_the_weeks(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    int64_t from = MONDAY + 56 * DAY_MS;
    even_weeks(t, 58);
    scale(t, from, from + DAY_MS, 1.2);
    warm_up(t, LIVE_AT, from);
    t->f.count = 0;
    plan_init(&p, t);
    plan_each(&p, from - DAY_MS, from + DAY_MS, DAY_MS, 40 * 96);
    t->scopes = 1000;
    run_to(t, from, from + DAY_MS);
    assert_true(t->f.count > 0);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    forecast_series_deinit(&p.series);
}

/* Whatever else is read with it: steps before its time in the log do not know of it. */
static void a_forecast_counts_from_when_the_log_had_it(void **state) {
    struct demand_test *t = *state;
    struct planning p;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    plan_init(&p, t);
    plan(&p, LIVE_AT - DAY_MS, LIVE_AT + 2 * DAY_MS, 40);
    p.version = 2;
    p.log_at = from + HOUR_MS;
    plan(&p, from, from + 3 * HOUR_MS, 120);
    run_to(t, LIVE_AT, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_DROP, TRANSITION_FIRING);
    assert_int_equal(t->f.said[0].a.condition_at, p.log_at);
    forecast_series_deinit(&p.series);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, demand_setup, demand_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_forecast_is_no_spike),
        TEST(what_is_forecast_and_does_not_come_is_a_drop),
        TEST(forecasts_need_no_history),
        TEST(bad_forecasts_are_no_baseline),
        TEST(a_busy_day_that_was_forecast_is_none),
        TEST(long_intervals_say_nothing_of_short_windows),
        TEST(long_intervals_leave_the_day_to_the_weeks),
        TEST(a_forecast_counts_from_when_the_log_had_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
