/* Are scopes named as CONTRACT says, and compared by what they fix alone? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/scope.h"

#define ALL_MASK ((1u << SCOPE_AGENT) - 1)

static const struct leaf leaf = {.tenant = SLICE("acme"),
                                 .vendor = SLICE("v1"),
                                 .site = SLICE("Köln 2"),
                                 .queue = SLICE("a/b=c%"),
                                 .channel = CHANNEL_VOICE,
                                 .priority = PRIORITY_HIGH};

static void assert_formats(const struct scope *s, const char *expected) {
    struct buf b;
    buf_init(&b);
    scope_format(s, &b);
    buf_put_u8(&b, 0);
    assert_string_equal(b.at, expected);
    buf_deinit(&b);
}

static void test_tenant_is_all(void **state) {
    (void)state;
    struct scope s = scope_of_leaf(&leaf, 0);
    assert_formats(&s, "all");
}

static void test_order_and_encoding(void **state) {
    (void)state;
    struct scope s = scope_of_leaf(&leaf, ALL_MASK);
    assert_formats(&s,
                   "vendor=v1/site=K%C3%B6ln%202/queue=a%2Fb%3Dc%25/channel=voice/priority=high");
    s = scope_of_leaf(&leaf, SCOPE_BIT(SCOPE_CHANNEL));
    assert_formats(&s, "channel=voice");
}

static void test_unreserved_stay(void **state) {
    (void)state;
    struct scope s = {.mask = SCOPE_BIT(SCOPE_AGENT)};
    s.values[SCOPE_AGENT] = SLICE("aZ09_.-~");
    assert_formats(&s, "agent=aZ09_.-~");
}

static void test_only_fixed_dimensions_count(void **state) {
    (void)state;
    struct leaf other = leaf;
    other.queue = SLICE("elsewhere");
    struct scope a = scope_of_leaf(&leaf, SCOPE_BIT(SCOPE_SITE));
    struct scope b = scope_of_leaf(&other, SCOPE_BIT(SCOPE_SITE));
    b.values[SCOPE_QUEUE] = SLICE("left over");
    assert_true(scope_equal(&a, &b));
    assert_int_equal(scope_hash(&a, 7), scope_hash(&b, 7));
}

static void test_compare_by_mask_then_values(void **state) {
    (void)state;
    struct leaf other = leaf;
    other.site = SLICE("Aachen");
    struct scope all = scope_of_leaf(&leaf, 0);
    struct scope a = scope_of_leaf(&other, SCOPE_BIT(SCOPE_SITE));
    struct scope b = scope_of_leaf(&leaf, SCOPE_BIT(SCOPE_SITE));
    struct scope queue = scope_of_leaf(&leaf, SCOPE_BIT(SCOPE_QUEUE));
    assert_true(scope_compare(&all, &a) < 0);
    assert_true(scope_compare(&a, &b) < 0);
    assert_true(scope_compare(&b, &a) > 0);
    assert_true(scope_compare(&b, &queue) < 0);
    assert_false(scope_equal(&a, &b));
    assert_true(scope_hash(&a, 7) != scope_hash(&b, 7));
    assert_true(scope_hash(&all, 7) != scope_hash(&all, 8));
}

static void test_same_value_in_another_dimension_differs(void **state) {
    (void)state;
    struct leaf same = {.site = SLICE("x"), .queue = SLICE("x")};
    struct scope site = scope_of_leaf(&same, SCOPE_BIT(SCOPE_SITE));
    struct scope queue = scope_of_leaf(&same, SCOPE_BIT(SCOPE_QUEUE));
    assert_true(scope_hash(&site, 7) != scope_hash(&queue, 7));
}

static void test_dimension_names(void **state) {
    (void)state;
    enum scope_dimension d;
    assert_true(scope_parse_dimension(SLICE("priority"), &d));
    assert_int_equal(d, SCOPE_PRIORITY);
    assert_false(scope_parse_dimension(SLICE("team"), &d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenant_is_all),
        cmocka_unit_test(test_order_and_encoding),
        cmocka_unit_test(test_unreserved_stay),
        cmocka_unit_test(test_only_fixed_dimensions_count),
        cmocka_unit_test(test_compare_by_mask_then_values),
        cmocka_unit_test(test_same_value_in_another_dimension_differs),
        cmocka_unit_test(test_dimension_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
