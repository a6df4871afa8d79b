/* Are quantiles within 1 %, and does what was taken away leave no trace? */
#include "core/histogram.h"
#include "core/tally.h"

#include "base/property.h"

/* Durations of every size, from nothing to beyond all reason. */
static int64_t some_duration(struct rng *r) {
    return (int64_t)(rng_next(r) >> (1 + rng_below(r, 63)));
}

static void expect_within_one_percent(int64_t reported, int64_t exact, uint64_t seed) {
    int64_t error = reported > exact ? reported - exact : exact - reported;
    REQUIRE(seed, error <= exact / 100);
}

static void buckets_are_ascending_and_narrow(void **state) {
    (void)state;
    assert_int_equal(histogram_bucket(-5), 0);
    assert_int_equal(histogram_bucket(0), 0);
    assert_int_equal(histogram_bucket(INT64_MAX), HISTOGRAM_BUCKETS - 1);
    for (int64_t value = 0; value < 300000; value++) {
        int step = histogram_bucket(value + 1) - histogram_bucket(value);
        assert_true(step == 0 || step == 1);
    }
    for (uint16_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        assert_int_equal(histogram_bucket(histogram_bucket_middle(bucket)), bucket);
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    for (int i = 0; i < 200000; i++) {
        int64_t value = some_duration(&r);
        expect_within_one_percent(histogram_bucket_middle(histogram_bucket(value)), value, seed);
    }
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

#define SAMPLES 1500

static void quantiles_are_those_of_a_sorted_array(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct histogram h;
        histogram_init(&h);
        int64_t values[SAMPLES];
        size_t count = 1 + rng_below(&r, SAMPLES);
        uint64_t shift = rng_below(&r, 50);
        for (size_t i = 0; i < count; i++) {
            values[i] = some_duration(&r) >> shift;
            histogram_add(&h, histogram_bucket(values[i]), 1);
        }
        qsort(values, count, sizeof(values[0]), by_value);
        REQUIRE(seed, h.count == (int64_t)count);
        for (int32_t per_mille = 1; per_mille <= 1000; per_mille++) {
            /* ceil without division: the smallest rank with rank * 1000 >= per_mille * count */
            size_t rank = 1;
            while (rank * 1000 < (size_t)per_mille * count)
                rank++;
            int64_t value;
            REQUIRE(seed, histogram_quantile(&h, per_mille, &value));
            expect_within_one_percent(value, values[rank - 1], seed);
        }
        histogram_deinit(&h);
    }
}

static void quantiles_of_few(void **state) {
    (void)state;
    struct histogram h;
    histogram_init(&h);
    int64_t value = -1;
    assert_false(histogram_quantile(&h, 500, &value));
    for (int i = 1; i <= 20; i++)
        histogram_add(&h, histogram_bucket(i), 1);
    histogram_quantile(&h, 900, &value);
    assert_int_equal(value, 18);
    histogram_quantile(&h, 950, &value);
    assert_int_equal(value, 19);
    histogram_quantile(&h, 951, &value);
    assert_int_equal(value, 20);
    histogram_quantile(&h, 1, &value);
    assert_int_equal(value, 1);
    histogram_deinit(&h);
}

#define SPREAD 40 /* buckets in use: few, so that counts meet and vanish */

/* The oracle: one count for each bucket. */
static void expect_same(const struct histogram *h, const int64_t *counts, uint64_t seed) {
    int64_t sum = 0;
    uint32_t used = 0;
    struct histogram fresh;
    histogram_init(&fresh);
    for (uint16_t bucket = 0; bucket < SPREAD; bucket++) {
        histogram_add(&fresh, (uint16_t)(bucket * 90), counts[bucket]);
        sum += counts[bucket];
        used += counts[bucket] != 0;
    }
    REQUIRE(seed, h->count == sum && h->used == used);

    struct buf a;
    struct buf b;
    buf_init(&a);
    buf_init(&b);
    histogram_save(h, &a);
    histogram_save(&fresh, &b);
    REQUIRE(seed, slice_equal(buf_slice(&a), buf_slice(&b)));

    struct cursor c = cursor_of(buf_slice(&a));
    REQUIRE(seed, histogram_load(&fresh, &c) && cursor_left(&c) == 0);
    REQUIRE(seed, fresh.count == sum);
    buf_reset(&b);
    histogram_save(&fresh, &b);
    REQUIRE(seed, slice_equal(buf_slice(&a), buf_slice(&b)));
    buf_deinit(&a);
    buf_deinit(&b);
    histogram_deinit(&fresh);
}

static void add_taken(struct histogram *h, struct tally *t, uint32_t first_key) {
    struct pane_scratch scratch;
    pane_scratch_init(&scratch);
    size_t count = tally_take(t, &scratch);
    histogram_add_entries(h, scratch.entries, count, first_key);
    pane_scratch_deinit(&scratch);
}

/* Panes slide through a window: the window's bytes are those of the panes that are in it. */
static void sliding_leaves_no_trace(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 300; seed++) {
        struct rng r;
        rng_init(&r, seed);
        enum { PANES = 5, FIRST_KEY = 4096 };
        struct histogram window;
        struct tally pane;
        int64_t counts[PANES][SPREAD] = {{0}};
        int64_t all[SPREAD] = {0};
        histogram_init(&window);
        tally_init(&pane, 3 * FIRST_KEY);
        for (int step = 0; step < 40; step++) {
            int at = step % PANES;
            for (uint32_t i = 0; i < SPREAD; i++) {
                if (counts[at][i] != 0)
                    tally_add(&pane, FIRST_KEY + i * 90, -counts[at][i]);
                all[i] -= counts[at][i];
                counts[at][i] = 0;
            }
            for (uint64_t left = rng_below(&r, rng_below(&r, 3) == 0 ? 3 : 90); left > 0; left--) {
                uint32_t bucket = (uint32_t)rng_below(&r, SPREAD);
                int64_t count = (int64_t)rng_below(&r, 7) - 2;
                tally_add(&pane, FIRST_KEY + bucket * 90, count);
                counts[at][bucket] += count;
                all[bucket] += count;
            }
            add_taken(&window, &pane, FIRST_KEY);
            expect_same(&window, all, seed);
        }
        histogram_deinit(&window);
        tally_deinit(&pane);
    }
}

/* Counts of any size: entries get wider when one of them does not fit. */
static void large_counts_are_exact(void **state) {
    (void)state;
    static const int64_t steps[] = {1, 500000, 24287, 1, -524289, 600000000000, -600000000000, -7};
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct histogram h;
        struct tally t;
        int64_t all[SPREAD] = {0};
        histogram_init(&h);
        tally_init(&t, 4096);
        for (int step = 0; step < 30; step++) {
            for (uint64_t left = rng_below(&r, 20); left > 0; left--) {
                uint32_t bucket = (uint32_t)rng_below(&r, SPREAD);
                uint64_t sizes = step < 15 ? 5 : sizeof(steps) / sizeof(steps[0]);
                int64_t count = steps[rng_below(&r, sizes)];
                all[bucket] += count;
                if (rng_below(&r, 3) == 0)
                    histogram_add(&h, (uint16_t)(bucket * 90), count);
                else
                    tally_add(&t, bucket * 90, count);
            }
            add_taken(&h, &t, 0);
            expect_same(&h, all, seed);
        }
        histogram_deinit(&h);
        tally_deinit(&t);
    }
}

static void expect_refused(struct slice bytes) {
    struct histogram h;
    histogram_init(&h);
    histogram_add(&h, 7, 1);
    struct cursor c = cursor_of(bytes);
    assert_false(histogram_load(&h, &c));
    assert_int_equal(h.used, 0);
    assert_int_equal(h.count, 0);
    histogram_deinit(&h);
}

static void damaged_bytes_are_refused(void **state) {
    (void)state;
    expect_refused(SLICE(""));
    expect_refused(SLICE("\x01"));                     /* the entry is missing */
    expect_refused(SLICE("\x01\x05\x00"));             /* a count of 0 */
    expect_refused(SLICE("\x02\x05\x02\x00\x02"));     /* the same bucket twice */
    expect_refused(SLICE("\x01\x80\x1D\x02"));         /* bucket 3712 */
    expect_refused(SLICE("\x02\xFF\x1C\x02\x01\x02")); /* 3711 and one more */
    expect_refused(SLICE("\xFF\xFF\xFF\xFF\x0F"));     /* more entries than buckets */
    expect_refused(SLICE("\x01\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_ascending_and_narrow),
        cmocka_unit_test(quantiles_of_few),
        cmocka_unit_test(quantiles_are_those_of_a_sorted_array),
        cmocka_unit_test(sliding_leaves_no_trace),
        cmocka_unit_test(large_counts_are_exact),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
