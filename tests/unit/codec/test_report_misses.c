/* Of an outage a report names some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/report_codec.h"
#include "core/contract.h"

static void count_misses(void *context, int32_t partition, struct slice record) {
    struct report_reader *reader = report_reader_new();
    struct report r;
    struct err err;
    (void)partition;
    assert_true(report_reader_read(reader, record, &r, &err));
    *(size_t *)context += r.miss_count;
    report_reader_free(reader);
}

/* Ten of a leaf, measure and minute in each epoch; whatever is gone. */
static void of_many_misses_ten_are_passed_on(void **state) {
    (void)state;
    struct contract_set contracts = {0};
    contract_init_default(&contracts.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&contracts, 1000);
    struct delta_table *deltas = delta_table_new();
    struct report_writer *writer = report_writer_new("host", 2, leaves);
    struct leaf key = {.tenant = SLICE("acme"), .queue = SLICE("q")};
    struct miss m = {.leaf = leaf_dict_intern(leaves, &key), .interaction_id = SLICE("call")};
    for (int epoch = 0; epoch < 2; epoch++) {
        for (int i = 0; i < 400; i++) {
            m.at = 6000000 + i % 2 * MINUTE_MS + i;
            m.kind = i / 2 % 2 ? MISS_LATE : MISS_ABANDONED;
            m.wait_ms = m.kind == MISS_LATE ? 20000 + i / 4 % 2 * 10000 : i;
            m.gone = i >= 393;
            report_writer_miss(writer, &m);
        }
        size_t seen = 0;
        report_writer_finish(writer, deltas, count_misses, &seen);
        assert_int_equal(seen, 2 * 10 + 2 * 2 * 10 + 7);
    }
    report_writer_free(writer);
    delta_table_free(deltas);
    leaf_dict_free(leaves);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_many_misses_ten_are_passed_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
