/* Is a real spike found, and chance alone seldom, at the rate that the contract sets? */
#include "demand_fixture.h"

static void two_days_are_enough_to_tell_a_burst(void **state) {
    struct demand_test *t = *state;
    fill(t, MONDAY, MONDAY + 10 * DAY_MS, 2);
    fill(t, MONDAY + DAY_MS, MONDAY + DAY_MS + HOUR_MS, 50);
    fill(t, MONDAY + 5 * DAY_MS + 9 * HOUR_MS, MONDAY + 5 * DAY_MS + 10 * HOUR_MS, 50);
    run_to(t, MONDAY, MONDAY + 4 * DAY_MS);
    assert_int_equal(t->f.count, 0);
    run_to(t, MONDAY + 4 * DAY_MS, MONDAY + 10 * DAY_MS);
    assert_int_equal(t->f.count, 2);
    assert_non_null(strstr(t->f.said[0].summary, " came on the busiest day so far; "));
}

static void expectation_of_the_contract_until_there_is_history(void **state) {
    struct demand_test *t = *state;
    t->rule.expected_per_ms = 15 * MINUTE_MS;
    t->rule.expected_volume = 45;
    int64_t burst = MONDAY + 6 * HOUR_MS;
    fill(t, MONDAY, MONDAY + DAY_MS, 3);
    fill(t, burst, burst + 10 * MINUTE_MS, 12);
    run_to(t, MONDAY, MONDAY + DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    said_is(&t->f, 1, ALERT_DEMAND_SPIKE, TRANSITION_RESOLVED);
    const struct alert *a = &t->f.said[0].a;
    assert_true(a->condition_at > burst && a->condition_at <= burst + 8 * MINUTE_MS);
    assert_int_equal(a->opened_at, a->condition_at);
    assert_true(a->p_value < demand_check_alpha(&t->rule, 1, 5 * MINUTE_MS));
    assert_true(a->observed >= a->threshold && a->observed >= a->baseline + 10);
    assert_int_equal(a->unit, UNIT_COUNT);
    assert_int_equal(a->window_end_at, a->condition_at);
    const char *sentence = t->f.said[0].summary;
    assert_non_null(strstr(sentence, " contacts came to queue PS at site main in "));
    assert_non_null(strstr(sentence, " are expected by the contract; by chance "));
    assert_non_null(
        strstr(sentence, "About 0.1 false alarms a day are to be expected over 1 scope."));
    assert_true(t->f.said[1].a.resolved_at > burst + 10 * MINUTE_MS);
    assert_true(t->f.said[1].a.resolved_at < burst + 90 * MINUTE_MS);
}

static void history_takes_over(void **state) {
    struct demand_test *t = *state;
    /* The contract expects far less than what comes: history knows better after two weeks. */
    t->rule.expected_per_ms = 15 * MINUTE_MS;
    t->rule.expected_volume = 45;
    fill(t, MONDAY, MONDAY + 22 * DAY_MS, 9);
    int64_t spike = MONDAY + 21 * DAY_MS + 10 * HOUR_MS;
    fill(t, spike, spike + 30 * MINUTE_MS, 30);
    run_to(t, MONDAY, MONDAY + 20 * DAY_MS);
    assert_int_equal(t->f.count, 2); /* one long false alarm, ended by knowledge */
    run_to(t, MONDAY + 20 * DAY_MS, MONDAY + 22 * DAY_MS);
    assert_int_equal(t->f.count, 4);
    assert_true(t->f.said[2].a.condition_at > spike);
    assert_true(t->f.said[2].a.condition_at < spike + 15 * MINUTE_MS);
    assert_true(t->f.said[2].a.baseline > 40 * t->f.said[2].a.observed / 1000);
    assert_non_null(strstr(t->f.said[2].summary, " are usual; "));
}

/* The same events, the clock only much later, as a feed that catches up: by event time all is as
 * ever, and nothing is said. */
static void late_feed_is_no_demand(void **state) {
    struct demand_test *t = *state;
    t->rule.expected_per_ms = 15 * MINUTE_MS;
    t->rule.expected_volume = 45;
    fill(t, MONDAY, MONDAY + DAY_MS, 3);
    int64_t silent = MONDAY + 6 * HOUR_MS;
    fill(t, silent, silent + HOUR_MS, 0);
    run_to(t, MONDAY, silent + HOUR_MS);
    fill(t, silent, silent + HOUR_MS, 3); /* all of it comes at once, with its own event time */
    run_to(t, silent + HOUR_MS, MONDAY + DAY_MS);
    assert_int_equal(t->f.count, 0);
}

static void small_excess_is_no_alert(void **state) {
    struct demand_test *t = *state;
    t->rule.expected_per_ms = 15 * MINUTE_MS;
    t->rule.expected_volume = 0.5;
    t->rule.min_excess = 50;
    fill(t, MONDAY + 6 * HOUR_MS, MONDAY + 6 * HOUR_MS + 40 * MINUTE_MS, 1);
    run_to(t, MONDAY, MONDAY + DAY_MS);
    assert_int_equal(t->f.count, 0);
}

static void alpha_shares_the_budget(void **state) {
    struct demand_test *t = *state;
    double one = demand_check_alpha(&t->rule, 1, 5 * MINUTE_MS);
    /* A tenth a day at most, nine parts of ten for spikes, in five checks, 288 chances a day. */
    assert_true(one > 0.999 * 0.018 / 288 / 0.9 && one < 1.001 * 0.018 / 288 / 0.9);
    assert_true(demand_check_alpha(&t->rule, 10, 5 * MINUTE_MS) == one);
    assert_true(demand_check_alpha(&t->rule, 100, 5 * MINUTE_MS) * 10 < one * 1.0001);
    /* domain 5.7: 4,800 independent checks a day and one false alarm make about 2e-4. */
    t->rule.window_count = 1;
    t->rule.windows_ms[0] = 15 * MINUTE_MS;
    double quarter = demand_check_alpha(&t->rule, 50, 15 * MINUTE_MS);
    assert_true(quarter > 2e-4 / 5 && quarter < 2e-4);
    t->rule.false_alarms_per_day = 1e9;
    assert_true(demand_check_alpha(&t->rule, 1, 5 * MINUTE_MS) <= 0.05);
}

/* Weekly shape, and a rate that varies by quarter of an hour with CV^2 0.04 (gamma of size 25). */
static void random_weeks(struct demand_test *t, struct rng *r, int days, double per_slot) {
    double rate = 0;
    for (int n = 0; n < days * 8640; n++) {
        if (n % 90 == 0)
            rate = random_gamma(r, 25);
        int hour = n / 360 % 24;
        double shape = (hour >= 8 && hour < 20 ? 1.5 : 0.5) * (n / 8640 % 7 < 5 ? 1.1 : 0.7);
        t->arrivals.steps[n] = (int32_t)random_poisson(r, rate * shape * per_slot / 90);
    }
}

/* Ten scopes, budget 1 a day over all: 10 x 21 days after 21 of warm-up. What is
 * said is within a factor 1.5 of the budget, and what chance does to so few. */
static void false_alarms_stay_within_budget(void **state) {
    struct demand_test *t = *state;
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    size_t fired = 0;
    for (int scope = 0; scope < 10; scope++) {
        int64_t live_at = MONDAY + 21 * DAY_MS;
        random_weeks(t, &r, 42, scope % 2 ? 20 : 100);
        demand_state_deinit(&t->state);
        demand_state_init(&t->state, MONDAY);
        char rule[16];
        snprintf(rule, sizeof(rule), "r%d", scope);
        t->rule.name = slice_of(rule);
        t->scopes = 10;
        warm_up(t, MONDAY, live_at);
        run_to(t, live_at, live_at + 21 * DAY_MS);
        for (size_t i = 0; i < t->f.count; i++) {
            const struct alert *a = &t->f.said[i].a;
            fired += a->transition == TRANSITION_FIRING && a->condition_at >= live_at;
        }
        judge_demand_drop(&t->f.ctx, &t->rule, &t->scope, &t->state, t->f.ctx.clock);
        t->f.count = 0;
    }
    print_message("false alarms in 21 days with a budget of 21: %zu\n", fired);
    REQUIRE(seed, fired >= 9 && fired <= 36);
}

static void small_rises_that_last_are_a_ramp(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    t->scopes = 10000; /* so that no hour of it is unusual enough by itself */
    scale(t, from, from + 5 * HOUR_MS, 1.4);
    run_to(t, LIVE_AT, LIVE_AT + 2 * DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    said_is(&t->f, 1, ALERT_DEMAND_SPIKE, TRANSITION_RESOLVED);
    const struct alert *a = &t->f.said[0].a;
    assert_true(a->condition_at > from + HOUR_MS && a->condition_at <= from + 5 * HOUR_MS);
    /* Found by what adds up: over more than any of the windows. */
    assert_true(a->window_end_at - a->window_start_at > HOUR_MS);
    assert_true(a->observed > a->baseline * 1.15 && a->observed < a->baseline * 1.5);
}

/* Nobody is there on a holiday: no drop, and the week after it is expected as ever. */
static void holidays_are_neither_drops_nor_learned(void **state) {
    struct demand_test *t = *state;
    struct calendar_day open[40];
    size_t count = 0;
    uint32_t first = (uint32_t)(MONDAY / DAY_MS);
    for (uint32_t day = 0; day < 40; day++)
        if (day != 21)
            open[count++] = (struct calendar_day){first + day, (first + day) * 86400};
    struct calendar hours = {.days = open, .day_count = count};
    hours.zone = t->f.contract.zone;
    struct expectation before;
    struct expectation after;
    const struct zone *zone = &t->f.ctx.contract->zone;
    int64_t next_week = LIVE_AT + 7 * DAY_MS + 9 * HOUR_MS;
    even_weeks(t, 24);
    scale(t, LIVE_AT, LIVE_AT + DAY_MS, 0);
    assert_true(baseline_expect(&t->state.baseline, zone, next_week, next_week + HOUR_MS, &before));
    t->f.contract.calendars = &hours;
    t->f.contract.calendar_count = 1;
    run_to(t, LIVE_AT, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 0);
    assert_true(baseline_expect(&t->state.baseline, zone, next_week, next_week + HOUR_MS, &after));
    assert_true(after.mean > 0.95 * before.mean);
    /* On a day when it should be open the same is told. */
    run_to(t, LIVE_AT + DAY_MS, LIVE_AT + 2 * DAY_MS);
    t->f.count = 0;
    scale(t, LIVE_AT + 2 * DAY_MS, LIVE_AT + 3 * DAY_MS, 0);
    run_to(t, LIVE_AT + 2 * DAY_MS, LIVE_AT + 2 * DAY_MS + 2 * HOUR_MS);
    assert_int_equal(t->f.count, 1);
    said_is(&t->f, 0, ALERT_DEMAND_DROP, TRANSITION_FIRING);
}

/* More all day long, in the ninth week; one alert that ends with the day. */
static const struct alert *busy_day(struct demand_test *t, double factor) {
    int64_t from = MONDAY + 56 * DAY_MS;
    even_weeks(t, 58);
    t->scopes = 1000;
    scale(t, from, from + DAY_MS, factor);
    warm_up(t, LIVE_AT, from - DAY_MS);
    run_to(t, from - DAY_MS, from + 2 * DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_SPIKE, TRANSITION_FIRING);
    said_is(&t->f, 1, ALERT_DEMAND_SPIKE, TRANSITION_RESOLVED);
    assert_true(t->f.said[0].a.condition_at > from + 2 * HOUR_MS);
    assert_true(t->f.said[1].a.resolved_at > from + 23 * HOUR_MS);
    assert_true(t->f.said[1].a.resolved_at < from + 26 * HOUR_MS);
    return &t->f.said[0].a;
}

static void a_day_that_is_busy_as_a_whole(void **state) {
    struct demand_test *t = *state;
    const struct alert *a = busy_day(t, 1.2);
    assert_int_equal(a->window_start_at, MONDAY + 56 * DAY_MS);
    assert_true(a->observed > a->baseline * 1.1 && a->observed < a->baseline * 1.3);
}

/* A burst in the night is over when it is over, however much of the day so far it was. */
static void a_burst_is_no_busy_day(void **state) {
    struct demand_test *t = *state;
    int64_t from = MONDAY + 56 * DAY_MS;
    even_weeks(t, 58);
    scale(t, from + 3 * HOUR_MS, from + 3 * HOUR_MS + 30 * MINUTE_MS, 4);
    warm_up(t, LIVE_AT, from - DAY_MS);
    t->f.count = 0;
    run_to(t, from - DAY_MS, from + DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 1, ALERT_DEMAND_SPIKE, TRANSITION_RESOLVED);
    assert_true(t->f.said[1].a.resolved_at < from + 5 * HOUR_MS);
}

/* Chance makes a ramp of its first hours; what goes on is the same alert. */
static void a_busy_day_that_begins_as_a_ramp_is_one_alert(void **state) {
    struct demand_test *t = *state;
    const struct alert *a = busy_day(t, 1.22);
    assert_true(a->window_start_at > MONDAY + 56 * DAY_MS);
}

static void too_few_are_a_drop(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    scale(t, from, from + HOUR_MS, 0.1);
    run_to(t, LIVE_AT, LIVE_AT + 2 * DAY_MS);
    assert_int_equal(t->f.count, 2);
    said_is(&t->f, 0, ALERT_DEMAND_DROP, TRANSITION_FIRING);
    said_is(&t->f, 1, ALERT_DEMAND_DROP, TRANSITION_RESOLVED);
    const struct alert *a = &t->f.said[0].a;
    assert_true(a->condition_at > from && a->condition_at <= from + 45 * MINUTE_MS);
    assert_true(a->observed <= a->threshold && a->threshold < a->baseline);
    assert_true(a->p_value < 1e-4);
    assert_non_null(strstr(t->f.said[0].summary, "Only "));
    assert_true(t->f.said[1].a.resolved_at > from + HOUR_MS);
    assert_true(t->f.said[1].a.resolved_at < from + 3 * HOUR_MS);
}

static void run_silent(struct demand_test *t, int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at += DEMAND_STEP_MS) {
        t->arrivals.now = at;
        t->f.ctx.clock = at + 700;
        judge_demand_step(&t->f.ctx, &t->rule, &t->scope, &t->state, &t->source, 10, false, at);
    }
}

/* Nothing comes for an hour, then all of it at once, each event with its own time. */
static void silent_feed_that_catches_up_is_no_drop(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    int32_t held[360];
    int32_t *steps = &t->arrivals.steps[(from - MONDAY) / ARRIVAL_MS];
    memcpy(held, steps, sizeof(held));
    memset(steps, 0, sizeof(held));
    run_to(t, LIVE_AT, from + MINUTE_MS);
    run_silent(t, from + MINUTE_MS, from + HOUR_MS);
    run_to(t, from + HOUR_MS, from + HOUR_MS + 10 * MINUTE_MS); /* heard again, not caught up */
    memcpy(steps, held, sizeof(held));
    run_to(t, from + HOUR_MS + 10 * MINUTE_MS, LIVE_AT + 2 * DAY_MS);
    assert_int_equal(t->f.count, 0);
}

/* It catches up slowly, and is not heard for some seconds on the way. */
static void short_silence_does_not_end_a_long_one(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    int64_t again = from + HOUR_MS;
    int32_t held[360];
    int32_t *steps = &t->arrivals.steps[(from - MONDAY) / ARRIVAL_MS];
    memcpy(held, steps, sizeof(held));
    memset(steps, 0, sizeof(held));
    run_to(t, LIVE_AT, from + MINUTE_MS);
    run_silent(t, from + MINUTE_MS, again);
    run_to(t, again, again + 5 * MINUTE_MS);
    run_silent(t, again + 5 * MINUTE_MS, again + 5 * MINUTE_MS + 30 * SECOND_MS);
    run_to(t, again + 5 * MINUTE_MS + 30 * SECOND_MS, again + 30 * MINUTE_MS);
    memcpy(steps, held, sizeof(held));
    run_to(t, again + 30 * MINUTE_MS, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 0);
}

/* The hour is never made good: no drop, and it is not learned as a quiet one either. */
static void silent_feed_is_not_learned(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    struct expectation before;
    struct expectation after;
    const struct zone *zone = &t->f.ctx.contract->zone;
    int64_t next_week = from + 7 * DAY_MS;
    scale(t, from, from + HOUR_MS, 0);
    run_to(t, LIVE_AT, from + MINUTE_MS);
    assert_true(baseline_expect(&t->state.baseline, zone, next_week, next_week + HOUR_MS, &before));
    run_silent(t, from + MINUTE_MS, from + HOUR_MS);
    run_to(t, from + HOUR_MS, LIVE_AT + DAY_MS);
    assert_int_equal(t->f.count, 0);
    assert_true(baseline_expect(&t->state.baseline, zone, next_week, next_week + HOUR_MS, &after));
    assert_true(after.mean > 0.9 * before.mean);
}

/* One contact an hour, and so hardly ever heard; on Mondays at nine there is a peak. It is learned,
 * and when it comes no more that is learned too, after the second time. */
static void quiet_site_is_learned(void **state) {
    struct demand_test *t = *state;
    const struct zone *zone = &t->f.ctx.contract->zone;
    int64_t peak = 9 * HOUR_MS;
    double means[8];
    for (int64_t hour = 0; hour < 8 * 168; hour++)
        t->arrivals.steps[hour * 360] = 1;
    for (int64_t week = 0; week < 4; week++)
        for (int64_t n = 0; n < 40; n++)
            t->arrivals.steps[(week * 7 * DAY_MS + peak) / ARRIVAL_MS + n * 2]++;
    for (int64_t week = 0; week < 8; week++) {
        for (int64_t at = MONDAY + week * 7 * DAY_MS; at < MONDAY + (week + 1) * 7 * DAY_MS;
             at += 5 * MINUTE_MS) {
            t->arrivals.now = at;
            t->f.ctx.clock = at + 700;
            judge_demand_step(&t->f.ctx, &t->rule, &t->scope, &t->state, &t->source, 10,
                              at % HOUR_MS == 0, at);
        }
        struct expectation e;
        int64_t from = MONDAY + 8 * 7 * DAY_MS + peak;
        bool known = baseline_expect(&t->state.baseline, zone, from, from + BASELINE_SLOT_MS, &e);
        means[week] = known ? e.mean : -1;
        known = baseline_expect(&t->state.baseline, zone, from + DAY_MS,
                                from + DAY_MS + BASELINE_SLOT_MS, &e);
        assert_true(week < 1 || (known && e.kind == BASELINE_WEEKS && e.mean < 3));
    }
    assert_true(means[3] > 35);
    assert_true(means[4] > 35); /* it may come late */
    assert_true(means[7] < 28);
    assert_int_equal(t->f.count, 0);
}

/* A short silence is forgiven soon: an hour later a real drop is told. */
static void shadow_is_no_longer_than_the_silence(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    int64_t from = LIVE_AT + 9 * HOUR_MS;
    run_to(t, LIVE_AT, from);
    run_silent(t, from, from + 2 * MINUTE_MS);
    scale(t, from + 10 * MINUTE_MS, from + HOUR_MS, 0);
    run_to(t, from + 2 * MINUTE_MS, from + HOUR_MS);
    assert_int_equal(t->f.count, 1);
    said_is(&t->f, 0, ALERT_DEMAND_DROP, TRANSITION_FIRING);
}

/* Yesterday's events once more, in yesterday's minutes: no minute of today has more of them. */
static void replay_of_yesterday_is_no_demand(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 23);
    run_to(t, LIVE_AT, LIVE_AT + DAY_MS + 9 * HOUR_MS);
    scale(t, LIVE_AT, LIVE_AT + DAY_MS, 2);
    run_to(t, LIVE_AT + DAY_MS + 9 * HOUR_MS, LIVE_AT + 2 * DAY_MS);
    assert_int_equal(t->f.count, 0);
}

/* Three times in a week is told; the same once more is what the scope is like. More is news. */
static void burst_that_keeps_coming_is_no_news(void **state) {
    struct demand_test *t = *state;
    even_weeks(t, 29);
    for (int day = 0; day < 6; day++) {
        int64_t from = LIVE_AT + day * DAY_MS + (9 + day) * HOUR_MS; /* never at its time of day */
        double factor = day < 3 ? 4 : day < 5 ? 3 : 8;
        scale(t, from, from + 30 * MINUTE_MS, factor);
    }
    run_to(t, LIVE_AT, LIVE_AT + 7 * DAY_MS);
    assert_int_equal(t->f.count, 8);
    for (size_t i = 0; i < t->f.count; i++)
        said_is(&t->f, i, ALERT_DEMAND_SPIKE, i % 2 ? TRANSITION_RESOLVED : TRANSITION_FIRING);
    const struct alert *last = &t->f.said[6].a;
    int64_t from = LIVE_AT + 5 * DAY_MS + 14 * HOUR_MS;
    assert_true(last->condition_at > from && last->condition_at < from + 30 * MINUTE_MS);
    /* Unusual before it was news. */
    assert_true(last->opened_at < last->condition_at);
}

static void saved_and_loaded(void **state) {
    struct demand_test *t = *state;
    struct rng r;
    rng_init(&r, 7);
    random_weeks(t, &r, 20, 40);
    fill(t, MONDAY + 17 * DAY_MS, MONDAY + 17 * DAY_MS + HOUR_MS, 60);
    run_to(t, MONDAY, MONDAY + 20 * DAY_MS);
    size_t whole = t->f.count;
    assert_true(whole >= 2);
    /* Again with restarts: the same alerts at the same checks. */
    struct said *straight = calloc(whole, sizeof(*straight));
    memcpy(straight, t->f.said, whole * sizeof(*straight));
    t->f.count = 0;
    episode_book_free(t->f.ctx.book);
    t->f.ctx.book = episode_book_new(SLICE("acme"), 1000);
    demand_state_deinit(&t->state);
    demand_state_init(&t->state, MONDAY);
    for (int64_t at = MONDAY; at < MONDAY + 20 * DAY_MS; at += 7 * HOUR_MS) {
        int64_t end = at + 7 * HOUR_MS;
        run_to(t, at, end < MONDAY + 20 * DAY_MS ? end : MONDAY + 20 * DAY_MS);
        struct buf b;
        buf_init(&b);
        demand_state_save(&t->state, &b);
        demand_state_deinit(&t->state);
        demand_state_init(&t->state, 0);
        struct cursor c = cursor_of(buf_slice(&b));
        assert_true(demand_state_load(&t->state, &c));
        buf_deinit(&b);
        judge_fixture_restart(&t->f);
    }
    assert_int_equal(t->f.count, whole);
    for (size_t i = 0; i < whole; i++) {
        assert_string_equal(t->f.said[i].id, straight[i].id);
        assert_string_equal(t->f.said[i].summary, straight[i].summary);
    }
    free(straight);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, demand_setup, demand_teardown)
    const struct CMUnitTest tests[] = {
        TEST(two_days_are_enough_to_tell_a_burst),
        TEST(expectation_of_the_contract_until_there_is_history),
        TEST(history_takes_over),
        TEST(late_feed_is_no_demand),
        TEST(small_excess_is_no_alert),
        TEST(alpha_shares_the_budget),
        TEST(false_alarms_stay_within_budget),
        TEST(small_rises_that_last_are_a_ramp),
        TEST(holidays_are_neither_drops_nor_learned),
        TEST(a_day_that_is_busy_as_a_whole),
        TEST(a_busy_day_that_begins_as_a_ramp_is_one_alert),
        TEST(too_few_are_a_drop),
        TEST(silent_feed_that_catches_up_is_no_drop),
        TEST(short_silence_does_not_end_a_long_one),
        TEST(a_burst_is_no_busy_day),
        TEST(silent_feed_is_not_learned),
        TEST(quiet_site_is_learned),
        TEST(shadow_is_no_longer_than_the_silence),
        TEST(replay_of_yesterday_is_no_demand),
        TEST(burst_that_keeps_coming_is_no_news),
        TEST(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
