/* Are bytes compared as bytes, and is UTF-8 told from what only looks like it? */
#include "base/slice.h"

#include "base/property.h"

static void order(void **state) {
    (void)state;
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("b"), SLICE("a")) > 0);
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_compare(SLICE("ab"), SLICE("a")) > 0);
    assert_true(slice_compare(SLICE("\x7f"), SLICE("\x80")) < 0); /* bytes are unsigned */
    assert_int_equal(slice_compare(SLICE("ab"), SLICE("ab")), 0);
    assert_int_equal(slice_compare((struct slice){NULL, 0}, SLICE("")), 0);
    assert_true(slice_compare((struct slice){NULL, 0}, SLICE("a")) < 0);
}

static void equality(void **state) {
    (void)state;
    assert_true(slice_equal((struct slice){NULL, 0}, SLICE("")));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("a"), SLICE("ab")));
}

/* Of every size, whichever byte it is that differs, and wherever in memory they lie. */
static void equality_sees_every_byte(void **state) {
    (void)state;
    char a[48], b[48];
    for (size_t size = 1; size <= 40; size++) {
        for (size_t differs = 0; differs < size; differs++) {
            memset(a, 'x', sizeof(a));
            memset(b, 'y', sizeof(b));
            memset(b + differs % 8, 'x', size);
            struct slice left = {a, size}, right = {b + differs % 8, size};
            assert_true(slice_equal(left, right));
            b[differs % 8 + differs] = 'z';
            assert_false(slice_equal(left, right));
        }
    }
}

/* The empty input's vector of XXH3, and that seed and every byte matter. */
static void hash(void **state) {
    (void)state;
    assert_true(slice_hash(SLICE(""), 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(slice_hash((struct slice){NULL, 0}, 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(slice_hash(SLICE("acme"), 1) != slice_hash(SLICE("acme"), 2));
    assert_true(slice_hash(SLICE("acme"), 1) != slice_hash(SLICE("acmf"), 1));
}

static void a_copy_is_terminated(void **state) {
    (void)state;
    struct slice copy = slice_copy((struct slice){"abcdef", 3});
    assert_int_equal(copy.size, 3);
    assert_string_equal(copy.at, "abc");
    free((void *)(uintptr_t)copy.at);
    copy = slice_copy((struct slice){NULL, 0});
    assert_string_equal(copy.at, "");
    free((void *)(uintptr_t)copy.at);
}

static void utf8_golden(void **state) {
    (void)state;
    assert_true(slice_is_utf8((struct slice){NULL, 0}));
    assert_true(slice_is_utf8(SLICE("gr\xC3\xBC\xC3\x9F")));
    assert_true(slice_is_utf8(SLICE("\xF4\x8F\xBF\xBF")));  /* U+10FFFF */
    assert_false(slice_is_utf8(SLICE("\xF4\x90\x80\x80"))); /* beyond it */
    assert_false(slice_is_utf8(SLICE("\xC0\x80")));         /* overlong NUL */
    assert_false(slice_is_utf8(SLICE("\xED\xA0\x80")));     /* surrogate */
    assert_false(slice_is_utf8(SLICE("gr\xFC\x66")));       /* Latin-1 */
    assert_false(slice_is_utf8(SLICE("\xE2\x82")));         /* cut short */
}

/* The oracle decodes by the definition: value from the bits, then range and shortest form. */
static bool naive_utf8(const unsigned char *at, size_t size) {
    size_t i = 0;
    while (i < size) {
        uint32_t value = at[i];
        size_t more = value < 0x80 ? 0 : value >> 5 == 6 ? 1 : value >> 4 == 14 ? 2 : 3;
        if (value >= 0x80 && value >> 5 != 6 && value >> 4 != 14 && value >> 3 != 30)
            return false;
        value = more == 0 ? value : value & (0x3Fu >> more);
        for (size_t j = 1; j <= more; j++) {
            if (i + j >= size || at[i + j] >> 6 != 2)
                return false;
            value = value << 6 | (at[i + j] & 0x3Fu);
        }
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (value < least[more] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
            return false;
        i += more + 1;
    }
    return true;
}

static void utf8_agrees_with_the_definition(void **state) {
    (void)state;
    uint64_t seed = property_first_seed();
    struct rng r;
    rng_init(&r, seed);
    for (uint32_t first = 0; first < 0x10000; first++) {
        unsigned char bytes[4] = {(unsigned char)(first >> 8), (unsigned char)first};
        bytes[2] = (unsigned char)(0x80 + rng_below(&r, 0x48));
        bytes[3] = (unsigned char)(0x80 + rng_below(&r, 0x48));
        for (size_t size = 1; size <= 4; size++) {
            bool good = slice_is_utf8((struct slice){(const char *)bytes, size});
            REQUIRE(seed, good == naive_utf8(bytes, size));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(equality),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(hash),
        cmocka_unit_test(a_copy_is_terminated),
        cmocka_unit_test(utf8_golden),
        cmocka_unit_test(utf8_agrees_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
