/* Does a `when` take exactly what it names, and leave out only scopes that contradict it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/match.h"

static struct slice two_queues[] = {SLICE("billing"), SLICE("orders")};

static const struct match voice_of_two = {
    .queue = {two_queues, 2},
    .channels = 1u << CHANNEL_VOICE,
    .priorities = 1u << PRIORITY_HIGH | 1u << PRIORITY_URGENT,
};

static struct leaf fitting(void) {
    return (struct leaf){.tenant = SLICE("acme"),
                         .site = SLICE("x"),
                         .queue = SLICE("orders"),
                         .channel = CHANNEL_VOICE,
                         .priority = PRIORITY_URGENT,
                         .direction = DIRECTION_INBOUND};
}

static void test_empty_match_takes_all(void **state) {
    (void)state;
    struct leaf leaf = {0};
    assert_true(match_leaf(&(struct match){0}, &leaf));
    leaf = fitting();
    assert_true(match_leaf(&(struct match){0}, &leaf));
}

static void test_each_dimension_must_fit(void **state) {
    (void)state;
    struct leaf leaf = fitting();
    assert_true(match_leaf(&voice_of_two, &leaf));
    leaf.queue = SLICE("order");
    assert_false(match_leaf(&voice_of_two, &leaf));
    leaf = fitting();
    leaf.channel = CHANNEL_CHAT;
    assert_false(match_leaf(&voice_of_two, &leaf));
    leaf = fitting();
    leaf.priority = PRIORITY_NORMAL;
    assert_false(match_leaf(&voice_of_two, &leaf));
}

static void test_vendor_site_direction(void **state) {
    (void)state;
    struct slice sites[] = {SLICE("x")};
    struct slice vendors[] = {SLICE("v")};
    struct leaf leaf = fitting();
    struct match m = {.site = {sites, 1}};
    assert_true(match_leaf(&m, &leaf));
    m.vendor = (struct match_values){vendors, 1};
    assert_false(match_leaf(&m, &leaf));
    m = (struct match){.directions = 1u << DIRECTION_INBOUND};
    assert_true(match_leaf(&m, &leaf));
    leaf.direction = DIRECTION_OUTBOUND;
    assert_false(match_leaf(&m, &leaf));
    leaf.direction = DIRECTION_UNKNOWN; /* counts as inbound */
    assert_true(match_leaf(&m, &leaf));
}

static void test_scope_is_left_out_by_contradiction_only(void **state) {
    (void)state;
    struct leaf leaf = fitting();
    leaf.site = SLICE("anywhere");
    for (uint32_t mask = 0; mask < SCOPE_BIT(SCOPE_AGENT); mask++) {
        struct scope s = scope_of_leaf(&leaf, mask);
        assert_true(match_covers_scope(&voice_of_two, &s));
    }
    leaf.queue = SLICE("other");
    leaf.channel = CHANNEL_EMAIL;
    leaf.priority = PRIORITY_LOW;
    const uint32_t named = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL) |
                           SCOPE_BIT(SCOPE_PRIORITY);
    for (uint32_t mask = 0; mask < SCOPE_BIT(SCOPE_AGENT); mask++) {
        struct scope s = scope_of_leaf(&leaf, mask);
        assert_int_equal(match_covers_scope(&voice_of_two, &s), (mask & named) == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_match_takes_all),
        cmocka_unit_test(test_each_dimension_must_fit),
        cmocka_unit_test(test_vendor_site_direction),
        cmocka_unit_test(test_scope_is_left_out_by_contradiction_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
