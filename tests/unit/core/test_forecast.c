/* Which version of a forecast counts for an interval, and what can be no forecast at all. */
#include <math.h>

#include "base/property.h"
#include "core/forecast_series.h"

#define QUARTER_MS (15 * MINUTE_MS)
#define START (INT64_C(1000) * DAY_MS)

static struct forecast usual(void) {
    return (struct forecast){.tenant = SLICE("acme"),
                             .queue = SLICE("billing"),
                             .forecast_id = SLICE("f"),
                             .published_at = START - HOUR_MS,
                             .start_at = START,
                             .interval_ms = QUARTER_MS,
                             .volume = 12.5,
                             .aht_ms = FORECAST_NONE,
                             .required_fte = FORECAST_NONE,
                             .shrinkage = FORECAST_NONE,
                             .p10 = FORECAST_NONE,
                             .p90 = FORECAST_NONE};
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    struct err err;
    struct forecast f = usual();
    assert_true(forecast_is_valid(&f, &err));
    struct forecast full = usual();
    full.aht_ms = 240000;
    full.required_fte = 0;
    full.shrinkage = 0.3;
    full.p10 = 8;
    full.p90 = 17;
    assert_true(forecast_is_valid(&full, &err));
#define REFUSED(change, words)                                                                     \
    do {                                                                                           \
        f = full;                                                                                  \
        f.change;                                                                                  \
        assert_false(forecast_is_valid(&f, &err));                                                 \
        assert_non_null(strstr(err.text, words));                                                  \
    } while (0)
    REFUSED(tenant = SLICE(""), "tenant_id");
    REFUSED(queue = SLICE(""), "queue_id");
    REFUSED(forecast_id = SLICE(""), "forecast_id");
    REFUSED(published_at = INSTANT_NONE, "published_at");
    REFUSED(interval_ms = 0, "interval_ms is 0");
    REFUSED(interval_ms = 7 * MINUTE_MS, "interval_ms");
    REFUSED(interval_ms = 25 * HOUR_MS, "interval_ms");
    REFUSED(start_at = START + MINUTE_MS, "interval_start_at");
    REFUSED(start_at = INSTANT_NONE, "interval_start_at");
    REFUSED(start_at = INSTANT_MAX / DAY_MS * DAY_MS - 2 * DAY_MS, "interval_start_at");
    REFUSED(volume = (double)NAN, "volume");
    REFUSED(volume = -1, "volume");
    REFUSED(volume = (double)HUGE_VAL, "volume");
    REFUSED(aht_ms = 0, "aht_ms");
    REFUSED(required_fte = -2, "required_fte");
    REFUSED(required_fte = (double)NAN, "required_fte");
    REFUSED(shrinkage = 1, "shrinkage");
    REFUSED(p90 = FORECAST_NONE, "p10 and p90");
    REFUSED(p90 = 7, "p10 and p90");
    REFUSED(p10 = (double)NAN, "p10 and p90");
}

static void what_is_far_ahead_of_its_record_is_refused(void **state) {
    (void)state;
    struct err err;
    struct forecast f = usual();
    assert_true(forecast_is_near(&f, START - 400 * DAY_MS, &err));
    assert_true(forecast_is_near(&f, START + 400 * DAY_MS, &err)); /* what is past is none of it */
    assert_false(forecast_is_near(&f, START - 400 * DAY_MS - 1, &err));
    assert_non_null(strstr(err.text, "interval_start_at is 400 days after the record"));
}

static void versions_are_loaded_in_their_bounds(void **state) {
    (void)state;
    struct forecast f = usual();
    const struct forecast_version good = forecast_version_of(&f);
    struct forecast_version v;
#define LOADS(change, right)                                                                       \
    do {                                                                                           \
        struct forecast_series one, other;                                                         \
        struct buf b;                                                                              \
        buf_init(&b);                                                                              \
        forecast_series_init(&one);                                                                \
        forecast_series_init(&other);                                                              \
        v = good;                                                                                  \
        v.change;                                                                                  \
        forecast_series_put(&one, &v);                                                             \
        forecast_series_save(&one, &b);                                                            \
        struct cursor c = cursor_of(buf_slice(&b));                                                \
        forecast_series_load(&other, &c);                                                          \
        assert_int_equal(!c.failed, right);                                                        \
        forecast_series_deinit(&one);                                                              \
        forecast_series_deinit(&other);                                                            \
        buf_deinit(&b);                                                                            \
    } while (0)
    LOADS(volume = 1e9, true);
    LOADS(volume = -1, false);
    LOADS(volume = (double)HUGE_VAL, false);
    LOADS(p10 = (double)NAN, false);
    LOADS(p90 = 1e10, false);
    LOADS(start_at = 0, false);
    LOADS(start_at = INSTANT_MAX - DAY_MS, false);
    LOADS(interval_ms = 2 * DAY_MS, false);
    LOADS(aht_ms = -2, false);
}

static long put(struct forecast_series *s, int64_t start_at, int64_t before_ms, int32_t version,
                double volume) {
    struct forecast f = usual();
    f.start_at = start_at;
    f.published_at = start_at - before_ms;
    f.version = version;
    f.volume = volume;
    struct forecast_version v = forecast_version_of(&f);
    return forecast_series_put(s, &v);
}

static double volume_at(const struct forecast_series *s, int64_t lead_ms) {
    const struct forecast_version *v = forecast_series_at(s, START, lead_ms);
    return v ? v->volume : -1;
}

static void the_newest_before_it_counts(void **state) {
    (void)state;
    struct forecast_series s;
    forecast_series_init(&s);
    assert_null(forecast_series_holding(&s, START, INSTANT_MAX));
    put(&s, START, -MINUTE_MS, 9, 99); /* published within the interval: hindsight */
    assert_true(volume_at(&s, 0) < 0);
    put(&s, START, HOUR_MS, 3, 30);
    put(&s, START, 8 * DAY_MS, 1, 10);
    put(&s, START, 2 * DAY_MS, 2, 20);
    assert_int_equal(volume_at(&s, 0), 30);
    assert_int_equal(volume_at(&s, HOUR_MS), 30);
    assert_int_equal(volume_at(&s, DAY_MS), 20);
    assert_int_equal(volume_at(&s, 7 * DAY_MS), 10);
    assert_int_equal(volume_at(&s, 9 * DAY_MS), -1);
    assert_int_equal(put(&s, START, HOUR_MS, 3, 31), 0); /* the same once more */
    assert_int_equal(volume_at(&s, 0), 31);
    assert_int_equal(put(&s, START, 3 * HOUR_MS, 3, 32), 0); /* it was published earlier */
    assert_int_equal(s.count, 4);
    assert_int_equal(volume_at(&s, 0), 32);
    struct forecast f = usual();
    f.published_at = START;
    f.superseded = true;
    f.version = 4;
    f.volume = 40;
    struct forecast_version gone = forecast_version_of(&f);
    forecast_series_put(&s, &gone);
    assert_int_equal(volume_at(&s, 0), 32); /* not what is planned any more */
    assert_int_equal(forecast_series_holding(&s, START + QUARTER_MS - 1, INSTANT_MAX)->volume, 32);
    assert_null(forecast_series_holding(&s, START + QUARTER_MS, INSTANT_MAX));
    assert_int_equal(forecast_series_forget(&s, START + QUARTER_MS - 1), 0);
    assert_int_equal(forecast_series_forget(&s, START + QUARTER_MS), 5);
    forecast_series_deinit(&s);
}

static void parts_of_intervals_are_expected_by_their_length(void **state) {
    (void)state;
    struct forecast_series s;
    struct forecast_sum sum;
    forecast_series_init(&s);
    put(&s, START, HOUR_MS, 1, 30);
    put(&s, START + QUARTER_MS, HOUR_MS, 1, 60);
    put(&s, START + 3 * QUARTER_MS, HOUR_MS, 1, 90);
    assert_true(forecast_series_expect(&s, START + 10 * MINUTE_MS, START + 20 * MINUTE_MS,
                                       INSTANT_MAX, &sum));
    assert_true(fabs(sum.volume - 30) < 1e-9);
    assert_false(sum.told);
    assert_false(forecast_series_expect(&s, START, START + HOUR_MS, INSTANT_MAX, &sum)); /* a gap */
    assert_false(
        forecast_series_expect(&s, START - MINUTE_MS, START + MINUTE_MS, INSTANT_MAX, &sum));
    forecast_series_deinit(&s);
}

static void another_length_takes_the_place_of_what_it_overlaps(void **state) {
    (void)state;
    struct forecast_series s;
    forecast_series_init(&s);
    for (int i = 0; i < 4; i++)
        put(&s, START + i * QUARTER_MS, DAY_MS, 1, 10);
    struct forecast f = usual();
    f.interval_ms = 2 * QUARTER_MS;
    f.volume = 50;
    f.version = 2;
    f.start_at = START + QUARTER_MS;
    f.published_at = START - HOUR_MS;
    struct forecast_version v = forecast_version_of(&f);
    assert_int_equal(forecast_series_put(&s, &v), -1);
    assert_int_equal(s.count, 3);
    struct forecast_sum sum;
    assert_true(forecast_series_expect(&s, START, START + HOUR_MS, INSTANT_MAX, &sum));
    assert_true(fabs(sum.volume - 70) < 1e-9);
    assert_int_equal(sum.longest_ms, 2 * QUARTER_MS); /* neither the first nor the last */
    forecast_series_deinit(&s);
}

/* Sent again, with other figures or of another length, it was known before. */
static void what_is_known_is_so_from_its_time_in_the_log(void **state) {
    (void)state;
    struct forecast_series s, loaded;
    struct buf b;
    buf_init(&b);
    forecast_series_init(&s);
    forecast_series_init(&loaded);
    struct forecast f = usual();
    for (int again = 0; again < 3; again++) {
        f.log_at = START + again * HOUR_MS;
        f.interval_ms = again < 2 ? QUARTER_MS : 2 * QUARTER_MS;
        struct forecast_version v = forecast_version_of(&f);
        forecast_series_put(&s, &v);
        assert_null(forecast_series_holding(&s, START, START - 1));
        const struct forecast_version *known = forecast_series_holding(&s, START, START);
        assert_non_null(known);
        assert_int_equal(known->interval_ms, f.interval_ms);
    }
    forecast_series_save(&s, &b);
    struct cursor c = cursor_of(buf_slice(&b));
    forecast_series_load(&loaded, &c);
    assert_null(forecast_series_holding(&loaded, START, START - 1));
    assert_non_null(forecast_series_holding(&loaded, START, START));
    forecast_series_deinit(&s);
    forecast_series_deinit(&loaded);
    buf_deinit(&b);
}

/* The older one comes last: it has no place any more. */
static void what_was_displaced_before_it_came_does_not_count(void **state) {
    (void)state;
    struct forecast_series s;
    forecast_series_init(&s);
    struct forecast f = usual();
    f.interval_ms = 2 * QUARTER_MS;
    f.volume = 50;
    struct forecast_version v = forecast_version_of(&f);
    assert_int_equal(forecast_series_put(&s, &v), 1);
    f = usual();
    f.published_at = START - DAY_MS;
    v = forecast_version_of(&f);
    assert_int_equal(forecast_series_put(&s, &v), 0);
    f.start_at = START + QUARTER_MS;
    v = forecast_version_of(&f);
    assert_int_equal(forecast_series_put(&s, &v), 0);
    f.start_at = START + 2 * QUARTER_MS;
    v = forecast_version_of(&f);
    assert_int_equal(forecast_series_put(&s, &v), 1);
    assert_int_equal(s.count, 2);
    forecast_series_deinit(&s);
}

/* In whatever order they come, the bytes are the same, and load gives the same bytes. */
static void order_does_not_matter(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct forecast_series a, b, c;
        struct buf bytes[3];
        forecast_series_init(&a);
        forecast_series_init(&b);
        forecast_series_init(&c);
        int order[40];
        for (int i = 0; i < 40; i++) {
            int other = (int)rng_below(&r, (uint64_t)i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        for (int i = 0; i < 40; i++) {
            put(&a, START + i % 5 * QUARTER_MS, i % 3 * HOUR_MS, i, i);
            put(&b, START + order[i] % 5 * QUARTER_MS, order[i] % 3 * HOUR_MS, order[i], order[i]);
        }
        for (int i = 0; i < 3; i++)
            buf_init(&bytes[i]);
        forecast_series_save(&a, &bytes[0]);
        forecast_series_save(&b, &bytes[1]);
        struct cursor in = cursor_of(buf_slice(&bytes[0]));
        forecast_series_load(&c, &in);
        REQUIRE(seed, !in.failed && cursor_left(&in) == 0);
        forecast_series_save(&c, &bytes[2]);
        REQUIRE(seed, slice_equal(buf_slice(&bytes[0]), buf_slice(&bytes[1])));
        REQUIRE(seed, slice_equal(buf_slice(&bytes[0]), buf_slice(&bytes[2])));
        for (int i = 0; i < 3; i++)
            buf_deinit(&bytes[i]);
        forecast_series_deinit(&a);
        forecast_series_deinit(&b);
        forecast_series_deinit(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(what_is_far_ahead_of_its_record_is_refused),
        cmocka_unit_test(versions_are_loaded_in_their_bounds),
        cmocka_unit_test(the_newest_before_it_counts),
        cmocka_unit_test(parts_of_intervals_are_expected_by_their_length),
        cmocka_unit_test(another_length_takes_the_place_of_what_it_overlaps),
        cmocka_unit_test(what_is_known_is_so_from_its_time_in_the_log),
        cmocka_unit_test(what_was_displaced_before_it_came_does_not_count),
        cmocka_unit_test(order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
