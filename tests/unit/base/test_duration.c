/* Do durations read as contracts write them, and come out as short as they can? */
#include "base/instant.h"

#include "base/property.h"

static void golden(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
        const char *shortest;
    } rows[] = {
        {"1500ms", 1500, "1500ms"},
        {"20s", 20000, "20s"},
        {"15m", 900000, "15m"},
        {"60m", 3600000, "1h"},
        {"4h", 14400000, "4h"},
        {"30d", INT64_C(2592000000), "30d"},
        {"1h30m", 5400000, "90m"},
        {"1d1ms", 86400001, "1d1ms"},
        {"1m1m", 120000, "2m"},
        {"0s", 0, "0s"},
        {"9223372036854775807ms", INT64_MAX, "9223372036854775807ms"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = -1;
        assert_true(duration_parse(slice_of(rows[i].text), &ms, NULL));
        assert_int_equal(ms, rows[i].ms);
        char text[32];
        duration_format(ms, text);
        assert_string_equal(text, rows[i].shortest);
    }
    char text[32];
    duration_format(-1500, text);
    assert_string_equal(text, "-1500ms");
    duration_format(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808ms");
}

static void faults_are_told(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "20",
        "s",
        "1.5h",
        "-20s",
        "20 s",
        "20s ",
        "1h30",
        "1week",
        "106751991168d",
        "9223372036854775808ms",
        "9223372036854775807ms1ms",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t ms;
        struct err err = {""};
        if (duration_parse(slice_of(texts[i]), &ms, &err))
            fail_msg("\"%s\" was taken for a duration", texts[i]);
        assert_non_null(strstr(err.text, texts[i]));
    }
}

static void every_duration_reads_back(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    static const int64_t units[] = {1, SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS};
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)rng_below(&r, 10000) * units[rng_below(&r, 5)];
        if (rng_below(&r, 4) == 0)
            ms = (int64_t)(rng_next(&r) >> (1 + rng_below(&r, 60)));
        char text[32];
        duration_format(ms, text);
        int64_t back = -1;
        REQUIRE(seed, duration_parse(slice_of(text), &back, NULL));
        REQUIRE(seed, back == ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(every_duration_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
