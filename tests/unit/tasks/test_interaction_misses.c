/* Who missed what an objective measures, by name, and is what was not so taken back? */
#include "interaction_kit.h"

static void hear(void *context, const struct miss *m) {
    static const char *const kinds[] = {"late", "abandoned", "clock"};
    struct kit *k = context;
    kit_note(&k->facts, "%s" SLICE_FMT " %s %lld %lld", m->gone ? "gone " : "",
             SLICE_ARG(m->interaction_id), kinds[m->kind], (long long)(m->at - T0),
             (long long)m->wait_ms);
}

static void no_fact(void *context, const struct fact *fact) {
    (void)context, (void)fact;
}

static int setup(void **state) {
    kit_setup(state);
    struct kit *k = *state;
    k->out.miss = hear;
    k->out.fact = no_fact;
    return 0;
}

/* Thresholds are 20 s and 30 s; short is below 5 s. */
static void who_waits_beyond_a_threshold_is_told_when_it_passes(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 21 * S);
    kit_expect_facts(k, 1, "i late 20000 20000");
    kit_say(k, EVENT_ANSWERED, 40 * S);
    kit_expect_facts(k, 1, "i late 30000 30000");
}

static void who_gives_up_is_told_with_the_wait(void **state) {
    struct kit *k = *state;
    k->objectives[1].metric = METRIC_ABANDON_RATE;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ABANDONED, 12 * S);
    kit_expect_facts(k, 1, "i abandoned 12000 12000");
    struct event ev = kit_event(EVENT_QUEUED, 20 * S);
    ev.interaction_id = SLICE("short");
    kit_apply(k, ev);
    ev = kit_event(EVENT_ABANDONED, 24 * S);
    ev.interaction_id = SLICE("short");
    kit_apply(k, ev);
    kit_expect_facts(k, 0);
}

/* The answer came in time, and was heard of late. */
static void what_was_not_so_is_taken_back(void **state) {
    struct kit *k = *state;
    kit_say(k, EVENT_QUEUED, 0);
    kit_tick(k, 60 * S);
    kit_expect_facts(k, 2, "i late 20000 20000", "i late 30000 30000");
    kit_say(k, EVENT_ANSWERED, 25 * S);
    kit_expect_facts(k, 1, "gone i late 30000 30000");
    kit_reload(k);
    kit_tick(k, 10 * MINUTE_MS);
    kit_expect_facts(k, 0);
}

static void a_clock_that_ended_too_late(void **state) {
    struct kit *k = *state;
    k->objectives[0].metric = METRIC_ATTAINMENT;
    k->objectives[1].metric = METRIC_ATTAINMENT;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 21 * S);
    kit_expect_facts(k, 1, "i clock 21000 0");
}

static void nobody_asks_nothing_is_told(void **state) {
    struct kit *k = *state;
    k->objectives[0].metric = k->objectives[1].metric = METRIC_ASA_MS;
    kit_say(k, EVENT_QUEUED, 0);
    kit_say(k, EVENT_ANSWERED, 40 * S);
    kit_expect_facts(k, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, kit_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_waits_beyond_a_threshold_is_told_when_it_passes),
        TEST(who_gives_up_is_told_with_the_wait),
        TEST(what_was_not_so_is_taken_back),
        TEST(a_clock_that_ended_too_late),
        TEST(nobody_asks_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
