/* Do instants read back as they are written, as the C library's calendar says? */
#include "base/instant.h"

#include <stdio.h>
#include <time.h>

#include "base/property.h"

static int64_t parsed(const char *text) {
    int64_t at = INSTANT_NONE;
    struct err err = {""};
    if (!instant_parse(slice_of(text), &at, &err))
        fail_msg("%s", err.text);
    return at;
}

static void golden(void **state) {
    (void)state;
    char text[32];
    instant_format(INT64_C(1795800600123), text);
    assert_string_equal(text, "2026-11-27T17:30:00.123Z");
    instant_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    instant_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    instant_format(INSTANT_NONE, text);
    assert_string_equal(text, "-9223372036854775808");
    assert_int_equal(parsed("2026-11-27T17:30:00.123Z"), INT64_C(1795800600123));
    assert_int_equal(parsed("2026-11-27t12:30:00.1239-05:00"), INT64_C(1795800600123));
    assert_int_equal(parsed("2026-11-27 23:00:00+05:30"), INT64_C(1795800600000));
    assert_int_equal(parsed("2016-12-31T23:59:60Z"), parsed("2017-01-01T00:00:00Z"));
    assert_int_equal(parsed("2024-02-29T00:00:00Z"), INT64_C(1709164800000));
    assert_int_equal(parsed("2000-02-29T00:00:00Z"), INT64_C(951782400000));
    assert_int_equal(parsed("1795800600123"), INT64_C(1795800600123));
    assert_int_equal(parsed("-1"), -1);
    assert_int_equal(parsed("-9223372036854775808"), INT64_MIN);
}

static void faults_are_told(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "-",
        "x",
        "12x",
        "9223372036854775808",
        "2026-11-27",
        "2026-11-27T17:30:00",
        "2026-11-27T17:30Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Z ",
        "2026-01-01T00:00:00+0100",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t at;
        struct err err = {""};
        if (instant_parse(slice_of(texts[i]), &at, &err))
            fail_msg("\"%s\" was taken for an instant", texts[i]);
        assert_non_null(strstr(err.text, texts[i]));
        assert_false(instant_parse(slice_of(texts[i]), &at, NULL));
    }
}

static void the_calendar_is_that_of_the_c_library(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    for (int i = 0; i < 100000; i++) {
        int64_t at = (int64_t)rng_below(&r, UINT64_C(315569520000000)) - INT64_C(62167219200000);
        time_t seconds = (time_t)(instant_floor(at, 1000) / 1000);
        struct tm tm;
        REQUIRE(seed, gmtime_r(&seconds, &tm));
        char expected[80];
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(at - instant_floor(at, 1000)));
        char text[32];
        instant_format(at, text);
        assert_string_equal(text, expected);
        REQUIRE(seed, parsed(text) == at);
    }
}

static void every_instant_reads_back(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    for (int i = 0; i < 10000; i++) {
        int64_t at = (int64_t)rng_next(&r) >> rng_below(&r, 64);
        char text[32];
        instant_format(at, text);
        REQUIRE(seed, parsed(text) == at);
    }
}

static void floors(void **state) {
    (void)state;
    assert_int_equal(instant_floor(25, 10), 20);
    assert_int_equal(instant_floor(20, 10), 20);
    assert_int_equal(instant_floor(-1, 10), -10);
    assert_int_equal(instant_floor(-10, 10), -10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(floors),
        cmocka_unit_test(the_calendar_is_that_of_the_c_library),
        cmocka_unit_test(every_instant_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
