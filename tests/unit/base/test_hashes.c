/* Are murmur2 and CRC-64-AVRO those of Kafka and Avro, to the bit? */
#include "base/crc64.h"
#include "base/murmur2.h"

#include "base/property.h"

/* Values of the Java client's Utils.murmur2. */
static void murmur2_golden(void **state) {
    (void)state;
    assert_int_equal((int32_t)murmur2(SLICE("21")), -973932308);
    assert_int_equal((int32_t)murmur2(SLICE("foobar")), -790332482);
    assert_int_equal((int32_t)murmur2(SLICE("a-little-bit-long-string")), -985981536);
    assert_int_equal((int32_t)murmur2(SLICE("a-little-bit-longer-string")), -1486304829);
    assert_int_equal((int32_t)murmur2(SLICE("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
                     -58897971);
    assert_int_equal((int32_t)murmur2(SLICE("abc")), 479470107);
}

/* DefaultPartitioner: the sign bit is cut off, not negated. */
static void partitions(void **state) {
    (void)state;
    assert_int_equal(murmur2_partition(SLICE("21"), 8), (-973932308 & 0x7FFFFFFF) % 8);
    assert_int_equal(murmur2_partition(SLICE("foobar"), 7), (-790332482 & 0x7FFFFFFF) % 7);
    assert_int_equal(murmur2_partition(SLICE("abc"), 1), 0);
}

/* Fingerprints of the Avro specification's and its test suite's primitive schemas. */
static void crc64_golden(void **state) {
    (void)state;
    assert_true(crc64_avro(SLICE("")) == UINT64_C(0xc15d213aa4d7a795));
    assert_true(crc64_avro(SLICE("\"null\"")) == UINT64_C(0x63dd24e7cc258f8a));
    assert_true(crc64_avro(SLICE("\"boolean\"")) == UINT64_C(0x9f42fc78a4d4f764));
    assert_true(crc64_avro(SLICE("\"int\"")) == UINT64_C(0x7275d51a3f395c8f));
    assert_true(crc64_avro(SLICE("\"string\"")) == UINT64_C(0x8f014872634503c7));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_golden),
        cmocka_unit_test(partitions),
        cmocka_unit_test(crc64_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
