/* Does the table find what an array with a linear search finds, after any history? */
#include "base/table.h"

#include "base/property.h"

#define KEYS 3000

/* The key of a handle is the handle itself; hashes are made to collide. */
struct model {
    bool there[KEYS];
    uint64_t hash[KEYS];
    size_t count;
};

static bool same(const void *context, uint32_t handle, const void *key) {
    (void)context;
    return handle == *(const uint32_t *)key;
}

/* Few bits: runs grow long, wrap around the end, and full hashes are equal; 0 is a hash too. */
static void make_hashes(struct model *m, struct rng *r) {
    uint64_t kinds = 1 + rng_below(r, 3);
    for (size_t i = 0; i < KEYS; i++) {
        if (kinds == 1)
            m->hash[i] = rng_next(r);
        else if (kinds == 2)
            m->hash[i] = rng_below(r, 64);
        else
            m->hash[i] = UINT64_MAX - rng_below(r, 40);
    }
}

static void look_at(const struct table *t, const struct model *m, uint32_t key, uint64_t seed) {
    uint32_t expected = m->there[key] ? key : TABLE_NONE;
    table_prefetch(t, m->hash[key]);
    REQUIRE(seed, table_find(t, m->hash[key], same, m, &key) == expected);
    REQUIRE(seed, expected == TABLE_NONE || table_guess(t, m->hash[key]) != TABLE_NONE);
    REQUIRE(seed, t->used == m->count);
}

static void look_at_all(const struct table *t, const struct model *m, uint64_t seed) {
    bool seen[KEYS] = {0};
    size_t place = 0;
    size_t count = 0;
    for (uint32_t handle; (handle = table_next(t, &place)) != TABLE_NONE; count++) {
        REQUIRE(seed, m->there[handle] && !seen[handle]);
        seen[handle] = true;
    }
    REQUIRE(seed, count == m->count);
    struct table_slot *sorted = table_sorted(t);
    for (size_t k = 0; k < count; k++) {
        REQUIRE(seed, seen[sorted[k].handle]);
        REQUIRE(seed, k == 0 || sorted[k - 1].tag <= sorted[k].tag);
        seen[sorted[k].handle] = false;
    }
    free(sorted);
    for (uint32_t key = 0; key < KEYS; key++)
        look_at(t, m, key, seed);
}

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    static struct model m;
    m = (struct model){0};
    make_hashes(&m, &r);
    struct table t;
    table_init(&t, rng_below(&r, 200));
    uint32_t keys = (uint32_t)(1 + rng_below(&r, KEYS)); /* from crowded to nearly empty */
    for (int step = 0; step < 2000; step++) {
        uint32_t key = (uint32_t)rng_below(&r, keys);
        if (m.there[key]) {
            table_remove(&t, m.hash[key], key);
            m.count--;
        } else {
            table_insert(&t, m.hash[key], key);
            m.count++;
        }
        m.there[key] = !m.there[key];
        look_at(&t, &m, (uint32_t)rng_below(&r, keys), seed);
    }
    look_at_all(&t, &m, seed);
    table_deinit(&t);
}

static void random_histories_agree_with_an_array(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 60; seed++)
        one_history(seed);
}

static void it_grows_at_seventy_percent(void **state) {
    (void)state;
    struct table t;
    table_init(&t, 0);
    size_t slots = t.mask + 1;
    for (uint32_t i = 0; i < 1000; i++) {
        table_insert(&t, i * UINT64_C(0x9E3779B97F4A7C15), i);
        assert_true(t.used * 10 <= (t.mask + 1) * 7);
    }
    assert_true(t.mask + 1 > slots);
    assert_true(t.used * 10 > (t.mask + 1) * 3);
    table_deinit(&t);
}

static void room_for_what_is_expected(void **state) {
    (void)state;
    struct table t;
    table_init(&t, 100000);
    size_t mask = t.mask;
    for (uint32_t i = 0; i < 100000; i++)
        table_insert(&t, i * UINT64_C(0x9E3779B97F4A7C15), i);
    assert_int_equal(t.mask, mask);
    table_deinit(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_at_seventy_percent),
        cmocka_unit_test(room_for_what_is_expected),
        cmocka_unit_test(random_histories_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
