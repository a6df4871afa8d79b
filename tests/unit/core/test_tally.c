/* Are a tally's sums those of an array, and is nothing left after a reset, or when all is taken? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/tally.h"

#define KEYS (3 * 4096 + 640)

static void expect_same(const struct tally *t, const int64_t *sums, const bool *touched,
                        uint64_t seed) {
    uint32_t key = 0;
    size_t count = 0;
    for (uint32_t k = 0; k < KEYS; k++) {
        if (t->values[k] != sums[k])
            fail_msg("key %u, seed %llu", k, (unsigned long long)seed);
        if (!touched[k])
            continue;
        if (!tally_next(t, &key) || key != k)
            fail_msg("key %u is not next, seed %llu", k, (unsigned long long)seed);
        key++;
        count += k >= 64 && k < 8256;
    }
    assert_false(tally_next(t, &key));
    assert_int_equal(tally_count(t, 64, 8256), count);
}

static void add_some(struct rng *r, struct tally *t, int64_t *sums, bool *touched) {
    for (uint64_t n = rng_below(r, 40); n > 0; n--) {
        uint32_t key = (uint32_t)rng_below(r, rng_below(r, 2) ? KEYS : 70);
        int64_t value = (int64_t)rng_below(r, 9) - 4;
        tally_add(t, key, value);
        sums[key] += value;
        touched[key] = true;
    }
}

/* Takes all out of the tally. */
static void expect_taken(struct tally *t, const int64_t *sums, const bool *touched, uint64_t seed) {
    struct pane_scratch scratch;
    pane_scratch_init(&scratch);
    size_t count = tally_take(t, &scratch), place = 0;
    for (uint32_t k = 0; k < KEYS; k++) {
        if (!touched[k])
            continue;
        if (place == count || scratch.entries[place].key != k ||
            scratch.entries[place].value != sums[k])
            fail_msg("key %u is not taken, seed %llu", k, (unsigned long long)seed);
        place++;
    }
    assert_int_equal(place, count);
    pane_scratch_deinit(&scratch);
}

static void sums_are_those_of_an_array(void **state) {
    (void)state;
    struct tally t, other;
    tally_init(&t, KEYS);
    tally_init(&other, KEYS);
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct rng r;
        rng_init(&r, seed);
        int64_t sums[KEYS] = {0}, more[KEYS] = {0};
        bool touched[KEYS] = {false}, nothing[KEYS] = {false}, too[KEYS] = {false};
        add_some(&r, &t, sums, touched);
        expect_same(&t, sums, touched, seed);
        add_some(&r, &other, more, too);
        tally_merge(&t, &other, -1);
        for (size_t k = 0; k < KEYS; k++) {
            sums[k] -= more[k];
            touched[k] |= too[k];
        }
        expect_same(&t, sums, touched, seed);
        if (rng_below(&r, 2))
            expect_taken(&t, sums, touched, seed);
        else
            tally_reset(&t);
        tally_reset(&other);
        assert_true(tally_is_empty(&t));
        expect_same(&t, (int64_t[KEYS]){0}, nothing, seed);
    }
    tally_deinit(&t);
    tally_deinit(&other);
}

static void packed_entries_come_back(void **state) {
    (void)state;
    const struct pane_entry entries[] = {
        {0, 1}, {1, -1}, {127, 64}, {128, 0}, {639, INT64_MAX / 2}};
    struct buf packed;
    struct tally t;
    buf_init(&packed);
    tally_init(&t, KEYS);
    pane_pack(entries, 5, &packed);
    tally_packed(&t, buf_slice(&packed), 1);
    tally_packed(&t, buf_slice(&packed), 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(t.values[entries[i].key], 2 * entries[i].value);
    tally_packed(&t, buf_slice(&packed), -1);
    tally_packed(&t, buf_slice(&packed), -1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(t.values[entries[i].key], 0);
    assert_int_equal(tally_count(&t, 0, KEYS), 4); /* nothing is packed of a sum of 0 */
    tally_deinit(&t);
    buf_deinit(&packed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_an_array),
        cmocka_unit_test(packed_entries_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
