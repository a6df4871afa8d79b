/* manifest: what was written comes back, its name follows from what it says alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/manifest.h"

static struct manifest_contract contract(const char *text, int32_t version, const char *tenant) {
    struct manifest_contract c = {
        .version = version, .tenant = slice_of(tenant), .file = SLICE("acme.yaml")};
    manifest_hash(slice_of(text), c.hash);
    return c;
}

static void test_round_trip(void **state) {
    (void)state;
    struct manifest_contract contracts[] = {contract("a", 3, "acme"), contract("b", 1, "z%20y")};
    struct manifest m = {7, SLICE("2025b"), contracts, 2}, back;
    struct buf text, again;
    struct err err;
    buf_init(&text);
    buf_init(&again);
    manifest_put(&m, &text);
    assert_true(manifest_read(buf_slice(&text), &back, &err));
    assert_int_equal(back.generation, 7);
    assert_int_equal(back.count, 2);
    assert_string_equal(back.contracts[0].hash, contracts[0].hash);
    assert_int_equal(back.contracts[0].version, 3);
    assert_true(slice_equal(back.contracts[1].tenant, SLICE("z%20y")));
    manifest_put(&back, &again);
    assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
    manifest_deinit(&back);
    buf_deinit(&text);
    buf_deinit(&again);
}

static void test_the_name_follows_from_what_it_says(void **state) {
    (void)state;
    struct manifest_contract contracts[] = {contract("a", 3, "acme")};
    struct manifest m = {1, SLICE("2025b"), contracts, 1};
    char name[MANIFEST_HASH + 1], other[MANIFEST_HASH + 1];
    manifest_name(&m, name);
    m.generation = 2;
    manifest_name(&m, other);
    assert_string_equal(name, other);
    m.tz = SLICE("2025c");
    manifest_name(&m, other);
    assert_string_not_equal(name, other);
    m.tz = SLICE("2025b");
    contracts[0] = contract("a ", 3, "acme");
    manifest_name(&m, other);
    assert_string_not_equal(name, other);
}

static void test_keys(void **state) {
    (void)state;
    char hash[MANIFEST_HASH + 1];
    manifest_hash(SLICE("a"), hash);
    struct buf key;
    struct slice found;
    buf_init(&key);
    manifest_put_contract_key(hash, &key);
    assert_true(manifest_is_contract(buf_slice(&key), &found));
    assert_true(slice_equal(found, slice_of(hash)));
    assert_false(manifest_is_manifest(buf_slice(&key), &found));
    buf_reset(&key);
    manifest_put_key(hash, &key);
    assert_true(manifest_is_manifest(buf_slice(&key), &found));
    assert_false(manifest_is_contract(SLICE("contract/abc"), &found));
    buf_deinit(&key);
}

static void test_damaged_texts_are_refused(void **state) {
    (void)state;
    struct manifest_contract contracts[] = {contract("a", 3, "acme")};
    struct manifest m = {7, SLICE("2025b"), contracts, 1}, back;
    struct buf text;
    struct err err;
    buf_init(&text);
    manifest_put(&m, &text);
    size_t second = 0; /* up to the end of the second line a manifest of no contracts */
    for (size_t i = 0, lines = 0; lines < 3; i++) {
        lines += text.at[i] == '\n';
        second = i + 1;
    }
    for (size_t size = 0; size < text.size; size++) {
        assert_int_equal(manifest_read((struct slice){text.at, size}, &back, &err), size == second);
        manifest_deinit(&back);
    }
    assert_false(
        manifest_read(SLICE("floorwalker contracts 1\ngeneration 0\ntz x\n"), &back, &err));
    manifest_deinit(&back);
    buf_deinit(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_the_name_follows_from_what_it_says),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_damaged_texts_are_refused),
    };
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
