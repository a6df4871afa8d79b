/* Which rule applies to whom: the first in file order, and what holds without a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/contract.h"

#define SITE_QUEUE (SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE))

static const struct leaf voice = {.tenant = SLICE("acme"),
                                  .site = SLICE("north"),
                                  .queue = SLICE("orders"),
                                  .channel = CHANNEL_VOICE,
                                  .direction = DIRECTION_INBOUND};
static const struct leaf chat = {.tenant = SLICE("acme"),
                                 .site = SLICE("north"),
                                 .queue = SLICE("help"),
                                 .channel = CHANNEL_CHAT,
                                 .direction = DIRECTION_INBOUND};

static void test_defaults(void **state) {
    (void)state;
    struct contract c;
    contract_init_default(&c);
    assert_true(c.is_default);
    assert_int_equal(c.short_abandon_ms, 0);
    assert_int_equal(c.ageing_ms[CHANNEL_VOICE], 4 * HOUR_MS);
    assert_int_equal(c.ageing_ms[CHANNEL_CHAT], 24 * HOUR_MS);
    assert_int_equal(c.ageing_ms[CHANNEL_MESSAGING], 72 * HOUR_MS);
    assert_int_equal(c.ageing_ms[CHANNEL_SOCIAL], 7 * DAY_MS);
    assert_int_equal(c.ageing_ms[CHANNEL_EMAIL], 30 * DAY_MS);
    assert_int_equal(c.ageing_ms[CHANNEL_TICKET], 90 * DAY_MS);
    assert_int_equal(c.feed_silent_after_ms, 5 * MINUTE_MS);
    assert_int_equal(c.feed_skewed_after_ms, 30 * SECOND_MS);
    assert_true(c.feed_refused_above == 0.05);
    assert_int_equal(c.quiet_ms, 0);
    assert_int_equal(c.items_per_minute, 60);
    assert_int_equal(c.pages_per_hour, 20);
    assert_true(c.roll_up_share == 0.6);
    assert_int_equal(c.roll_up_children, 3);
    assert_int_equal(zone_offset_ms(&c.zone, 0), 0);
}

static void test_find(void **state) {
    (void)state;
    struct contract contracts[2];
    contract_init_default(&contracts[0]);
    contract_init_default(&contracts[1]);
    contracts[0].tenant = SLICE("a");
    contracts[1].tenant = SLICE("b");
    struct contract_set set = {.contracts = contracts, .count = 2};
    assert_ptr_equal(contract_set_find(&set, SLICE("b"), 0), &contracts[1]);
    assert_ptr_equal(contract_set_find(&set, SLICE("c"), 0), &set.fallback);
}

static void test_versions_follow_each_other(void **state) {
    (void)state;
    struct contract c[4];
    for (size_t i = 0; i < 4; i++)
        contract_init_default(&c[i]);
    c[0].tenant = c[2].tenant = c[3].tenant = SLICE("a");
    c[1].tenant = SLICE("b");
    c[0].effective_at = 3000; /* in any order */
    c[1].effective_at = 2000;
    c[3].effective_at = 5000;
    for (size_t i = 0; i < 4; i++)
        c[i].identity = i + 1;
    struct contract_set set = {.contracts = c, .count = 4};
    contract_set_link(&set);
    assert_ptr_equal(contract_set_find(&set, SLICE("a"), INSTANT_NONE), &c[2]);
    assert_ptr_equal(contract_set_find(&set, SLICE("a"), 2999), &c[2]);
    assert_ptr_equal(contract_set_find(&set, SLICE("a"), 3000), &c[0]);
    assert_ptr_equal(contract_set_find(&set, SLICE("a"), INSTANT_MAX), &c[3]);
    assert_ptr_equal(contract_set_find(&set, SLICE("b"), 1999), &set.fallback);
    assert_ptr_equal(contract_set_find(&set, SLICE("b"), 2000), &c[1]);
    assert_int_equal(contract_set_until(&set, SLICE("a"), INSTANT_NONE), 3000);
    assert_int_equal(contract_set_until(&set, SLICE("a"), 3000), 5000);
    assert_int_equal(contract_set_until(&set, SLICE("a"), 5000), INSTANT_MAX);
    assert_int_equal(contract_set_next_change(&set, INSTANT_NONE), 2000);
    assert_int_equal(contract_set_next_change(&set, 2000), 3000);
    const struct contract *versions[CONTRACT_VERSIONS_MAX];
    assert_int_equal(contract_set_versions(&set, SLICE("a"), versions), 3);
    assert_ptr_equal(versions[2], &c[3]);
    assert_int_equal(contract_set_versions(&set, SLICE("b"), versions), 2);
    assert_ptr_equal(versions[0], &set.fallback);
    assert_int_equal(contract_set_versions(&set, SLICE("c"), versions), 1);
    assert_ptr_equal(c[2].next, &c[0]);
    assert_ptr_equal(c[0].next, &c[3]);
    assert_null(c[3].next);
    struct contract other = c[0];
    c[0].is_default = c[3].is_default = other.is_default = false;
    assert_true(contract_same_from(&c[0], &other));
    other.next = NULL;
    assert_true(contract_same(&c[0], &other));
    assert_false(contract_same_from(&c[0], &other));
}

static void test_first_clock_of_a_kind_applies(void **state) {
    (void)state;
    struct clock_rule clocks[] = {
        {.kind = CLOCK_FIRST_REPLY, .target_ms = 1},
        {.kind = CLOCK_SPEED_OF_ANSWER, .when = {.channels = 1u << CHANNEL_CHAT}, .target_ms = 2},
        {.kind = CLOCK_SPEED_OF_ANSWER, .target_ms = 3},
        {.kind = CLOCK_SPEED_OF_ANSWER, .target_ms = 4},
    };
    struct contract c = {.clocks = clocks, .clock_count = 4};
    assert_int_equal(contract_clock(&c, CLOCK_SPEED_OF_ANSWER, &voice)->target_ms, 3);
    assert_int_equal(contract_clock(&c, CLOCK_SPEED_OF_ANSWER, &chat)->target_ms, 2);
    assert_null(contract_clock(&c, CLOCK_RESOLUTION, &voice));
}

static void test_statuses(void **state) {
    (void)state;
    struct status_word words[] = {{SLICE("hold"), STATUS_ON_HOLD}, {SLICE("open"), STATUS_CLOSED}};
    struct contract c = {.statuses = words, .status_count = 2};
    assert_int_equal(contract_status(&c, SLICE("hold")), STATUS_ON_HOLD);
    assert_int_equal(contract_status(&c, SLICE("pending_customer")), STATUS_PENDING_CUSTOMER);
    assert_int_equal(contract_status(&c, SLICE("solved")), STATUS_SOLVED);
    assert_int_equal(contract_status(&c, SLICE("open")), STATUS_CLOSED); /* the file's word wins */
    assert_int_equal(contract_status(&c, SLICE("Open")), STATUS_UNKNOWN);
}

static void assert_level(const struct contract *c, const struct leaf *leaf, uint32_t mask,
                         int64_t within_ms, enum level_variant variant) {
    struct scope s = scope_of_leaf(leaf, mask);
    int64_t found_ms;
    enum level_variant found;
    contract_plain_level(c, &s, &found_ms, &found);
    assert_int_equal(found_ms, within_ms);
    assert_int_equal(found, variant);
}

static void test_plain_level_without_rules(void **state) {
    (void)state;
    struct contract c;
    contract_init_default(&c);
    assert_level(&c, &voice, 0, 20000, VARIANT_ANSWERED_OF_OFFERED);
    assert_level(&c, &voice, SITE_QUEUE, 20000, VARIANT_ANSWERED_OF_OFFERED);
}

static void test_plain_level_takes_the_first_objective_that_covers(void **state) {
    (void)state;
    struct slice orders[] = {SLICE("orders")};
    struct objective objectives[] = {
        {.metric = METRIC_ASA_MS, .within_ms = 0},
        {.metric = METRIC_SERVICE_LEVEL,
         .variant = VARIANT_SHORT_EXCLUDED,
         .within_ms = 30000,
         .within_given = true,
         .when = {.queue = {orders, 1}}},
        {.metric = METRIC_SERVICE_LEVEL, .variant = VARIANT_ABANDON_IGNORED},
    };
    struct clock_rule clocks[] = {
        {.kind = CLOCK_RESOLUTION, .target_ms = 1},
        {.kind = CLOCK_SPEED_OF_ANSWER,
         .when = {.channels = 1u << CHANNEL_CHAT},
         .target_ms = 60000},
    };
    struct contract c = {
        .objectives = objectives, .objective_count = 3, .clocks = clocks, .clock_count = 2};
    assert_level(&c, &voice, SITE_QUEUE, 30000, VARIANT_SHORT_EXCLUDED);
    assert_level(&c, &chat, 0, 30000, VARIANT_SHORT_EXCLUDED); /* `all` fixes no queue */
    assert_level(&c, &chat, SITE_QUEUE | SCOPE_BIT(SCOPE_CHANNEL), 60000, VARIANT_ABANDON_IGNORED);
    c.clock_count = 1;
    assert_level(&c, &chat, SITE_QUEUE, 20000, VARIANT_ABANDON_IGNORED);
}

static void test_views(void **state) {
    (void)state;
    struct objective objectives[] = {
        {.per = SITE_QUEUE},
        {.per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_PRIORITY)},
    };
    struct demand_rule demands[] = {
        {.per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_PRIORITY)},
        {.per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL)},
    };
    struct contract c = {
        .objectives = objectives, .objective_count = 2, .demands = demands, .demand_count = 2};
    uint32_t masks[CONTRACT_VIEWS_MAX];
    assert_int_equal(contract_views(&c, masks), 9);
    assert_int_equal(masks[0], 0);
    assert_int_equal(masks[7], objectives[1].per);
    assert_int_equal(masks[8], demands[1].per);
}

static void test_thresholds_are_those_of_every_scope_above(void **state) {
    (void)state;
    struct objective objectives[] = {
        {.metric = METRIC_SERVICE_LEVEL,
         .within_ms = 60000,
         .when = {.channels = 1u << CHANNEL_CHAT}},
        {.metric = METRIC_SERVICE_LEVEL,
         .within_ms = 15000,
         .when = {.channels = 1u << CHANNEL_VOICE}},
        {.metric = METRIC_SERVICE_LEVEL,
         .within_ms = 90000,
         .when = {.channels = 1u << CHANNEL_VOICE, .directions = 1u << DIRECTION_OUTBOUND}},
    };
    struct contract c = {.objectives = objectives, .objective_count = 3};
    int64_t thresholds[LEAF_THRESHOLDS_MAX];
    /* `all`, the site and the queue are measured by the chat's 60 s; the channel by its own. */
    assert_int_equal(contract_thresholds(&c, &voice, thresholds), 2);
    assert_int_equal(thresholds[0], 15000);
    assert_int_equal(thresholds[1], 60000);
    assert_int_equal(contract_thresholds(&c, &chat, thresholds), 1);
    assert_int_equal(thresholds[0], 60000);
}

static void test_too_many_thresholds_are_counted(void **state) {
    (void)state;
    struct objective objectives[8];
    for (int i = 0; i < 8; i++)
        objectives[i] = (struct objective){.metric = METRIC_SERVICE_LEVEL,
                                           .within_ms = (8 - i) * 1000};
    struct contract c = {.objectives = objectives, .objective_count = 8};
    int64_t thresholds[LEAF_THRESHOLDS_MAX];
    assert_int_equal(contract_thresholds(&c, &voice, thresholds), 8);
    assert_int_equal(thresholds[LEAF_THRESHOLDS_MAX - 1], LEAF_THRESHOLDS_MAX * 1000);
}

/* Two calendars: one day on which both are closed, one on which one is, one on which none opens. */
static void a_holiday_is_one_for_all_who_would_be_open(void **state) {
    (void)state;
    static struct calendar_day both[] = {{20000, 0}, {20001, 0}, {20007, 0}, {20015, 0}};
    static struct calendar_day one[] = {{20000, 0}, {20001, 0}, {20007, 0}, {20008, 0}};
    struct calendar calendars[2] = {{.days = both, .day_count = 4}, {.days = one, .day_count = 4}};
    struct contract c;
    contract_init_default(&c);
    assert_false(contract_is_holiday(&c, 20014 * DAY_MS));
    c.calendars = calendars;
    c.calendar_count = 2;
    assert_false(contract_is_holiday(&c, 20000 * DAY_MS));
    assert_true(contract_is_holiday(&c, 20014 * DAY_MS));
    assert_false(contract_is_holiday(&c, 20008 * DAY_MS)); /* the second is there */
    assert_false(contract_is_holiday(&c, 20003 * DAY_MS)); /* nobody ever is */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_versions_follow_each_other),
        cmocka_unit_test(test_first_clock_of_a_kind_applies),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_plain_level_without_rules),
        cmocka_unit_test(test_plain_level_takes_the_first_objective_that_covers),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_thresholds_are_those_of_every_scope_above),
        cmocka_unit_test(test_too_many_thresholds_are_counted),
        cmocka_unit_test(a_holiday_is_one_for_all_who_would_be_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
