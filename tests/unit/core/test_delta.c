/* Does the table hold the same sums as plain arrays, over many epochs? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/instant.h"
#include "base/rng.h"
#include "core/contract.h"
#include "core/delta.h"
#include "core/histogram.h"

#define PANE DELTA_PANE_MS

static void test_rows_are_panes_of_leaves(void **state) {
    (void)state;
    struct delta_table *t = delta_table_new();
    delta_table_row(t, 1, 5 * PANE, DELTA_ANY)->counters[COUNTER_OFFERED] += 1;
    delta_table_row(t, 1, 5 * PANE + PANE - 1, DELTA_ANY)->counters[COUNTER_OFFERED] += 2;
    delta_table_row(t, 1, 6 * PANE, DELTA_ANY)->counters[COUNTER_OFFERED] += 4;
    delta_table_row(t, 2, 5 * PANE, DELTA_ANY)->counters[COUNTER_OFFERED] += 8;
    delta_table_row(t, 1, -1, DELTA_ANY)->counters[COUNTER_OFFERED] += 16;
    assert_int_equal(delta_table_rows(t), 4);
    assert_int_equal(delta_table_at(t, 0)->counters[COUNTER_OFFERED], 3);
    assert_int_equal(delta_table_at(t, 0)->pane_at, 5 * PANE);
    assert_int_equal(delta_table_at(t, 1)->counters[COUNTER_OFFERED], 4);
    assert_int_equal(delta_table_at(t, 2)->leaf, 2);
    assert_int_equal(delta_table_at(t, 3)->pane_at, -PANE);
    delta_table_free(t);
}

static void test_samples_are_kept_as_they_come(void **state) {
    (void)state;
    struct delta_table *t = delta_table_new();
    delta_table_sample(t, 1, 0, HISTOGRAM_WAIT, 12, 1);
    delta_table_sample(t, 1, 9999, HISTOGRAM_WAIT, 12, 1);
    delta_table_sample(t, 1, 0, HISTOGRAM_HANDLE, 12, 1);
    delta_table_sample(t, 1, PANE, HISTOGRAM_WAIT, 12, -1);
    size_t count;
    const struct delta_sample *samples = delta_table_samples(t, &count);
    assert_int_equal(count, 4);
    assert_int_equal(samples[0].count, 1);
    assert_int_equal(samples[0].bucket, histogram_bucket(12));
    assert_int_equal(samples[1].row, 0);
    assert_int_equal(samples[1].bucket, samples[0].bucket);
    assert_int_equal(samples[2].histogram, HISTOGRAM_HANDLE);
    assert_int_equal(samples[3].row, 1);
    assert_int_equal(samples[3].count, -1);
    delta_table_free(t);
}

static void test_of_known_leaves_only_what_is_asked_for_is_kept(void **state) {
    (void)state;
    const uint64_t offered = DELTA_COUNTER(COUNTER_OFFERED), talk = DELTA_COUNTER(COUNTER_TALK_MS);
    const struct delta_kept kept = {.counters = offered, .levels = {[BY_EVENT] = true}};
    struct delta_table *t = delta_table_new();
    delta_table_know(t, 5);
    assert_non_null(delta_table_row(t, 5, 9 * PANE, talk));
    delta_table_keep(t, &kept);
    assert_true(delta_table_knows(t, 5));
    assert_false(delta_table_knows(t, 4));
    assert_false(delta_table_knows(t, 500));
    assert_null(delta_table_row(t, 5, 0, talk));
    assert_null(delta_table_row(t, 5, 0, DELTA_LEVELS(BY_ARRIVAL)));
    assert_int_equal(delta_table_rows(t), 1);
    assert_non_null(delta_table_row(t, 5, PANE, offered));
    assert_non_null(delta_table_row(t, 5, 2 * PANE, talk | offered));
    assert_non_null(delta_table_row(t, 5, 3 * PANE, DELTA_LEVELS(BY_EVENT)));
    assert_non_null(delta_table_row(t, 4, 0, talk));
    assert_non_null(delta_table_row(t, 4, PANE, DELTA_LEVELS(BY_ARRIVAL)));
    delta_table_keep(t, &(struct delta_kept){0});
    assert_non_null(delta_table_row(t, 5, 5 * PANE, DELTA_ANY));
    assert_int_equal(delta_table_rows(t), 7);
    delta_table_free(t);
}

static void test_reset_empties(void **state) {
    (void)state;
    struct delta_table *t = delta_table_new();
    delta_table_row(t, 1, 0, DELTA_ANY)->counters[COUNTER_OFFERED] = 7;
    delta_table_sample(t, 1, 0, HISTOGRAM_WAIT, 12, 1);
    delta_table_reset(t);
    size_t count;
    delta_table_samples(t, &count);
    assert_int_equal(count, 0);
    assert_int_equal(delta_table_rows(t), 0);
    assert_int_equal(delta_table_row(t, 1, 0, DELTA_ANY)->counters[COUNTER_OFFERED], 0);
    delta_table_sample(t, 1, 0, HISTOGRAM_WAIT, 12, 5);
    assert_int_equal(delta_table_samples(t, &count)[0].count, 5);
    delta_table_free(t);
}

#define LEAVES 40
#define PANES 40
#define BUCKETS 50

struct naive {
    int64_t offered[LEAVES][PANES];
    int64_t waits[LEAVES][PANES][BUCKETS];
};

static void compare(const struct delta_table *t, const struct naive *naive) {
    struct naive found = {0};
    for (size_t i = 0; i < delta_table_rows(t); i++) {
        const struct delta_row *row = delta_table_at(t, i);
        found.offered[row->leaf][row->pane_at / PANE] += row->counters[COUNTER_OFFERED];
    }
    size_t count;
    const struct delta_sample *samples = delta_table_samples(t, &count);
    for (size_t i = 0; i < count; i++) {
        const struct delta_row *row = delta_table_at(t, samples[i].row);
        found.waits[row->leaf][row->pane_at / PANE][samples[i].bucket] += samples[i].count;
    }
    assert_memory_equal(&found, naive, sizeof(found));
}

static void test_against_plain_arrays(void **state) {
    (void)state;
    struct rng rng;
    rng_init(&rng, 42);
    struct delta_table *t = delta_table_new();
    struct naive *naive = malloc(sizeof(*naive));
    for (int epoch = 0; epoch < 30; epoch++) {
        memset(naive, 0, sizeof(*naive));
        int events = (int)rng_below(&rng, 8000);
        for (int i = 0; i < events; i++) {
            uint32_t leaf = (uint32_t)rng_below(&rng, LEAVES);
            uint64_t pane = rng_below(&rng, PANES);
            uint64_t wait = rng_below(&rng, BUCKETS); /* these have a bucket each */
            int64_t at = (int64_t)(pane * PANE + rng_below(&rng, PANE));
            delta_table_row(t, leaf, at, DELTA_ANY)->counters[COUNTER_OFFERED] += i;
            delta_table_sample(t, leaf, at, HISTOGRAM_WAIT, (int64_t)wait, 1);
            naive->offered[leaf][pane] += i;
            naive->waits[leaf][pane][wait]++;
        }
        compare(t, naive);
        delta_table_reset(t);
    }
    free(naive);
    delta_table_free(t);
}

static void test_order_is_by_names(void **state) {
    (void)state;
    struct contract_set set = {0};
    contract_init_default(&set.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&set, 100);
    uint32_t b = leaf_dict_intern(leaves, &(struct leaf){.tenant = SLICE("b")});
    uint32_t a = leaf_dict_intern(leaves, &(struct leaf){.tenant = SLICE("a")});
    struct delta_table *t = delta_table_new();
    delta_table_row(t, b, PANE, DELTA_ANY);
    delta_table_row(t, b, 0, DELTA_ANY);
    delta_table_row(t, a, 3 * PANE, DELTA_ANY);
    uint32_t order[3];
    delta_table_order(t, leaves, order);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 0);
    delta_table_free(t);
    leaf_dict_free(leaves);
}

/* Few panes of a leaf and many, in no order. */
static void test_order_is_by_leaf_and_pane(void **state) {
    (void)state;
    struct contract_set set = {0};
    contract_init_default(&set.fallback);
    struct rng rng;
    rng_init(&rng, 7);
    struct leaf_dict *leaves = leaf_dict_new(&set, 1000);
    struct delta_table *t = delta_table_new();
    uint32_t order[4000];
    for (int epoch = 0; epoch < 20; epoch++) {
        for (int i = 0; i < 3000; i++) {
            uint64_t number = rng_below(&rng, 5 * ((uint64_t)epoch + 1));
            char queue = (char)('a' + number % 26), site = (char)('a' + number / 26);
            uint32_t leaf = leaf_dict_intern(
                leaves, &(struct leaf){.queue = {&queue, 1}, .site = {&site, 1}});
            delta_table_row(t, leaf, PANE * (int64_t)rng_below(&rng, 1 + number), DELTA_ANY);
        }
        delta_table_order(t, leaves, order);
        for (size_t i = 1; i < delta_table_rows(t); i++) {
            const struct delta_row *a = delta_table_at(t, order[i - 1]);
            const struct delta_row *b = delta_table_at(t, order[i]);
            int names = leaf_compare(leaf_dict_at(leaves, a->leaf), leaf_dict_at(leaves, b->leaf));
            assert_true(names < 0 || (names == 0 && a->pane_at < b->pane_at));
        }
        delta_table_reset(t);
    }
    delta_table_free(t);
    leaf_dict_free(leaves);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_panes_of_leaves),
        cmocka_unit_test(test_samples_are_kept_as_they_come),
        cmocka_unit_test(test_of_known_leaves_only_what_is_asked_for_is_kept),
        cmocka_unit_test(test_reset_empties),
        cmocka_unit_test(test_against_plain_arrays),
        cmocka_unit_test(test_order_is_by_names),
        cmocka_unit_test(test_order_is_by_leaf_and_pane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
