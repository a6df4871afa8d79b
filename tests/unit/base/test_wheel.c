/* Does the wheel give back what an array with a linear search gives, in the same order? */
#include "base/wheel.h"

#include "base/instant.h"
#include "base/property.h"

#define NODES 200
#define START INT64_C(1700000000000)

/* The oracle: what is armed, and until when. */
struct model {
    struct wheel_node nodes[NODES];
    bool armed[NODES], near[NODES];
    int64_t due_at[NODES];
    int64_t passed_at; /* nothing is due before */
    bool exact;        /* nothing armed was moved or disarmed */
};

static struct wheel_node *node_of(void *context, uint32_t handle) {
    return &((struct model *)context)->nodes[handle];
}

static void bring_near(void *context, const uint32_t *handles, size_t count) {
    struct model *m = context;
    for (size_t k = 0; k < count; k++)
        m->near[handles[k]] = true;
}

static struct wheel *begin(struct model *m) {
    *m = (struct model){.passed_at = WHEEL_EARLIEST, .exact = true};
    return wheel_new(node_of, bring_near, m);
}

static int64_t earliest(const struct model *m) {
    int64_t due_at = INT64_MAX;
    for (size_t i = 0; i < NODES; i++) {
        if (m->armed[i] && m->due_at[i] < due_at)
            due_at = m->due_at[i];
    }
    return due_at;
}

static size_t count_armed(const struct model *m, int64_t due_at) {
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++)
        count += m->armed[i] && m->due_at[i] <= due_at;
    return count;
}

/* Any distance is as likely as any other in powers of two, and a few lie in the past. */
static int64_t some_due(struct rng *r, int64_t now) {
    int64_t distance = (int64_t)rng_below(r, (UINT64_C(1) << rng_below(r, 45)) + 1);
    if (rng_below(r, 400) == 0)
        return WHEEL_EARLIEST + distance;
    if (rng_below(r, 400) == 0)
        return WHEEL_LATEST - 1 - distance;
    return rng_below(r, 4) == 0 ? now - distance : now + distance;
}

static int64_t within(int64_t at, int64_t least) {
    if (at > WHEEL_LATEST)
        at = WHEEL_LATEST;
    return at < least ? least : at;
}

static void arm(struct wheel *w, struct model *m, uint32_t handle, int64_t due_at) {
    int64_t expected = within(due_at, m->passed_at);
    m->exact = m->exact && (!m->armed[handle] || m->due_at[handle] == expected);
    wheel_arm(w, handle, due_at);
    m->armed[handle] = true;
    m->due_at[handle] = expected;
}

static void disarm(struct wheel *w, struct model *m, uint32_t handle) {
    m->exact = m->exact && !m->armed[handle];
    wheel_disarm(w, handle);
    m->armed[handle] = false;
}

/* Some of what is due, as a task does it whose handlers arm and disarm on the way. */
static void take_some(struct wheel *w, struct model *m, struct rng *r, uint64_t seed) {
    int64_t at = within(m->passed_at + (int64_t)rng_below(r, UINT64_C(1) << rng_below(r, 36)),
                        START);
    for (uint64_t left = rng_below(r, 20); left > 0; left--) {
        int64_t due_at = earliest(m), said_at;
        uint32_t *handles;
        size_t count = wheel_take_instant(w, at, &said_at, &handles);
        if (due_at > at) {
            REQUIRE(seed, count == 0);
            m->passed_at = within(at, m->passed_at);
            return;
        }
        REQUIRE(seed, count == count_armed(m, due_at) && said_at == due_at);
        for (size_t k = 0; k < count; k++) {
            REQUIRE(seed, m->armed[handles[k]] && m->due_at[handles[k]] == due_at);
            REQUIRE(seed, !wheel_node_is_armed(&m->nodes[handles[k]]));
            m->armed[handles[k]] = false;
        }
        m->passed_at = due_at;
    }
}

static void look(struct wheel *w, const struct model *m, uint64_t seed) {
    int64_t next_at = wheel_next_due(w);
    REQUIRE(seed, wheel_armed(w) == count_armed(m, INT64_MAX));
    REQUIRE(seed, m->exact ? next_at == earliest(m) : next_at <= earliest(m));
    REQUIRE(seed, next_at >= m->passed_at);
    for (size_t i = 0; i < NODES; i++)
        REQUIRE(seed, !m->armed[i] || wheel_node_due_at(&m->nodes[i]) == m->due_at[i]);
}

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    struct model m;
    struct wheel *w = begin(&m);
    uint64_t kinds = 3 + rng_below(&r, 60); /* from a wheel that is nearly empty to a crowded one */
    bool puts_off = rng_below(&r, 4) > 0;
    if (rng_below(&r, 2) == 0)
        take_some(w, &m, &r, seed);

    for (int step = 0; step < 1000; step++) {
        uint32_t handle = (uint32_t)rng_below(&r, NODES);
        uint64_t what = rng_below(&r, kinds);
        int64_t now = m.passed_at < START ? START : m.passed_at;
        if (what == 0)
            take_some(w, &m, &r, seed);
        else if (what == 1 && puts_off)
            disarm(w, &m, handle);
        else if (!m.armed[handle] || puts_off)
            arm(w, &m, handle, some_due(&r, now));
        if (rng_below(&r, 3) > 0) /* not asked at every step: that would hide a stale memory */
            look(w, &m, seed);
    }
    wheel_free(w);
}

static void random_histories_agree_with_an_array(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 1000; seed++)
        one_history(seed);
}

static size_t take(struct wheel *w, int64_t at, int64_t *due_at, uint32_t *first) {
    uint32_t *handles;
    size_t count = wheel_take_instant(w, at, due_at, &handles);
    *first = count > 0 ? handles[0] : UINT32_MAX;
    return count;
}

static void a_fresh_wheel_has_nothing(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    int64_t due_at;
    uint32_t handle;
    assert_int_equal(wheel_next_due(w), INT64_MAX);
    assert_int_equal(take(w, INT64_MAX, &due_at, &handle), 0);
    wheel_disarm(w, 7); /* not armed: no effect */
    assert_int_equal(wheel_armed(w), 0);
    wheel_free(w);
}

static void an_instant_comes_out_whole(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    for (uint32_t handle = 0; handle < 190; handle++)
        wheel_arm(w, handle, START + (handle < 170 ? 90000 : 90001));

    int64_t due_at;
    uint32_t handle;
    assert_int_equal(take(w, START + 89900, &due_at, &handle), 0);
    assert_false(m.near[3]);
    assert_int_equal(take(w, START + 95000, &due_at, &handle), 170);
    assert_int_equal(due_at, START + 90000);
    assert_true(m.near[3]);
    assert_int_equal(take(w, START + 95000, &due_at, &handle), 20);
    assert_int_equal(due_at, START + 90001);
    assert_int_equal(take(w, START + 95000, &due_at, &handle), 0);
    wheel_free(w);
}

static void what_a_handler_arms_keeps_its_place(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    int64_t due_at;
    uint32_t handle;
    take(w, START, &due_at, &handle);
    wheel_arm(w, 0, START + 1000);
    wheel_arm(w, 1, START + 5000);
    assert_int_equal(take(w, START + 60000, &due_at, &handle), 1);
    assert_int_equal(handle, 0);
    wheel_arm(w, 2, START + 3000); /* between the two */
    wheel_arm(w, 3, START - 7);    /* has passed */
    assert_int_equal(wheel_next_due(w), START + 1000);
    assert_int_equal(take(w, START + 60000, &due_at, &handle), 1);
    assert_int_equal(handle, 3);
    assert_int_equal(due_at, START + 1000);
    assert_int_equal(take(w, START + 60000, &due_at, &handle), 1);
    assert_int_equal(handle, 2);
    assert_int_equal(take(w, START + 60000, &due_at, &handle), 1);
    assert_int_equal(handle, 1);
    assert_int_equal(take(w, START + 60000, &due_at, &handle), 0);
    wheel_free(w);
}

/* What is armed again and again leaves no more behind than there is of it. */
static void notes_that_are_void_go(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    for (int64_t k = 0; k < 100000; k++)
        wheel_arm(w, (uint32_t)(k % 7), START + 1000000 - k * 3);
    assert_int_equal(wheel_armed(w), 7);
    assert_in_range(wheel_notes(w), 7, 4200);
    for (uint32_t handle = 7; handle-- > 0;) {
        int64_t due_at;
        uint32_t first;
        assert_int_equal(take(w, START + 2000000, &due_at, &first), 1);
        assert_int_equal(due_at, wheel_armed(w) == 6 ? START + 1000000 - 99999 * 3 : due_at);
    }
    assert_int_equal(wheel_armed(w), 0);
    wheel_free(w);
}

#define CROWD 6000u
static struct wheel_node crowd[CROWD];

static struct wheel_node *crowd_node(void *context, uint32_t handle) {
    (void)context;
    return &crowd[handle];
}

/* Each is armed for late; then, again and again, for soon, taken, and armed for the same late
 * instant. */
static void notes_for_one_instant_do_not_pile_up(void **state) {
    (void)state;
    memset(crowd, 0, sizeof(crowd));
    struct wheel *w = wheel_new(crowd_node, NULL, NULL);
    int64_t due_at, late_at = START + DAY_MS;
    uint32_t *handles;
    size_t taken = 0, sweeps = 0;
    for (uint32_t handle = 0; handle < CROWD; handle++)
        wheel_arm(w, handle, late_at);
    for (uint32_t k = 0; k < 10 * CROWD; k++) {
        size_t before = wheel_notes(w);
        wheel_arm(w, k % CROWD, START + k);
        assert_int_equal(wheel_take_instant(w, START + k, &due_at, &handles), 1);
        assert_int_equal(handles[0], k % CROWD);
        wheel_arm(w, k % CROWD, late_at);
        assert_in_range(wheel_notes(w), CROWD, 2 * CROWD + 4097);
        sweeps += wheel_notes(w) <= before;
    }
    assert_in_range(sweeps, 1, 10); /* each makes room for as many as there are */
    assert_int_equal(wheel_next_due(w), late_at);
    while (wheel_next_due(w) <= late_at)
        taken += wheel_take_instant(w, late_at, &due_at, &handles);
    assert_int_equal(taken, CROWD);
    assert_int_equal(wheel_notes(w), 0);
    wheel_free(w);
}

static void what_lies_beyond_stands_at_the_edge(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    int64_t due_at;
    uint32_t handle;
    wheel_arm(w, 0, INT64_MAX - 1);
    wheel_arm(w, 1, INT64_MIN + 1);
    assert_int_equal(wheel_next_due(w), WHEEL_EARLIEST);
    assert_int_equal(take(w, START, &due_at, &handle), 1);
    assert_int_equal(handle, 1);
    assert_int_equal(wheel_next_due(w), WHEEL_LATEST);
    assert_int_equal(take(w, WHEEL_LATEST - 1, &due_at, &handle), 0);
    assert_int_equal(take(w, INT64_MAX, &due_at, &handle), 1);
    assert_int_equal(handle, 0);
    wheel_free(w);
}

static void expect_one(struct wheel *w, int64_t at, int64_t due_at) {
    int64_t was_due_at;
    uint32_t handle;
    assert_int_equal(take(w, at, &was_due_at, &handle), 1);
    assert_int_equal(was_due_at, due_at);
}

/* Years ahead a note alone does not tell its instant, nor those behind it. */
static void a_void_note_years_ahead_hides_no_later_one(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    int64_t due_at, later_at = START + 6 * 365 * DAY_MS;
    uint32_t handle;
    take(w, START, &due_at, &handle);
    wheel_arm(w, 0, START + 3 * 365 * DAY_MS);
    wheel_disarm(w, 0);
    wheel_arm(w, 1, later_at);
    expect_one(w, INT64_C(4500000000000), later_at); /* in the year 2112 */
    wheel_free(w);
}

/* The row of few is full when a slot comes whose notes would go into it. */
static void a_full_row_takes_no_slot(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    int64_t due_at, begin_at = START - (START - WHEEL_EARLIEST) % 4096;
    uint32_t handle = 0, first;
    take(w, begin_at, &due_at, &first);
    for (; handle < 32; handle++)
        wheel_arm(w, handle, begin_at + 5000 + handle);
    for (; handle < 52; handle++)
        wheel_arm(w, handle, begin_at + 640 + handle); /* of one slot of 64 ms */
    for (handle = 32; handle < 52; handle++)
        expect_one(w, begin_at + 6000, begin_at + 640 + handle);
    for (handle = 0; handle < 32; handle++)
        expect_one(w, begin_at + 6000, begin_at + 5000 + handle);
    wheel_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_beyond_stands_at_the_edge),
        cmocka_unit_test(a_void_note_years_ahead_hides_no_later_one),
        cmocka_unit_test(a_full_row_takes_no_slot),
        cmocka_unit_test(a_fresh_wheel_has_nothing),
        cmocka_unit_test(an_instant_comes_out_whole),
        cmocka_unit_test(what_a_handler_arms_keeps_its_place),
        cmocka_unit_test(notes_that_are_void_go),
        cmocka_unit_test(notes_for_one_instant_do_not_pile_up),
        cmocka_unit_test(random_histories_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
