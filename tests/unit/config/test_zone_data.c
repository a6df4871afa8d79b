/* Are the system's zones compiled into the changes that really happened? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/zone_data.h"

static void assert_offset(const struct zone *z, const char *at, int64_t hours_x4) {
    int64_t instant;
    assert_true(instant_parse(slice_of(at), &instant, NULL));
    assert_int_equal(zone_offset_ms(z, instant), hours_x4 * 15 * MINUTE_MS);
}

static void test_utc_has_no_changes(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct zone z;
    assert_true(zone_data_load(SLICE("UTC"), arena, &z));
    assert_int_equal(z.count, 0);
    assert_true(slice_equal(z.name, SLICE("UTC")));
    arena_free(arena);
}

static void test_changes_are_exact_to_the_second(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct zone z;
    assert_true(zone_data_load(SLICE("America/New_York"), arena, &z));
    assert_offset(&z, "2026-03-08T06:59:59Z", -20);
    assert_offset(&z, "2026-03-08T07:00:00Z", -16);
    assert_offset(&z, "2026-11-01T05:59:59Z", -16);
    assert_offset(&z, "2026-11-01T06:00:00Z", -20);
    assert_offset(&z, "2050-07-01T00:00:00Z", -16);
    assert_offset(&z, "2050-12-01T00:00:00Z", -20);
    assert_true(zone_data_load(SLICE("Asia/Kathmandu"), arena, &z));
    assert_offset(&z, "1985-12-31T18:29:59Z", 22);
    assert_offset(&z, "1985-12-31T18:30:00Z", 23);
    assert_offset(&z, "2026-01-01T00:00:00Z", 23);
    assert_true(zone_data_load(SLICE("America/Sao_Paulo"), arena, &z));
    assert_offset(&z, "2018-11-04T02:59:59Z", -12);
    assert_offset(&z, "2018-11-04T03:00:00Z", -8);
    assert_offset(&z, "2026-12-01T00:00:00Z", -12);
    arena_free(arena);
}

/* A rule is another from one year to the next: no whole number of weeks, or none near a year. */
static void test_years_unlike_the_one_before(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct zone z;
    assert_true(zone_data_load(SLICE("America/New_York"), arena, &z));
    assert_offset(&z, "2007-03-11T06:59:59Z", -20);
    assert_offset(&z, "2007-03-11T07:00:00Z", -16);
    assert_offset(&z, "2007-11-04T05:59:59Z", -16);
    assert_offset(&z, "2007-11-04T06:00:00Z", -20);
    assert_true(zone_data_load(SLICE("Asia/Jerusalem"), arena, &z));
    assert_offset(&z, "2012-09-22T22:59:59Z", 12);
    assert_offset(&z, "2012-09-22T23:00:00Z", 8);
    assert_offset(&z, "2013-03-28T23:59:59Z", 8);
    assert_offset(&z, "2013-03-29T00:00:00Z", 12);
    assert_offset(&z, "2013-10-26T22:59:59Z", 12);
    assert_offset(&z, "2013-10-26T23:00:00Z", 8);
    arena_free(arena);
}

static void test_changes_ascend(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct zone z;
    assert_true(zone_data_load(SLICE("Africa/Casablanca"), arena, &z));
    assert_true(z.count > 50);
    assert_int_equal(z.changes[0].from_at, INSTANT_NONE);
    for (size_t i = 1; i < z.count; i++) {
        assert_true(z.changes[i].from_at > z.changes[i - 1].from_at);
        assert_true(z.changes[i].offset_ms != z.changes[i - 1].offset_ms);
    }
    arena_free(arena);
}

static void test_what_is_no_name(void **state) {
    (void)state;
    static const char *const names[] = {"",       "Europe/Berln", "+02:00", "../../etc/passwd",
                                        "europe", "/etc/passwd",  "A",      "Europe"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct zone z;
        if (zone_data_load(slice_of(names[i]), arena, &z))
            fail_msg("\"%s\" was taken", names[i]);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc_has_no_changes),
        cmocka_unit_test(test_changes_are_exact_to_the_second),
        cmocka_unit_test(test_years_unlike_the_one_before),
        cmocka_unit_test(test_changes_ascend),
        cmocka_unit_test(test_what_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
