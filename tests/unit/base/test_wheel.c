/* Does the wheel give back what an array with a linear search gives, in the same order? */
#include "base/wheel.h"

#include "base/instant.h"
#include "base/property.h"

#define NODES 200
#define START INT64_C(1700000000000)

/* The oracle: what is armed, and until when. */
struct model {
    struct wheel_node nodes[NODES];
    bool armed[NODES];
    int64_t due_at[NODES];
};

static struct wheel_node *node_of(void *context, uint32_t handle) {
    return &((struct model *)context)->nodes[handle];
}

static struct wheel *begin(struct model *m) {
    *m = (struct model){0};
    return wheel_new(node_of, m);
}

static int64_t earliest(const struct model *m) {
    int64_t due_at = INT64_MAX;
    for (size_t i = 0; i < NODES; i++) {
        if (m->armed[i] && m->due_at[i] < due_at)
            due_at = m->due_at[i];
    }
    return due_at;
}

static size_t count_armed(const struct model *m) {
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++)
        count += m->armed[i];
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

static void arm(struct wheel *w, struct model *m, uint32_t handle, int64_t due_at) {
    wheel_arm(w, handle, due_at);
    m->armed[handle] = true;
    m->due_at[handle] = due_at;
}

/* Some of what is due, as a task does it whose handlers arm and disarm on the way. */
static void take_some(struct wheel *w, struct model *m, struct rng *r, uint64_t seed,
                      int64_t *now) {
    int64_t at = *now + (int64_t)rng_below(r, UINT64_C(1) << rng_below(r, 36));
    for (uint64_t left = rng_below(r, 20); left > 0; left--) {
        int64_t due_at = earliest(m);
        uint32_t handle = wheel_take(w, at);
        if (due_at > at) {
            REQUIRE(seed, handle == WHEEL_NONE);
            REQUIRE(seed, wheel_now(w) == at);
            *now = at;
            return;
        }
        REQUIRE(seed, handle != WHEEL_NONE && m->armed[handle] && m->due_at[handle] == due_at);
        REQUIRE(seed, !wheel_node_is_armed(&m->nodes[handle]));
        m->armed[handle] = false;
        if (due_at > *now)
            *now = due_at;
    }
}

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    struct model m;
    struct wheel *w = begin(&m);
    int64_t now = START;
    uint64_t kinds = 3 + rng_below(&r, 60); /* from a wheel that is nearly empty to a crowded one */
    if (rng_below(&r, 2) == 0)
        REQUIRE(seed, wheel_take(w, now) == WHEEL_NONE);

    for (int step = 0; step < 1000; step++) {
        uint32_t handle = (uint32_t)rng_below(&r, NODES);
        uint64_t what = rng_below(&r, kinds);
        if (what == 0)
            take_some(w, &m, &r, seed, &now);
        else if (what == 1 || m.armed[handle]) {
            wheel_disarm(w, handle);
            m.armed[handle] = false;
        } else
            arm(w, &m, handle, some_due(&r, now));
        if (rng_below(&r, 3) == 0)
            continue; /* not asked at every step: that would hide a stale memory */
        REQUIRE(seed, wheel_next_due(w) == earliest(&m));
        REQUIRE(seed, wheel_armed(w) == count_armed(&m));
    }
    wheel_free(w);
}

static void random_histories_agree_with_an_array(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 1000; seed++)
        one_history(seed);
}

static void a_fresh_wheel_has_nothing(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    assert_int_equal(wheel_now(w), INT64_MIN);
    assert_int_equal(wheel_next_due(w), INT64_MAX);
    assert_int_equal(wheel_take(w, INT64_MAX), WHEEL_NONE);
    wheel_disarm(w, 7); /* not armed: no effect */
    assert_int_equal(wheel_armed(w), 0);
    wheel_free(w);
}

static void an_instant_comes_out_whole_and_in_bounded_batches(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    for (uint32_t handle = 0; handle < 10; handle++)
        wheel_arm(w, handle, START + (handle < 7 ? 90000 : 90001));

    uint32_t handles[4];
    int64_t due_at;
    assert_int_equal(wheel_take_instant(w, START + 89999, &due_at, handles, 4), 0);
    assert_int_equal(wheel_take_instant(w, START + 95000, &due_at, handles, 4), 4);
    assert_int_equal(due_at, START + 90000);
    assert_int_equal(wheel_take_instant(w, START + 95000, &due_at, handles, 4), 3);
    assert_int_equal(due_at, START + 90000);
    assert_int_equal(wheel_take_instant(w, START + 95000, &due_at, handles, 4), 3);
    assert_int_equal(due_at, START + 90001);
    assert_int_equal(wheel_take_instant(w, START + 95000, &due_at, handles, 4), 0);
    wheel_free(w);
}

static void what_a_handler_arms_keeps_its_place(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    wheel_take(w, START);
    wheel_take(w, START - 50);
    assert_int_equal(wheel_now(w), START);
    wheel_arm(w, 0, START + 1000);
    wheel_arm(w, 1, START + 5000);
    assert_int_equal(wheel_take(w, START + 60000), 0);
    wheel_arm(w, 2, START + 3000); /* between the two */
    wheel_arm(w, 3, START - 7);    /* long past */
    wheel_arm(w, 4, START - 9);    /* longer past */
    assert_int_equal(wheel_next_due(w), START - 9);
    assert_int_equal(wheel_take(w, START + 60000), 4);
    assert_int_equal(wheel_take(w, START + 60000), 3);
    assert_int_equal(wheel_take(w, START + 60000), 2);
    assert_int_equal(wheel_take(w, START + 60000), 1);
    assert_int_equal(wheel_take(w, START + 60000), WHEEL_NONE);
    wheel_free(w);
}

static void what_lies_beyond_stands_at_the_edge(void **state) {
    (void)state;
    struct model m;
    struct wheel *w = begin(&m);
    wheel_arm(w, 0, INT64_MAX - 1);
    wheel_arm(w, 1, INT64_MIN + 1);
    assert_int_equal(wheel_next_due(w), WHEEL_EARLIEST);
    assert_int_equal(wheel_take(w, START), 1);
    assert_int_equal(wheel_next_due(w), WHEEL_LATEST);
    assert_int_equal(wheel_take(w, WHEEL_LATEST - 1), WHEEL_NONE);
    assert_int_equal(wheel_take(w, INT64_MAX), 0);
    wheel_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_beyond_stands_at_the_edge),
        cmocka_unit_test(a_fresh_wheel_has_nothing),
        cmocka_unit_test(an_instant_comes_out_whole_and_in_bounded_batches),
        cmocka_unit_test(what_a_handler_arms_keeps_its_place),
        cmocka_unit_test(random_histories_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
