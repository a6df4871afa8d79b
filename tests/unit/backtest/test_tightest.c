/* Is the tightest target the last one that no run of steps would have breached? */
#include "base/property.h"

#include "backtest/tightest.h"

#define STEPS_MAX 60
#define STEP_MS 10000

struct walk {
    bool at_least;
    int64_t hold_ms;
    size_t count;
    bool thin[STEPS_MAX];
    double value[STEPS_MAX];
};

/* An objective's judgement, word for word: the condition holds at each step for `hold`. */
static bool breaches(const struct walk *w, double target) {
    int64_t since = -1;
    for (size_t i = 0; i < w->count; i++) {
        bool misses = w->at_least ? w->value[i] < target : w->value[i] > target;
        if (w->thin[i] || !misses) {
            since = -1;
            continue;
        }
        if (since < 0)
            since = (int64_t)i;
        if (((int64_t)i - since) * STEP_MS >= w->hold_ms)
            return true;
    }
    return false;
}

/* Targets are only told apart by the values that come; a breach of any says that one was known. */
static bool naive(const struct walk *w, double *tightest) {
    bool found = false;
    double beyond = w->at_least ? 1000 : -1000;
    for (size_t i = 0; i < w->count; i++) {
        double target = w->value[i];
        if (w->thin[i] || breaches(w, target))
            continue;
        bool tighter = w->at_least ? target > *tightest : target < *tightest;
        if (!found || tighter)
            *tightest = target;
        found = true;
    }
    return found && breaches(w, beyond);
}

static void draw(struct rng *rng, struct walk *w) {
    *w = (struct walk){.at_least = rng_below(rng, 2) != 0,
                       .hold_ms = (int64_t)rng_below(rng, 5) * STEP_MS,
                       .count = rng_below(rng, STEPS_MAX + 1)};
    for (size_t i = 0; i < w->count; i++) {
        w->thin[i] = rng_below(rng, 8) == 0;
        w->value[i] = (double)rng_below(rng, 12);
    }
}

static void equals_what_trying_targets_finds(void **state) {
    (void)state;
    size_t known = 0;
    for (uint64_t seed = property_first_seed(); seed < property_first_seed() + 20000; seed++) {
        struct rng rng;
        struct walk w;
        struct tightest t;
        double expected = 0;
        rng_init(&rng, seed);
        draw(&rng, &w);
        tightest_init(&t, w.at_least, w.hold_ms);
        for (size_t k = 0; k < w.count; k++)
            tightest_step(&t, (int64_t)k * STEP_MS, w.thin[k], w.value[k]);
        bool found = naive(&w, &expected);
        REQUIRE(seed, t.known == found && (!found || t.value == expected));
        known += found;
        tightest_deinit(&t);
    }
    assert_true(known > 10000);
}

static void a_gap_below_the_sample_ends_a_run(void **state) {
    (void)state;
    struct tightest t;
    tightest_init(&t, true, 2 * STEP_MS);
    tightest_step(&t, 0, false, 0.1);
    tightest_step(&t, STEP_MS, false, 0.1);
    tightest_step(&t, 2 * STEP_MS, true, 0);
    tightest_step(&t, 3 * STEP_MS, false, 0.2);
    tightest_step(&t, 4 * STEP_MS, false, 0.2);
    assert_false(t.known); /* no run is as long as the hold */
    tightest_step(&t, 5 * STEP_MS, false, 0.3);
    assert_true(t.known);
    assert_true(t.value == 0.3);
    tightest_deinit(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_what_trying_targets_finds),
        cmocka_unit_test(a_gap_below_the_sample_ends_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
