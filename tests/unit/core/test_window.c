/* Are the windows those of CONTRACT *Windows and steps*? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/window.h"

static void test_names_are_their_lengths(void **state) {
    (void)state;
    for (unsigned i = 0; i < WINDOW_COUNT; i++) {
        const struct window_spec *spec = window_spec((enum window_id)i);
        int64_t length_ms;
        assert_true(duration_parse(slice_of(spec->name), &length_ms, NULL));
        assert_int_equal(spec->length_ms, length_ms);
        enum window_id parsed;
        assert_true(window_parse(slice_of(spec->name), &parsed));
        assert_int_equal(parsed, i);
    }
}

static void test_steps(void **state) {
    (void)state;
    for (unsigned i = 0; i < WINDOW_COUNT; i++) {
        const struct window_spec *spec = window_spec((enum window_id)i);
        int64_t expected = spec->length_ms <= 30 * MINUTE_MS ? 10 * SECOND_MS
                           : spec->length_ms <= 4 * HOUR_MS  ? MINUTE_MS
                                                             : 5 * MINUTE_MS;
        assert_int_equal(spec->step_ms, expected);
    }
}

static void test_unknown_name(void **state) {
    (void)state;
    enum window_id w;
    assert_false(window_parse(SLICE("2m"), &w));
    assert_false(window_parse(SLICE("1"), &w));
    assert_false(window_parse(SLICE(""), &w));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_their_lengths),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_unknown_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
