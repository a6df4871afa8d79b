/* Is a forecast that misses told, in either direction, as seldom by chance as was asked for? */
#include "judge_fixture.h"

#include <math.h>

#include "base/property.h"
#include "core/judge_forecast.h"

#define LENGTH_MS (15 * MINUTE_MS)
#define START (INT64_C(1000) * DAY_MS)
#define DAYS 64
#define INTERVALS (DAYS * 96)

/* One queue: what was forecast of each interval, and what came. */
struct queue {
    struct judge_fixture f;
    struct demand_rule rule;
    struct scope scope;
    struct forecast_series series;
    struct forecast_source source;
    struct forecast_miss miss;
    int64_t came[INTERVALS];
    int64_t at; /* the next interval */
};

static int64_t count_came(void *context, int64_t from_at, int64_t to_at) {
    const struct queue *q = context;
    int64_t sum = 0;
    for (int64_t i = (from_at - START) / LENGTH_MS; i < (to_at - START) / LENGTH_MS; i++)
        sum += q->came[i];
    return sum;
}

static struct queue *queue_new(void) {
    struct queue *q = calloc(1, sizeof(*q));
    assert_non_null(q);
    judge_fixture_init(&q->f);
    q->rule = (struct demand_rule){.name = SLICE("demand"),
                                   .false_alarms_per_day = 1,
                                   .min_excess = 10,
                                   .severity = SEVERITY_MAJOR};
    q->scope = scope_site_queue("main", "billing");
    forecast_series_init(&q->series);
    q->source = (struct forecast_source){.context = q,
                                         .count = count_came,
                                         .series = &q->series,
                                         .from_at = START,
                                         .series_of_rule = 1,
                                         .heard = true};
    forecast_miss_init(&q->miss);
    return q;
}

static void queue_free(struct queue *q) {
    forecast_series_deinit(&q->series);
    judge_fixture_deinit(&q->f);
    free(q);
}

static void plan(struct queue *q, int64_t i, double volume) {
    struct forecast_version v = {.start_at = START + i * LENGTH_MS,
                                 .published_at = START + i * LENGTH_MS - HOUR_MS,
                                 .interval_ms = LENGTH_MS,
                                 .volume = volume,
                                 .p10 = FORECAST_NONE,
                                 .p90 = FORECAST_NONE};
    forecast_series_put(&q->series, &v);
}

static void judge(struct queue *q) {
    int64_t end_at = START + q->at * LENGTH_MS;
    for (int64_t at = end_at - LENGTH_MS; at < end_at; at += FORECAST_GRID_MS) {
        int64_t step_at = at + FORECAST_GRID_MS + FORECAST_SETTLE_MS;
        q->f.ctx.clock = step_at;
        judge_forecast_step(&q->f.ctx, &q->rule, &q->scope, &q->miss, &q->source, step_at);
    }
}

static void pass(struct queue *q, double volume, int64_t came) {
    if (volume >= 0)
        plan(q, q->at, volume);
    q->came[q->at] = came;
    q->at++;
    judge(q);
}

static void pass_many(struct queue *q, int intervals, double volume, int64_t came) {
    for (int i = 0; i < intervals; i++)
        pass(q, volume, came);
}

static void more_than_was_forecast(void **state) {
    (void)state;
    struct queue *q = queue_new();
    pass_many(q, 96, 40, 40);
    assert_int_equal(q->f.count, 0);
    pass_many(q, 4, 40, 90);
    assert_int_equal(q->f.count, 1);
    said_is(&q->f, 0, ALERT_FORECAST_MISS, TRANSITION_FIRING);
    const struct alert *a = &q->f.said[0].a;
    assert_int_equal(a->window_end_at, START + 97 * LENGTH_MS);
    assert_int_equal(a->condition_at, a->window_end_at + FORECAST_SETTLE_MS);
    assert_int_equal(a->observed, 90);
    assert_int_equal(a->baseline, 40);
    assert_true(a->threshold > 40 && a->threshold <= 90 && a->p_value < 1e-4);
    assert_int_equal(a->unit, UNIT_COUNT);
    assert_string_equal(q->f.said[0].key, "acme|acme-support|demand|forecast_miss|"
                                          "site=main/queue=billing||");
    assert_non_null(strstr(q->f.said[0].summary, "90 contacts came to queue billing at site main "
                                                 "in 15 min where the forecast says 40;"));
    judge_fixture_restart(&q->f);
    pass_many(q, 20, 40, 40);
    assert_int_equal(q->f.count, 2);
    said_is(&q->f, 1, ALERT_FORECAST_MISS, TRANSITION_RESOLVED);
    queue_free(q);
}

static void less_than_was_forecast(void **state) {
    (void)state;
    struct queue *q = queue_new();
    pass_many(q, 96, 40, 40);
    q->source.heard = false; /* a dead feed is no missing demand */
    pass_many(q, 4, 40, 2);
    assert_int_equal(q->f.count, 0);
    pass_many(q, 20, 40, 40);
    q->source.heard = true;
    q->f.ctx.completeness = 0.5;
    pass_many(q, 4, 40, 2);
    assert_int_equal(q->f.count, 0);
    q->f.ctx.completeness = 1;
    pass_many(q, 1, 40, 2);
    assert_int_equal(q->f.count, 1);
    assert_non_null(strstr(q->f.said[0].summary, "Only "));
    for (int i = 0; i < 12; i++)
        pass(q, -1, 0); /* nobody forecasts any more */
    assert_int_equal(q->f.count, 2);
    said_is(&q->f, 1, ALERT_FORECAST_MISS, TRANSITION_EXPIRED);
    queue_free(q);
}

static void what_is_corrected_is_voided(void **state) {
    (void)state;
    struct queue *q = queue_new();
    pass_many(q, 96, 40, 40);
    pass(q, 40, 90);
    assert_int_equal(q->f.count, 1);
    q->came[96] = 88; /* some were counted twice */
    int64_t step_at = START + 97 * LENGTH_MS + FORECAST_SETTLE_MS;
    int64_t from_at = START + 96 * LENGTH_MS;
    judge_forecast_revise(&q->f.ctx, &q->rule, &q->scope, &q->miss, &q->source, from_at, step_at);
    assert_int_equal(q->f.count, 1);
    q->came[96] = 45;
    judge_forecast_revise(&q->f.ctx, &q->rule, &q->scope, &q->miss, &q->source, from_at + LENGTH_MS,
                          step_at); /* later counts are none of it */
    assert_int_equal(q->f.count, 1);
    judge_forecast_revise(&q->f.ctx, &q->rule, &q->scope, &q->miss, &q->source, from_at, step_at);
    assert_int_equal(q->f.count, 2);
    said_is(&q->f, 1, ALERT_FORECAST_MISS, TRANSITION_VOIDED);
    queue_free(q);
}

/* Planners whose forecasts are always far off are told of nothing that is usual for them. */
static void errors_are_learned(void **state) {
    (void)state;
    struct queue *q = queue_new();
    struct rng r;
    rng_init(&r, property_first_seed());
    for (int i = 0; i < 20 * 96; i++)
        pass(q, 40, rng_below(&r, 2) ? 20 : 60);
    size_t learned = q->f.count;
    for (int i = 0; i < 20 * 96; i++)
        pass(q, 40, rng_below(&r, 2) ? 20 : 60);
    assert_int_equal(q->f.count, learned);
    queue_free(q);
}

static int64_t poisson(struct rng *r, double mean) {
    int64_t n = 0;
    double at = rng_exponential(r, 1);
    while (at < mean) {
        at += rng_exponential(r, 1);
        n++;
    }
    return n;
}

/* Arrivals that vary by CV^2 = 0.04 around a right forecast, by the interval; 40 queues. */
static void false_alarms_are_as_seldom_as_asked_for(void **state) {
    (void)state;
    enum { QUEUES = 40, WARM_DAYS = 14 };
    size_t fired = 0;
    for (uint64_t seed = property_first_seed(), n = 0; n < QUEUES; n++) {
        struct queue *q = queue_new();
        struct rng r;
        rng_init(&r, seed * 1000 + n);
        q->source.series_of_rule = QUEUES;
        q->rule.false_alarms_per_day = 5;
        size_t warm = 0;
        for (int i = 0; i < INTERVALS; i++) {
            double mean = 40 * (1 + 0.8 * sin(i * 6.283 / 96)), busy = 0;
            for (int k = 0; k < 25; k++)
                busy += rng_exponential(&r, 1.0 / 25);
            pass(q, mean, poisson(&r, mean * busy));
            if (i == WARM_DAYS * 96)
                warm = q->f.count;
            if (i % 96 == 0)
                forecast_series_forget(&q->series, START + (i - 200) * LENGTH_MS);
        }
        for (size_t k = warm; k < q->f.count; k++)
            fired += q->f.said[k].a.transition == TRANSITION_FIRING;
        queue_free(q);
    }
    print_message("%zu false alarms, %d were allowed\n", fired, DAYS - WARM_DAYS);
    assert_true(fired <= 75 && fired >= 15); /* a fifth of 5 a day, for 50 days */
}

/* Bounds of its own that leave everything open, and volumes next to nothing. */
static void what_forecasts_say_of_themselves_has_a_bound(void **state) {
    (void)state;
    const double volumes[] = {0, 1e-300, 1e-200, 1, 1e9}, p90s[] = {1, 1e9};
    const int64_t came[] = {0, 5, 1000000};
    for (unsigned n = 0; n < 5 * 2 * 3; n++) {
        struct queue *q = queue_new();
        for (int64_t i = 0; i < 20; i++) {
            struct forecast_version v = {.start_at = START + i * LENGTH_MS,
                                         .interval_ms = LENGTH_MS,
                                         .volume = volumes[n % 5],
                                         .p90 = p90s[n / 5 % 2]};
            forecast_series_put(&q->series, &v);
            pass(q, -1, i < 18 ? 5 : came[n / 10]);
        }
        queue_free(q);
    }
}

static void what_was_told_is_loaded_in_its_bounds(void **state) {
    (void)state;
    struct forecast_miss usual, m;
    forecast_miss_init(&usual);
    usual.told = true;
    usual.from_at = START;
    usual.to_at = START + LENGTH_MS;
    usual.size = 25;
    usual.alpha = 1e-4;
#define LOADS(change, good)                                                                        \
    do {                                                                                           \
        struct buf b;                                                                              \
        buf_init(&b);                                                                              \
        m = usual;                                                                                 \
        m.change;                                                                                  \
        forecast_miss_save(&m, &b);                                                                \
        struct cursor c = cursor_of(buf_slice(&b));                                                \
        forecast_miss_load(&m, &c);                                                                \
        assert_int_equal(!c.failed, good);                                                         \
        buf_deinit(&b);                                                                            \
    } while (0)
    LOADS(size = 0.04, true);
    LOADS(size = 1e-18, false);
    LOADS(size = (double)NAN, false);
    LOADS(alpha = (double)NAN, false);
    LOADS(from_at = INSTANT_NONE, false);
    LOADS(to_at = INSTANT_MAX, false);
    LOADS(errors[1].squares = (double)HUGE_VAL, false);
    LOADS(errors[2].excess = (double)NAN, false);
}

static void bytes_are_whole(void **state) {
    (void)state;
    struct queue *q = queue_new();
    pass_many(q, 96, 40, 40);
    pass(q, 40, 90);
    struct buf one, two;
    buf_init(&one);
    buf_init(&two);
    forecast_miss_save(&q->miss, &one);
    struct forecast_miss other;
    forecast_miss_init(&other);
    struct cursor c = cursor_of(buf_slice(&one));
    forecast_miss_load(&other, &c);
    assert_true(!c.failed && cursor_left(&c) == 0);
    forecast_miss_save(&other, &two);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    assert_true(other.told);
    buf_deinit(&one);
    buf_deinit(&two);
    queue_free(q);
}

/* By the least length that errors are known of and that is not shorter. */
static void errors_are_of_the_length_that_is_asked_for(void **state) {
    (void)state;
    struct queue *q = queue_new();
    struct forecast_view v;
    for (int64_t i = 0; i < 24; i++)
        plan(q, i, 40);
    for (unsigned i = 0; i < FORECAST_LENGTHS; i++)
        q->miss.errors[i] = (struct forecast_errors){
            .excess = (i + 1) * 1600e6, .squares = 1600e6, .samples = 1e6};
    const struct {
        int64_t asked_ms, learned_ms;
        double cv2, mean;
    } cases[] = {{5 * MINUTE_MS, LENGTH_MS, 1, 40 / 3.0}, {LENGTH_MS, LENGTH_MS, 1, 40},
                 {2 * LENGTH_MS, HOUR_MS, 2, 80},         {HOUR_MS, HOUR_MS, 2, 160},
                 {2 * HOUR_MS, 4 * HOUR_MS, 3, 320},      {5 * HOUR_MS, 4 * HOUR_MS, 3, 800}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t to_at = START + 6 * HOUR_MS;
        assert_true(forecast_miss_expect(&q->miss, &q->series, to_at - cases[i].asked_ms, to_at,
                                         INSTANT_MAX, &v));
        assert_int_equal(v.learned_ms, cases[i].learned_ms);
        assert_int_equal(v.longest_ms, LENGTH_MS);
        assert_true(fabs(v.mean - cases[i].mean) < 1e-9);
        assert_true(fabs(v.cv2 - cases[i].cv2) < 0.01);
    }
    assert_false(
        forecast_miss_expect(&q->miss, &q->series, START - LENGTH_MS, START + 1, INSTANT_MAX, &v));
    queue_free(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_was_forecast),
        cmocka_unit_test(less_than_was_forecast),
        cmocka_unit_test(what_is_corrected_is_voided),
        cmocka_unit_test(errors_are_learned),
        cmocka_unit_test(false_alarms_are_as_seldom_as_asked_for),
        cmocka_unit_test(what_forecasts_say_of_themselves_has_a_bound),
        cmocka_unit_test(errors_are_of_the_length_that_is_asked_for),
        cmocka_unit_test(what_was_told_is_loaded_in_its_bounds),
        cmocka_unit_test(bytes_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
