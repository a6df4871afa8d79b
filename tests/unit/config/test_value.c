/* Are numbers, sizes and shares read, and is what only looks like one refused? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/nearest.h"
#include "config/value.h"

static void test_counts(void **state) {
    (void)state;
    int64_t n;
    assert_true(value_count(SLICE("0"), &n, NULL) && n == 0);
    assert_true(value_count(SLICE("-12"), &n, NULL) && n == -12);
    assert_true(value_count(SLICE("9223372036854775807"), &n, NULL) && n == INT64_MAX);
    static const char *const wrong[] = {"", "-", "1.5", "1 ", "+1", "0x10", "9223372036854775808"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_count(slice_of(wrong[i]), &n, NULL));
}

static void test_bytes(void **state) {
    (void)state;
    int64_t n;
    assert_true(value_bytes(SLICE("8GiB"), &n, NULL) && n == INT64_C(8) << 30);
    assert_true(value_bytes(SLICE("64 MiB"), &n, NULL) && n == 64 << 20);
    assert_true(value_bytes(SLICE("5MB"), &n, NULL) && n == 5000000);
    assert_true(value_bytes(SLICE("512"), &n, NULL) && n == 512);
    static const char *const wrong[] = {"", "GiB", "8G", "8gib", "-1KiB", "9000000000TiB"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_bytes(slice_of(wrong[i]), &n, NULL));
}

static void test_numbers(void **state) {
    (void)state;
    double x;
    assert_true(value_number(SLICE("0.25"), &x, NULL) && x > 0.2499 && x < 0.2501);
    assert_true(value_number(SLICE("-3"), &x, NULL) && x < -2.99 && x > -3.01);
    static const char *const wrong[] = {"", ".", "1e3", "inf", "nan", "0x1", "1.2.3", "1-"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_number(slice_of(wrong[i]), &x, NULL));
}

static void test_shares(void **state) {
    (void)state;
    double x;
    assert_true(value_share(SLICE("80%"), &x, NULL) && x > 0.7999 && x < 0.8001);
    assert_true(value_share(SLICE("0.8"), &x, NULL) && x > 0.7999 && x < 0.8001);
    assert_true(value_share(SLICE("100 %"), &x, NULL) && x > 0.999);
    static const char *const wrong[] = {"", "%", "80", "101%", "-1%", "1.01"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(value_share(slice_of(wrong[i]), &x, NULL));
}

static void test_flags(void **state) {
    (void)state;
    bool yes;
    assert_true(value_flag(SLICE("yes"), &yes, NULL) && yes);
    assert_true(value_flag(SLICE("off"), &yes, NULL) && !yes);
    assert_false(value_flag(SLICE("1"), &yes, NULL));
}

static const char *word(const void *context, size_t index) {
    return ((const char *const *)context)[index];
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const words[] = {"target", "tier", "timezone", NULL};
    assert_string_equal(nearest_word(SLICE("tagret"), word, words), "target");
    assert_string_equal(nearest_word(SLICE("targets"), word, words), "target");
    assert_string_equal(nearest_word(SLICE("tir"), word, words), "tier");
    assert_string_equal(nearest_word(SLICE("time_zone"), word, words), "timezone");
    assert_null(nearest_word(SLICE("budget"), word, words));
    assert_null(nearest_word(SLICE(""), word, words));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_bytes), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_flags), cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
