/* What do several interactions of one person come to? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/fold.h"
#include "core/journey.h"

#define S SECOND_MS
#define T0 INT64_C(1700000000000)

static struct journey_member member(uint64_t interaction, int64_t began_ms, int64_t ended_ms) {
    return (struct journey_member){.part = {.journey = 7,
                                            .began_at = T0 + began_ms,
                                            .ended_at = T0 + ended_ms,
                                            .wait_ms = 10 * S,
                                            .handle_ms = 60 * S,
                                            .visits = 1,
                                            .legs = 1},
                                   .interaction = interaction,
                                   .resolved_at = INSTANT_NONE};
}

static int64_t counted(const struct journey_sum *sum, enum counter c) {
    return sum->counts[c - COUNTER_JOURNEYS];
}

/* Passed on three times, through three interactions: one journey with its whole wait. */
static void who_is_passed_on_is_one_journey(void **state) {
    (void)state;
    struct journey_member m[] = {member(1, 0, 90 * S), member(2, 90 * S, 200 * S),
                                 member(3, 260 * S, 400 * S)};
    m[0].part.transfers = 1;
    m[1].part.transfers = 2;
    m[1].part.visits = m[1].part.legs = 2;
    m[2].resolved_at = T0 + 390 * S;
    struct journey_sum sum;
    assert_int_equal(journey_first(m, 3, &sum), 3);
    assert_true(sum.over);
    assert_int_equal(sum.ended_at, T0 + 400 * S);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_WAITED), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEY_WAIT_MS), 30 * S);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_HANDLED), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEY_HANDLE_MS), 180 * S);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_TRANSFERRED), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEY_TRANSFERS), 3);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_RESOLVED), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEY_RESOLUTION_MS), 390 * S);
}

static void nothing_counts_while_one_is_open(void **state) {
    (void)state;
    struct journey_member m[] = {member(1, 0, 90 * S), member(2, 50 * DAY_MS, 0)};
    m[0].part.ended_at = INSTANT_NONE;
    m[1].part.ended_at = T0 + 51 * DAY_MS;
    struct journey_sum sum;
    assert_int_equal(journey_first(m, 2, &sum), 2); /* an open one never parts them */
    assert_false(sum.over);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS), 0);
}

static void after_the_gap_another_begins(void **state) {
    (void)state;
    struct journey_member m[] = {member(1, 0, 90 * S), member(2, 90 * S + JOURNEY_GAP_MS, 0),
                                 member(3, 0, 0)};
    m[1].part.ended_at = m[1].part.began_at + S;
    m[2].part.began_at = m[1].part.ended_at + JOURNEY_GAP_MS + 1;
    m[2].part.ended_at = m[2].part.began_at + S;
    struct journey_sum sum;
    assert_int_equal(journey_first(m, 3, &sum), 2); /* the gap itself still joins */
    assert_int_equal(sum.ended_at, m[1].part.ended_at);
    assert_int_equal(journey_first(&m[2], 1, &sum), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS), 1);
}

/* All visits were taken out, and nobody worked. */
static void one_of_nothing_is_none(void **state) {
    (void)state;
    struct journey_member m = member(1, 0, 90 * S);
    m.part.visits = m.part.legs = 0;
    m.part.wait_ms = m.part.handle_ms = 0;
    m.resolved_at = T0 + 20 * S;
    struct journey_sum sum;
    assert_int_equal(journey_first(&m, 1, &sum), 1);
    assert_true(sum.over);
    for (size_t c = 0; c < JOURNEY_COUNTERS; c++)
        assert_int_equal(sum.counts[c], 0);
}

static void outbound_work_is_no_wait(void **state) {
    (void)state;
    struct journey_member m = member(1, 0, 90 * S);
    m.part.visits = 0;
    m.part.wait_ms = 0;
    struct journey_sum sum;
    journey_first(&m, 1, &sum);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS), 1);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_WAITED), 0);
    assert_int_equal(counted(&sum, COUNTER_JOURNEYS_RESOLVED), 0);
}

static void take_both(struct journey_part *p) {
    journey_part_take_visit(p);
    journey_part_visit(p, 5 * S, 1);
    journey_part_take_leg(p);
    journey_part_leg(p, 30 * S, true, 1);
}

static void a_part_opens_again_and_after_the_gap_anew(void **state) {
    (void)state;
    struct journey_part p = {.journey = 7, .began_at = INSTANT_NONE, .ended_at = INSTANT_NONE};
    journey_part_open(&p, T0);
    take_both(&p);
    journey_part_close(&p, T0 + 60 * S);
    journey_part_open(&p, T0 + 60 * S + JOURNEY_GAP_MS);
    assert_int_equal(p.began_at, T0);
    assert_int_equal(p.ended_at, INSTANT_NONE);
    assert_int_equal(p.wait_ms, 5 * S);
    journey_part_close(&p, T0 + 2 * DAY_MS);
    journey_part_open(&p, T0 + 3 * DAY_MS + 1);
    assert_int_equal(p.journey, 7);
    assert_int_equal(p.began_at, T0 + 3 * DAY_MS + 1);
    assert_int_equal(p.visits + p.legs + p.transfers, 0);
}

static void in_no_journey_nothing_is_kept(void **state) {
    (void)state;
    struct journey_part p = {0}, none = {0};
    journey_part_open(&p, T0);
    take_both(&p);
    journey_part_close(&p, T0 + 60 * S);
    assert_true(journey_part_same(&p, &none));
}

/* What is said anew of a visit from before the gap is none of the new part's business. */
static void nothing_from_before_the_gap_is_taken_back(void **state) {
    (void)state;
    struct journey_part p = {.journey = 7, .began_at = INSTANT_NONE, .ended_at = INSTANT_NONE};
    journey_part_open(&p, T0);
    take_both(&p);
    journey_part_close(&p, T0 + 60 * S);
    journey_part_open(&p, T0 + 2 * DAY_MS);
    struct journey_part begun = p;
    journey_part_visit(&p, 5 * S, -1);
    journey_part_leg(&p, 30 * S, true, -1);
    assert_true(journey_part_same(&p, &begun));
    journey_part_visit(&p, 6 * S, 1);
    journey_part_leg(&p, 31 * S, false, 1);
    assert_true(journey_part_same(&p, &begun));
    take_both(&p); /* the next ones are */
    journey_part_visit(&p, 5 * S, -1);
    journey_part_leg(&p, 30 * S, true, -1);
    assert_true(journey_part_same(&p, &begun));
}

/* As if loaded: two legs, the last of them of 30 s. */
static bool is_whole_with(uint32_t transfers, bool transferred) {
    struct interaction i;
    interaction_init(&i, TRACK_COUNT);
    i.leg.started_at = T0;
    i.leg.ended_at = T0 + 30 * S;
    i.leg.said_talk_ms = i.leg.said_hold_ms = i.leg.said_wrap_ms = EVENT_ABSENT;
    i.leg.transferred = transferred;
    i.journey = (struct journey_part){.journey = 7,
                                      .began_at = T0,
                                      .ended_at = T0 + 30 * S,
                                      .handle_ms = 60 * S,
                                      .legs = 2,
                                      .transfers = transfers,
                                      .has_leg = true};
    return fold_journey_is_whole(&i);
}

static void what_a_part_says_to_have_can_be_taken_back(void **state) {
    (void)state;
    assert_true(is_whole_with(0, false));
    assert_true(is_whole_with(1, false));
    assert_false(is_whole_with(2, false)); /* without the leg: 2 transfers of 1 leg */
    assert_false(is_whole_with(0, true));
    assert_true(is_whole_with(1, true));
    assert_true(is_whole_with(2, true));
}

static void a_name_means_something_within_its_tenant(void **state) {
    (void)state;
    uint64_t one = journey_identity(SLICE("acme"), SLICE("j-1"));
    assert_true(one != 0 && one == journey_identity(SLICE("acme"), SLICE("j-1")));
    assert_true(one != journey_identity(SLICE("zeta"), SLICE("j-1")));
    assert_true(one != journey_identity(SLICE("acme"), SLICE("j-2")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_passed_on_is_one_journey),
        cmocka_unit_test(nothing_counts_while_one_is_open),
        cmocka_unit_test(after_the_gap_another_begins),
        cmocka_unit_test(one_of_nothing_is_none),
        cmocka_unit_test(outbound_work_is_no_wait),
        cmocka_unit_test(a_part_opens_again_and_after_the_gap_anew),
        cmocka_unit_test(in_no_journey_nothing_is_kept),
        cmocka_unit_test(nothing_from_before_the_gap_is_taken_back),
        cmocka_unit_test(what_a_part_says_to_have_can_be_taken_back),
        cmocka_unit_test(a_name_means_something_within_its_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
