/* Has each combination of names one id, whoever asks, and does the limit hold? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/contract.h"
#include "core/leaf.h"

static struct contract_set no_contracts(void) {
    struct contract_set set = {0};
    contract_init_default(&set.fallback);
    return set;
}

static void test_same_names_same_id(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 100);
    char site[] = "north";
    struct leaf key = {.tenant = SLICE("acme"), .site = slice_of(site), .queue = SLICE("q")};
    uint32_t id = leaf_dict_intern(d, &key);
    site[0] = 'x'; /* the dictionary has copies */
    assert_true(slice_equal(leaf_dict_at(d, id)->site, SLICE("north")));
    key.site = SLICE("north");
    assert_int_equal(leaf_dict_intern(d, &key), id);
    assert_int_equal(leaf_dict_count(d), 1);
    leaf_dict_free(d);
}

static void test_names_do_not_run_into_each_other(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 100);
    uint32_t a = leaf_dict_intern(d, &(struct leaf){.vendor = SLICE("ab"), .site = SLICE("c")});
    uint32_t b = leaf_dict_intern(d, &(struct leaf){.vendor = SLICE("a"), .site = SLICE("bc")});
    uint32_t c = leaf_dict_intern(d, &(struct leaf){.site = SLICE("a"), .queue = SLICE("bc")});
    uint32_t e = leaf_dict_intern(
        d, &(struct leaf){.site = SLICE("a"), .queue = SLICE("bc"), .channel = CHANNEL_CHAT});
    assert_true(a != b && b != c && a != c && e != c);
    leaf_dict_free(d);
}

static void test_unknown_direction_is_inbound(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 100);
    uint32_t a = leaf_dict_intern(d, &(struct leaf){.direction = DIRECTION_UNKNOWN});
    uint32_t b = leaf_dict_intern(d, &(struct leaf){.direction = DIRECTION_INBOUND});
    assert_int_equal(a, b);
    assert_int_equal(leaf_dict_at(d, a)->direction, DIRECTION_INBOUND);
    leaf_dict_free(d);
}

static void test_beyond_the_limit_the_tenant_counts(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 2);
    const char *queues[] = {"a", "b", "c", "d"};
    uint32_t ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = leaf_dict_intern(d, &(struct leaf){.tenant = SLICE("acme"),
                                                    .queue = slice_of(queues[i]),
                                                    .channel = CHANNEL_VOICE});
    assert_int_equal(ids[2], ids[3]);
    assert_int_equal(leaf_dict_at(d, ids[2])->queue.size, 0);
    assert_int_equal(leaf_dict_at(d, ids[2])->channel, CHANNEL_VOICE);
    assert_int_equal(leaf_dict_refused(d), 2);
    assert_int_equal(leaf_dict_count(d), 3);
    assert_int_equal(leaf_dict_intern(d, &(struct leaf){.tenant = SLICE("acme"),
                                                        .queue = SLICE("b"),
                                                        .channel = CHANNEL_VOICE}),
                     ids[1]);
    leaf_dict_free(d);
}

static uint32_t with_reason(struct leaf_dict *d, const char *queue, const char *reason) {
    return leaf_dict_intern(d, &(struct leaf){.tenant = SLICE("acme"),
                                              .queue = slice_of(queue),
                                              .reason = slice_of(reason)});
}

/* So many of the same names, and so many of all: what is left out counts without. */
static void test_reasons_are_few(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 100);
    char reason[16], queue[16];
    uint32_t plain = with_reason(d, "a", "");
    for (int i = 0; i < LEAF_REASONS_MAX; i++) {
        snprintf(reason, sizeof(reason), "r%d", i);
        uint32_t id = with_reason(d, "a", reason);
        assert_true(id != plain);
        assert_true(slice_equal(leaf_dict_at(d, id)->reason, slice_of(reason)));
        assert_int_equal(with_reason(d, "a", reason), id);
    }
    assert_int_equal(with_reason(d, "a", "one more"), plain);
    assert_int_equal(leaf_dict_refused_reasons(d), 1);
    for (int i = 0; i < 100 / 2 - LEAF_REASONS_MAX; i++) {
        snprintf(queue, sizeof(queue), "q%d", i);
        assert_int_equal(leaf_dict_at(d, with_reason(d, queue, "r"))->reason.size, 1);
    }
    assert_int_equal(leaf_dict_at(d, with_reason(d, "b", "r"))->reason.size, 0);
    assert_int_equal(leaf_dict_refused_reasons(d), 2);
    for (int i = 0; i < 100 - 36; i++) { /* they took no place of those without */
        snprintf(queue, sizeof(queue), "p%d", i);
        assert_true(leaf_dict_at(d, with_reason(d, queue, ""))->queue.size > 0);
    }
    assert_int_equal(leaf_dict_refused(d), 0);
    assert_int_equal(leaf_dict_at(d, with_reason(d, "c", "r"))->queue.size, 0);
    assert_int_equal(leaf_dict_refused(d), 1);
    leaf_dict_free(d);
}

/* Also where there is no room for the names themselves. */
static void test_a_reason_stands_beside_its_names(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 4);
    uint32_t refund = with_reason(d, "a", "refund"), plain = with_reason(d, "a", "");
    assert_true(refund != plain);
    assert_int_equal(leaf_dict_plain(d, refund), plain);
    assert_int_equal(leaf_dict_plain(d, plain), plain);
    with_reason(d, "b", "");
    with_reason(d, "c", "");
    with_reason(d, "e", "");
    uint32_t beyond = with_reason(d, "f", "refund");
    assert_int_equal(leaf_dict_at(d, beyond)->queue.size, 0);
    assert_int_equal(leaf_dict_at(d, beyond)->reason.size, 0);
    assert_int_equal(leaf_dict_plain(d, beyond), beyond);
    assert_int_equal(leaf_dict_refused_reasons(d), 1);
    leaf_dict_free(d);
}

static void test_leaves_stay_where_they_are(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 100000);
    const struct leaf *first = leaf_dict_at(d, leaf_dict_intern(d, &(struct leaf){0}));
    char name[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "q%d", i);
        uint32_t id = leaf_dict_intern(d, &(struct leaf){.queue = slice_of(name)});
        assert_true(slice_equal(leaf_dict_at(d, id)->queue, slice_of(name)));
    }
    assert_ptr_equal(first, leaf_dict_at(d, 0));
    assert_int_equal(leaf_dict_count(d), 20001);
    leaf_dict_free(d);
}

static void test_contract_and_thresholds_come_with_the_leaf(void **state) {
    (void)state;
    struct objective objective = {.metric = METRIC_SERVICE_LEVEL, .within_ms = 30000};
    struct contract acme;
    contract_init_default(&acme);
    acme.tenant = SLICE("acme");
    acme.objectives = &objective;
    acme.objective_count = 1;
    struct contract_set set = no_contracts();
    set.contracts = &acme;
    set.count = 1;
    struct leaf_dict *d = leaf_dict_new(&set, 10);
    const struct leaf *known = leaf_dict_at(
        d, leaf_dict_intern(d, &(struct leaf){.tenant = SLICE("acme")}));
    assert_ptr_equal(known->contract, &acme);
    assert_int_equal(known->threshold_count, 1);
    assert_int_equal(known->thresholds_ms[0], 30000);
    const struct leaf *unknown = leaf_dict_at(
        d, leaf_dict_intern(d, &(struct leaf){.tenant = SLICE("other")}));
    assert_ptr_equal(unknown->contract, &set.fallback);
    assert_int_equal(unknown->thresholds_ms[0], 20000);
    leaf_dict_free(d);
}

static void test_compare(void **state) {
    (void)state;
    struct leaf a = {.tenant = SLICE("a"), .queue = SLICE("q"), .channel = CHANNEL_CHAT};
    struct leaf b = a;
    assert_int_equal(leaf_compare(&a, &b), 0);
    b.direction = DIRECTION_OUTBOUND;
    assert_true(leaf_compare(&a, &b) < 0);
    b.priority = 0;
    a.priority = PRIORITY_LOW;
    assert_true(leaf_compare(&a, &b) > 0);
    b.channel = CHANNEL_EMAIL;
    assert_true(leaf_compare(&a, &b) < 0);
    b.vendor = SLICE("");
    a.vendor = SLICE("v");
    assert_true(leaf_compare(&a, &b) > 0);
}

static bool are_ranked(struct leaf_dict *d) {
    const uint32_t *ranks = leaf_dict_ranks(d);
    uint32_t count = leaf_dict_count(d);
    bool right = true;
    for (uint32_t a = 0; a < count; a++)
        for (uint32_t b = 0; b < count; b++)
            right &= (leaf_compare(leaf_dict_at(d, a), leaf_dict_at(d, b)) < 0) ==
                     (ranks[a] < ranks[b]);
    return right;
}

/* Also of leaves that come between those that were ranked before. */
static void test_ranks_are_by_names(void **state) {
    (void)state;
    struct contract_set set = no_contracts();
    struct leaf_dict *d = leaf_dict_new(&set, 1000);
    char queue[16];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(queue, sizeof(queue), "q%u", i * 7919 % 200);
        leaf_dict_intern(d, &(struct leaf){.tenant = i % 3 ? SLICE("b") : SLICE("a"),
                                           .queue = slice_of(queue),
                                           .channel = (uint8_t)(i % CHANNEL_COUNT)});
        if (i % 40 < 3)
            assert_true(are_ranked(d));
    }
    assert_true(are_ranked(d));
    leaf_dict_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_names_same_id),
        cmocka_unit_test(test_names_do_not_run_into_each_other),
        cmocka_unit_test(test_unknown_direction_is_inbound),
        cmocka_unit_test(test_beyond_the_limit_the_tenant_counts),
        cmocka_unit_test(test_reasons_are_few),
        cmocka_unit_test(test_a_reason_stands_beside_its_names),
        cmocka_unit_test(test_leaves_stay_where_they_are),
        cmocka_unit_test(test_contract_and_thresholds_come_with_the_leaf),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_ranks_are_by_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
