/* Is a day that is busy as a whole told from one that is as days are? */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/property.h"
#include "core/demand_day.h"
#include "core/negbin.h"
#include "random_counts.h"

#define MONDAY INT64_C(1767571200000) /* 2026-01-05T00:00Z */
#define PER_SLOT 40.0
#define WEEKS 5

static const struct zone utc = {.name = {"UTC", 3}};

struct days {
    struct baseline b;
    struct demand_day d;
    struct rng r;
    int64_t now;
};

/* A quarter at this level, learned at once. */
static void pass_quarter(struct days *t, double level, bool heard) {
    int64_t parts[DISPERSION_PARTS];
    int64_t count = 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        count += parts[i] = random_poisson(&t->r, level * PER_SLOT / DISPERSION_PARTS);
    t->now += BASELINE_SLOT_MS;
    demand_day_add(&t->d, &t->b, &utc, t->now, count, heard);
    baseline_learn(&t->b, &utc, t->now - BASELINE_SLOT_MS, parts, true);
}

static void pass_day(struct days *t, double level) {
    for (int i = 0; i < BASELINE_DAY_SLOTS; i++)
        pass_quarter(t, level, true);
}

/* Days of CV2 0.0025: five in a hundred more or less. */
static void begin(struct days *t, uint64_t seed) {
    *t = (struct days){.now = MONDAY};
    rng_init(&t->r, seed);
    baseline_init(&t->b, MONDAY);
    demand_day_init(&t->d);
    for (int day = 0; day < 7 * WEEKS; day++)
        pass_day(t, random_gamma(&t->r, 400));
}

static double p_now(const struct days *t) {
    struct expectation e;
    assert_true(demand_day_expect(&t->d, &t->b, &e));
    return negbin_upper(e.mean, e.size, (int64_t)t->d.count);
}

static void busy_day_is_improbable_and_an_ordinary_one_is_not(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct days t;
    begin(&t, seed);
    for (int i = 0; i < BASELINE_DAY_SLOTS / 2; i++)
        pass_quarter(&t, 1.05, true);
    REQUIRE(seed, p_now(&t) > 0.02);
    for (int i = 0; i < BASELINE_DAY_SLOTS / 2; i++)
        pass_quarter(&t, 1.05, true);
    pass_day(&t, 1);
    for (int i = 0; i < BASELINE_DAY_SLOTS / 2; i++)
        pass_quarter(&t, 1.45, true);
    REQUIRE(seed, p_now(&t) < 1e-3);
    baseline_deinit(&t.b);
}

static void nothing_is_known_too_early(void **state) {
    (void)state;
    struct days t = {.now = MONDAY};
    struct expectation e;
    rng_init(&t.r, 2);
    baseline_init(&t.b, MONDAY);
    demand_day_init(&t.d);
    /* Two weeks until a slot is known, seven days until it is known how days vary. */
    for (int day = 0; day < 21; day++)
        for (int i = 0; i < BASELINE_DAY_SLOTS; i++) {
            pass_quarter(&t, 1, true);
            assert_false(demand_day_expect(&t.d, &t.b, &e));
        }
    for (int i = 0; i < 7; i++) {
        pass_quarter(&t, 1, true);
        assert_false(demand_day_expect(&t.d, &t.b, &e));
    }
    pass_quarter(&t, 1, true);
    assert_true(demand_day_expect(&t.d, &t.b, &e));
    assert_int_equal(t.d.judged_at - t.d.since_at, 2 * HOUR_MS);
    baseline_deinit(&t.b);
}

static void silence_spoils_the_day_and_no_other(void **state) {
    (void)state;
    struct days t;
    struct expectation e;
    begin(&t, 3);
    for (int i = 0; i < 40; i++)
        pass_quarter(&t, 1, true);
    pass_quarter(&t, 1, false);
    for (int i = 0; i < 55; i++) {
        assert_false(demand_day_expect(&t.d, &t.b, &e));
        pass_quarter(&t, 1, true);
    }
    for (int i = 0; i < 40; i++)
        pass_quarter(&t, 1, true);
    assert_true(demand_day_expect(&t.d, &t.b, &e));
    assert_true(e.mean > 39 * PER_SLOT && e.mean < 41 * PER_SLOT);
    baseline_deinit(&t.b);
}

/* Closed all day: no measure of how open days vary. */
static void holiday_is_no_days_level(void **state) {
    (void)state;
    struct days t;
    begin(&t, 4);
    double excess = t.d.excess;
    double samples = t.d.samples;
    pass_day(&t, 0);
    pass_quarter(&t, 1, true);
    assert_true(t.d.samples < samples + 0.9); /* only the day before */
    assert_true(t.d.excess < excess + 1e5);
    baseline_deinit(&t.b);
}

static void saved_and_loaded(void **state) {
    (void)state;
    struct days t;
    struct demand_day back;
    begin(&t, 5);
    for (int i = 0; i < 33; i++)
        pass_quarter(&t, 1.2, true);
    struct buf b;
    buf_init(&b);
    demand_day_save(&t.d, &b);
    demand_day_init(&back);
    struct cursor c = cursor_of(buf_slice(&b));
    demand_day_load(&back, &c);
    assert_true(!c.failed && c.at == c.end);
    struct expectation e;
    struct expectation f;
    assert_true(demand_day_expect(&t.d, &t.b, &e) && demand_day_expect(&back, &t.b, &f));
    assert_true(e.mean == f.mean && e.size == f.size && back.count == t.d.count);
    assert_true(back.day_at == t.d.day_at && back.samples == t.d.samples);
    assert_true(back.spread == t.d.spread && back.spread > 0);
    buf_reset(&b);
    back.spread = NAN;
    demand_day_save(&back, &b);
    c = cursor_of(buf_slice(&b));
    demand_day_load(&back, &c);
    assert_true(c.failed);
    buf_deinit(&b);
    baseline_deinit(&t.b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_day_is_improbable_and_an_ordinary_one_is_not),
        cmocka_unit_test(nothing_is_known_too_early),
        cmocka_unit_test(silence_spoils_the_day_and_no_other),
        cmocka_unit_test(holiday_is_no_days_level),
        cmocka_unit_test(saved_and_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
