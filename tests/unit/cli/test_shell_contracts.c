/* The library of contracts: what is published comes back under its name, newer wins, lower is
 * refused, and nothing damaged is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "cli/shell_contracts.h"

static void ignore(void *self, enum log_level level, const char *event, const char *members) {
    (void)self, (void)level, (void)event, (void)members;
}

static struct shell_contracts *library(void) {
    return shell_contracts_new((struct note_port){NULL, ignore});
}

/* One tenant's contract of this version; belongs to the library. */
static struct contract_set *contracts(struct shell_contracts *c, int version) {
    char text[200];
    snprintf(text, sizeof text, "contract: a b\nversion: %d\ntenant: ac me\n", version);
    struct contract_text t = {SLICE("acme.yaml"), slice_of(text)};
    struct faults faults;
    faults_init(&faults);
    struct contract_set *set = contracts_parse(&t, 1, &faults);
    assert_non_null(set);
    faults_deinit(&faults);
    shell_contracts_keep(c, set);
    return set;
}

/* Into the topic, and read from there by another process. Returns how many records were missing. */
static size_t publish(struct shell_contracts *from, struct shell_contracts *to, int version,
                      char name[MANIFEST_HASH + 1]) {
    struct kafka_contract_list list = {.count = 0};
    shell_contracts_prepare(from, contracts(from, version), &list, name);
    size_t count = list.count;
    for (size_t i = 0; i < count; i++) {
        shell_contracts_add(from, list.records[i].key, list.records[i].value);
        shell_contracts_add(to, list.records[i].key, list.records[i].value);
    }
    kafka_contracts_free(&list);
    return count;
}

static void test_what_was_published_is_known(void **state) {
    (void)state;
    struct shell_contracts *writer = library(), *reader = library();
    struct contracts_port port = shell_contracts_port(reader);
    char name[MANIFEST_HASH + 1], again[MANIFEST_HASH + 1];
    assert_int_equal(publish(writer, reader, 3, name), 2); /* the text, and the manifest */
    const struct contract_set *set = port.find(port.self, name);
    assert_non_null(set);
    const struct contract *c = contract_set_find(set, SLICE("ac me"), 0);
    assert_int_equal(c->version, 3);
    assert_true(contract_same(c, &contracts(writer, 3)->contracts[0]));
    assert_false(contract_same(c, &contracts(writer, 4)->contracts[0]));
    assert_ptr_equal(port.find(port.self, name), set);
    assert_null(port.find(port.self, "00000000000000000000000000000000"));
    assert_int_equal(publish(reader, writer, 3, again), 0); /* it is there, and the newest */
    assert_string_equal(again, name);
    assert_string_equal(shell_contracts_names(reader)[0], name);
    assert_null(shell_contracts_names(reader)[1]);
    shell_contracts_free(writer);
    shell_contracts_free(reader);
}

/* One that will follow is published with the one in force, which is no lower version. */
static void test_the_last_version_of_a_tenant_is_the_one_that_counts(void **state) {
    (void)state;
    struct shell_contracts *c = library();
    const char *const later =
        "contract: a b\nversion: 4\ntenant: ac me\neffective_from: 2026-07-01\n";
    const char *const now = "contract: a b\nversion: 3\ntenant: ac me\n";
    struct contract_text texts[] = {{SLICE("later.yaml"), slice_of(later)},
                                    {SLICE("now.yaml"), slice_of(now)}};
    struct faults faults;
    struct err err;
    char name[MANIFEST_HASH + 1];
    faults_init(&faults);
    struct contract_set *both = contracts_parse(texts, 2, &faults);
    assert_non_null(both);
    shell_contracts_keep(c, both);
    struct kafka_contract_list list = {.count = 0};
    shell_contracts_prepare(c, both, &list, name);
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < list.count; i++)
        shell_contracts_add(c, list.records[i].key, list.records[i].value);
    kafka_contracts_free(&list);
    assert_true(shell_contracts_check(c, both, &err));
    assert_false(shell_contracts_check(c, contracts(c, 3), &err));
    struct contracts_port port = shell_contracts_port(c);
    const struct contract_set *found = port.find(port.self, name);
    assert_non_null(found);
    assert_int_equal(contract_set_find(found, SLICE("ac me"), 0)->version, 3);
    assert_int_equal(contract_set_find(found, SLICE("ac me"), INSTANT_MAX)->version, 4);
    faults_deinit(&faults);
    shell_contracts_free(c);
}

static void test_what_was_published_later_is_newer(void **state) {
    (void)state;
    struct shell_contracts *writer = library(), *reader = library();
    struct contracts_port port = shell_contracts_port(reader);
    char three[MANIFEST_HASH + 1], four[MANIFEST_HASH + 1], again[MANIFEST_HASH + 1];
    publish(writer, reader, 3, three);
    publish(writer, reader, 4, four);
    assert_true(port.newer(port.self, four, three));
    assert_false(port.newer(port.self, three, four));
    assert_int_equal(publish(writer, reader, 3, again), 1); /* the manifest alone, anew */
    assert_string_equal(again, three);
    assert_true(port.newer(port.self, three, four));
    shell_contracts_free(writer);
    shell_contracts_free(reader);
}

static void test_a_lower_version_is_refused(void **state) {
    (void)state;
    struct shell_contracts *c = library();
    char name[MANIFEST_HASH + 1];
    struct err err;
    publish(c, c, 3, name);
    assert_false(shell_contracts_check(c, contracts(c, 2), &err));
    assert_non_null(strstr(err.text, "acme.yaml: the contract of tenant ac me has version 2, but "
                                     "version 3"));
    assert_true(shell_contracts_check(c, contracts(c, 3), &err));
    assert_true(shell_contracts_check(c, contracts(c, 4), &err));
    shell_contracts_free(c);
}

static void test_damaged_records_are_not_believed(void **state) {
    (void)state;
    struct shell_contracts *writer = library(), *reader = library();
    struct contracts_port port = shell_contracts_port(reader);
    struct kafka_contract_list list = {.count = 0};
    char name[MANIFEST_HASH + 1];
    shell_contracts_prepare(writer, contracts(writer, 3), &list, name);
    assert_int_equal(list.count, 2);
    ((char *)(uintptr_t)list.records[0].value.at)[0] ^= 1; /* no longer what its hash says */
    for (size_t i = 0; i < list.count; i++)
        shell_contracts_add(reader, list.records[i].key, list.records[i].value);
    assert_null(port.find(port.self, name));
    shell_contracts_add(reader, SLICE("something"), SLICE("else"));
    shell_contracts_add(reader, list.records[1].key, SLICE("no manifest"));
    kafka_contracts_free(&list);
    shell_contracts_free(writer);
    shell_contracts_free(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_published_is_known),
        cmocka_unit_test(test_the_last_version_of_a_tenant_is_the_one_that_counts),
        cmocka_unit_test(test_what_was_published_later_is_newer),
        cmocka_unit_test(test_a_lower_version_is_refused),
        cmocka_unit_test(test_damaged_records_are_not_believed),
    };
    return cmocka_run_group_tests_name("shell_contracts", tests, NULL, NULL);
}
