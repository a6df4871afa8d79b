/* Does a queue fare as Erlang and Palm say, and are so many agents just enough? */
#include "core/erlang.h"

#include <math.h>

#include "base/property.h"
#include "core/erlang_vectors.h"

static void expect_near(double value, double expected, double tolerance, const char *what) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.12g instead of %.12g", what, value, expected);
}

/* Domain 5.5: 100 calls in 30 min, 180 s each. */
static void golden_5_erlang_c(void **state) {
    (void)state;
    static const struct erlang_queue calls = {10, 180000, ERLANG_ENDLESS};
    static const struct {
        int64_t agents;
        double waits, within, asa_ms;
    } rows[] = {{11, .682118, .389614, 122780},
                {12, .449388, .640158, 40440},
                {13, .285270, .795595, 17120},
                {14, .174132, .888350, 7836}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct erlang_state s = erlang_state(&calls, rows[i].agents, 20000);
        expect_near(s.waits, rows[i].waits, 5e-7, "waits");
        expect_near(s.within, rows[i].within, 5e-7, "within");
        expect_near(s.asa_ms, rows[i].asa_ms, 5, "asa");
    }
    expect_near(erlang_state(&calls, 14, 20000).occupancy, .7143, 5e-5, "occupancy");
    assert_int_equal(erlang_scheduled(14, 0.3), 20);
}

/* Domain 5.6: the same, and who waits gives up after 300 s in the mean. */
static void golden_6_erlang_a(void **state) {
    (void)state;
    static const struct erlang_queue calls = {10, 180000, 300000};
    static const struct {
        int64_t agents;
        double waits, abandons, wait_ms, occupancy, within;
    } rows[] = {{12, .3318, .0427, 12810, .7977, .7723},
                {13, .2258, .0250, 7489, .7500, .8582},
                {14, .1453, .0140, 4195, .7043, .9168}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct erlang_state s = erlang_state(&calls, rows[i].agents, 20000);
        expect_near(s.waits, rows[i].waits, 5e-5, "waits");
        expect_near(s.abandons, rows[i].abandons, 5e-5, "abandons");
        expect_near(s.wait_ms, rows[i].wait_ms, 5, "wait");
        expect_near(s.occupancy, rows[i].occupancy, 5e-5, "occupancy");
        expect_near(s.within, rows[i].within, 5e-5, "within");
    }
    struct erlang_state s = erlang_state(&calls, 13, 20000);
    expect_near(s.within / (1 - s.abandons), .8802, 1e-4, "within of those served");
}

static void vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(erlang_vectors) / sizeof(erlang_vectors[0]); i++) {
        const struct erlang_vector *v = &erlang_vectors[i];
        struct erlang_state s = erlang_state(&v->queue, v->agents, v->within_ms);
        expect_near(s.waits, v->state.waits, 1e-12, "waits");
        expect_near(s.within, v->state.within, 1e-12, "within");
        expect_near(s.still_waiting, v->state.still_waiting, 1e-12, "still waiting");
        expect_near(s.abandons, v->state.abandons, 1e-12, "abandons");
        expect_near(s.wait_ms / v->state.wait_ms, 1, 1e-10, "wait");
        expect_near(s.asa_ms / v->state.asa_ms, 1, 1e-10, "asa");
        expect_near(s.occupancy, v->state.occupancy, 1e-12, "occupancy");
    }
}

/* A queue played call by call: arrivals, one line, agents; who waits longer than his patience
 * leaves. Nothing of the formulas is in it. */
struct play {
    struct rng rng;
    double free_at[16];
    int agents;
};

/* The wait until an agent is free; the agent is taken unless the caller gives up before. */
static double play_call(struct play *p, const struct erlang_queue *q, double at, bool *answered) {
    int first = 0;
    for (int i = 1; i < p->agents; i++)
        if (p->free_at[i] < p->free_at[first])
            first = i;
    double wait = fmax(p->free_at[first] - at, 0);
    double patience = rng_exponential(&p->rng, q->patience_ms);
    *answered = wait <= patience;
    if (!*answered)
        return patience;
    p->free_at[first] = at + wait + rng_exponential(&p->rng, q->handle_ms);
    return wait;
}

static void a_queue_that_is_played_fares_as_said(void **state) {
    (void)state;
    static const struct erlang_queue queues[] = {{10, 180000, 300000}, {14, 180000, 60000}};
    enum { CALLS = 400000 };
    for (size_t i = 0; i < 2; i++) {
        const struct erlang_queue *q = &queues[i];
        struct play p = {.agents = 12};
        rng_init(&p.rng, property_first_seed() + i);
        double at = 0, waited = 0;
        int within = 0, abandoned = 0, still = 0;
        for (int n = 0; n < CALLS; n++) {
            bool answered;
            at += rng_exponential(&p.rng, q->handle_ms / q->offered);
            double wait = play_call(&p, q, at, &answered);
            waited += wait;
            within += answered && wait <= 20000;
            still += wait > 20000;
            abandoned += !answered;
        }
        struct erlang_state s = erlang_state(q, p.agents, 20000);
        expect_near(within / (double)CALLS, s.within, 0.01, "within");
        expect_near(still / (double)CALLS, s.still_waiting, 0.01, "still waiting");
        expect_near(abandoned / (double)CALLS, s.abandons, 0.004, "abandons");
        expect_near(waited / CALLS / s.wait_ms, 1, 0.04, "wait");
    }
}

static bool most_are_in_time(const struct erlang_queue *q, int64_t agents, const void *share) {
    return erlang_state(q, agents, 20000).within >= *(const double *)share;
}

static void so_many_agents_are_just_enough(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 300; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct erlang_queue q = {exp(rng_unit(&r) * 9 - 3), exp(rng_unit(&r) * 5 + 9),
                                 rng_below(&r, 3) == 0 ? ERLANG_ENDLESS
                                                       : exp(rng_unit(&r) * 9 + 8)};
        double share = 0.5 + rng_unit(&r) * 0.49;
        int64_t agents = erlang_agents(&q, most_are_in_time, &share);
        REQUIRE(seed, agents >= 0 && most_are_in_time(&q, agents, &share));
        REQUIRE(seed, agents == 0 || !most_are_in_time(&q, agents - 1, &share));
    }
    double share = 0.8;
    struct erlang_queue calls = {10, 180000, ERLANG_ENDLESS};
    assert_int_equal(erlang_agents(&calls, most_are_in_time, &share), 14);
    calls.patience_ms = 300000;
    assert_int_equal(erlang_agents(&calls, most_are_in_time, &share), 13);
    calls.offered = 2.0 * ERLANG_AGENTS_MOST;
    assert_int_equal(erlang_agents(&calls, most_are_in_time, &share), -1);
}

/* Shares add up, nothing is infinite or negative, and one agent more is never worse: from a
 * hundredth of an erlang to ten thousand, from callers who hang up at once to those who wait. */
static void any_load_and_any_patience(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 2000; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct erlang_queue q = {exp(rng_unit(&r) * 13 - 4), 180000,
                                 180000 * exp(rng_unit(&r) * 22 - 9)};
        int64_t agents = (int64_t)(q.offered * (0.3 + rng_unit(&r) * 1.2));
        struct erlang_state s = erlang_state(&q, agents, 20000);
        struct erlang_state more = erlang_state(&q, agents + 1, 20000);
        double fine = 1e-11 + 1e-14 * q.offered * q.patience_ms / q.handle_ms;
        double gone = 1 - s.within - s.still_waiting; /* gave up before */
        REQUIRE(seed, s.within >= 0 && s.within <= 1 && gone > -fine);
        REQUIRE(seed, gone <= s.abandons + fine && s.still_waiting <= s.waits + fine);
        REQUIRE(seed, isfinite(s.wait_ms) && s.wait_ms >= 0 && s.occupancy <= 1 + fine);
        REQUIRE(seed, more.within >= s.within - fine && more.abandons <= s.abandons + fine);
        REQUIRE(seed, agents == 0 || s.asa_ms >= 0);
    }
}

static void edges(void **state) {
    (void)state;
    expect_near(erlang_b(10, 10), 0.214582343, 1e-9, "the usual table of B");
    struct erlang_queue q = {0, 180000, 300000};
    expect_near(erlang_state(&q, 0, 20000).within, 1, 0, "nobody comes");
    q.offered = 5;
    expect_near(erlang_state(&q, 0, 20000).abandons, 1, 0, "nobody is there");
    expect_near(erlang_state(&q, 0, 20000).within, 0, 0, "nobody is there");
    expect_near(erlang_state(&q, 5000, 20000).within, 1, 0, "more agents than needed");
    q.patience_ms = ERLANG_ENDLESS;
    assert_true(isinf(erlang_state(&q, 5, 20000).wait_ms));
    expect_near(erlang_state(&q, 5, 20000).within, 0, 0, "no end");
    struct erlang_queue large = {90000, 300000, 120000};
    assert_true(erlang_state(&large, 90000, 20000).within > 0.9);
    assert_true(erlang_state(&large, 60000, 20000).abandons > 0.33);
}

/* Callers of a patience without measure are those of Erlang C, where the queue has an end. */
static void long_patience_comes_near_erlang_c(void **state) {
    (void)state;
    struct erlang_queue endless = {95, 240000, ERLANG_ENDLESS};
    struct erlang_queue patient = {95, 240000, 240000 * 1e6};
    struct erlang_state c = erlang_state(&endless, 100, 20000);
    struct erlang_state a = erlang_state(&patient, 100, 20000);
    expect_near(a.waits, c.waits, 1e-5, "waits");
    expect_near(a.within, c.within, 1e-5, "within");
    expect_near(a.asa_ms / c.asa_ms, 1, 1e-5, "asa");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_5_erlang_c),
        cmocka_unit_test(golden_6_erlang_a),
        cmocka_unit_test(vectors),
        cmocka_unit_test(a_queue_that_is_played_fares_as_said),
        cmocka_unit_test(so_many_agents_are_just_enough),
        cmocka_unit_test(any_load_and_any_patience),
        cmocka_unit_test(edges),
        cmocka_unit_test(long_patience_comes_near_erlang_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
