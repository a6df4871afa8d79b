/* Does a cursor read what a buffer wrote, and nothing else, however short the bytes are? */
#include "base/buf.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/property.h"

static void expect_bytes(struct buf *b, struct slice expected) {
    assert_int_equal(b->size, expected.size);
    assert_memory_equal(b->at, expected.at, expected.size);
    buf_reset(b);
}

static void golden_bytes(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_put_u8(&b, 0xAB);
    expect_bytes(&b, SLICE("\xAB"));
    buf_put_u32(&b, 0x01020304);
    expect_bytes(&b, SLICE("\x04\x03\x02\x01"));
    buf_put_u64(&b, 0x0102030405060708);
    expect_bytes(&b, SLICE("\x08\x07\x06\x05\x04\x03\x02\x01"));
    buf_put_varint(&b, 300);
    expect_bytes(&b, SLICE("\xAC\x02"));
    buf_put_varint(&b, UINT64_MAX);
    expect_bytes(&b, SLICE("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"));
    buf_put_double(&b, 1.0);
    expect_bytes(&b, SLICE("\0\0\0\0\0\0\xF0\x3F"));
    buf_put_slice(&b, SLICE("abc"));
    expect_bytes(&b, SLICE("\x03"
                           "abc"));
    buf_put_decimal(&b, INT64_MIN);
    expect_bytes(&b, SLICE("-9223372036854775808"));
    buf_put_decimal(&b, 0);
    expect_bytes(&b, SLICE("0"));
    buf_put_format(&b, "%d-%s", 42, "x");
    expect_bytes(&b, SLICE("42-x"));
    buf_deinit(&b);
}

/* The table of the Avro specification, "Binary encoding". */
static void zigzag_is_that_of_avro(void **state) {
    (void)state;
    static const struct {
        int64_t value;
        struct slice bytes;
    } rows[] = {
        {0, {"\x00", 1}},
        {-1, {"\x01", 1}},
        {1, {"\x02", 1}},
        {-2, {"\x03", 1}},
        {2, {"\x04", 1}},
        {-64, {"\x7f", 1}},
        {64, {"\x80\x01", 2}},
        {8192, {"\x80\x80\x01", 3}},
        {INT64_MIN, {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}},
    };
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_put_zigzag(&b, rows[i].value);
        struct cursor c = cursor_of(rows[i].bytes);
        assert_int_equal(cursor_zigzag(&c), rows[i].value);
        expect_bytes(&b, rows[i].bytes);
    }
    buf_deinit(&b);
}

static void a_long_text_grows_the_buffer(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_put_format(&b, "%s", "");
    assert_int_equal(b.size, 0);
    for (int i = 0; i < 100; i++)
        buf_put_format(&b, "%0*d", i * 10, 7);
    assert_int_equal(b.size, 49501); /* a width of 0 still writes the digit */
    assert_int_equal(b.at[b.size - 1], '7');
    buf_deinit(&b);

    for (int size = 240; size < 270; size++) { /* also where the text just fits, or just not */
        buf_init(&b);
        buf_put_format(&b, "%0*d", size, 7);
        assert_int_equal(b.size, size);
        assert_int_equal(b.at[b.size - 1], '7');
        buf_deinit(&b);
    }
}

/* One item of any kind, written by its number. */
static void put_item(struct buf *b, uint64_t kind, uint64_t value) {
    static const char text[] = "0123456789";
    switch (kind) {
    case 0: buf_put_u8(b, (uint8_t)value); return;
    case 1: buf_put_u32(b, (uint32_t)value); return;
    case 2: buf_put_u64(b, value); return;
    case 3: buf_put_varint(b, value); return;
    case 4: buf_put_zigzag(b, (int64_t)value); return;
    case 5: buf_put_double(b, (double)value); return;
    default: buf_put_slice(b, (struct slice){text, value % sizeof(text)});
    }
}

/* True when the item reads back as it was written. */
static bool item_reads(struct cursor *c, uint64_t kind, uint64_t value) {
    switch (kind) {
    case 0: return cursor_u8(c) == (uint8_t)value;
    case 1: return cursor_u32(c) == (uint32_t)value;
    case 2: return cursor_u64(c) == value;
    case 3: return cursor_varint(c) == value;
    case 4: return cursor_zigzag(c) == (int64_t)value;
    case 5: return !(fabs(cursor_double(c) - (double)value) > 0);
    default: {
        struct slice s = cursor_slice(c);
        return slice_equal(s, (struct slice){"0123456789", value % 11});
    }
    }
}

#define ITEMS 30

static void one_history(uint64_t seed, struct buf *b) {
    struct rng r;
    rng_init(&r, seed);
    uint64_t kinds[ITEMS];
    uint64_t values[ITEMS];
    size_t ends[ITEMS];
    buf_reset(b);
    for (size_t i = 0; i < ITEMS; i++) {
        kinds[i] = rng_below(&r, 7);
        values[i] = rng_next(&r) >> rng_below(&r, 64);
        put_item(b, kinds[i], values[i]);
        ends[i] = b->size;
    }

    /* Cut anywhere: what is whole reads well, then the fault sticks and reads give 0. The copy has
     * no byte to spare, so that a sanitizer sees a read beyond it. */
    size_t cut = rng_below(&r, b->size + 1);
    char *copy = malloc(cut > 0 ? cut : 1);
    memcpy(copy, b->at, cut);
    struct cursor c = cursor_of((struct slice){copy, cut});
    for (size_t i = 0; i < ITEMS; i++) {
        bool good = item_reads(&c, kinds[i], values[i]);
        REQUIRE(seed, c.failed == (ends[i] > cut));
        REQUIRE(seed, good || c.failed);
    }
    if (c.failed) {
        REQUIRE(seed, cursor_left(&c) == 0);
        REQUIRE(seed, cursor_u64(&c) == 0 && cursor_zigzag(&c) == 0 && cursor_slice(&c).size == 0);
    }
    free(copy);
}

static void a_cursor_reads_what_was_written_and_stops_at_the_cut(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b);
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20000; seed++)
        one_history(seed, &b);
    buf_deinit(&b);
}

static void malformed_numbers_fail(void **state) {
    (void)state;
    struct cursor c = cursor_of(SLICE("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"));
    assert_int_equal(cursor_varint(&c), 0); /* 65 bits */
    assert_true(c.failed);
    c = cursor_of(SLICE("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
    assert_int_equal(cursor_varint(&c), 0); /* eleven bytes */
    assert_true(c.failed);
    c = cursor_of(SLICE("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01zz"));
    assert_int_equal(cursor_slice(&c).size, 0); /* a size of 2^64 - 1 */
    assert_true(c.failed);
}

static void an_empty_slice_is_no_fault(void **state) {
    (void)state;
    struct cursor c = cursor_of((struct slice){NULL, 0});
    assert_int_equal(cursor_bytes(&c, 0).size, 0);
    assert_false(c.failed);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.failed);
}

static void decimals_are_the_library_s(void **state) {
    (void)state;
    struct buf b = {0};
    for (int64_t value = -1100; value <= 1100; value++) {
        for (int64_t scale = 1; scale <= INT64_C(1000000000000); scale *= 1000) {
            char wanted[32];
            int size = snprintf(wanted, sizeof(wanted), "%" PRId64, value * scale + value);
            buf_put_decimal(&b, value * scale + value);
            expect_bytes(&b, (struct slice){wanted, (size_t)size});
        }
    }
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bytes),
        cmocka_unit_test(decimals_are_the_library_s),
        cmocka_unit_test(zigzag_is_that_of_avro),
        cmocka_unit_test(a_long_text_grows_the_buffer),
        cmocka_unit_test(malformed_numbers_fail),
        cmocka_unit_test(an_empty_slice_is_no_fault),
        cmocka_unit_test(a_cursor_reads_what_was_written_and_stops_at_the_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
