/* Are a report's clocks its own, also where those of the report before were the same? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/report_codec.h"
#include "core/contract.h"

#define PARTITIONS 3

static void copy_first(void *context, int32_t partition, struct slice record) {
    struct slice *copy = context;
    if (partition == 0)
        *copy = slice_copy(record);
}

/* A record with the clocks of these topics, each later than `at`. */
static struct slice record_of(struct leaf_dict *leaves, const char *const *topics, int count,
                              int64_t at) {
    struct report_writer *writer = report_writer_new("host", PARTITIONS, leaves);
    struct delta_table *deltas = delta_table_new();
    struct slice record = {NULL, 0};
    for (int i = 0; i < count; i++)
        report_writer_clock(writer, &(struct report_clock){.topic = slice_of(topics[i]),
                                                           .partition = i,
                                                           .partitions = count,
                                                           .clock = at + i});
    report_writer_finish(writer, deltas, copy_first, &record);
    delta_table_free(deltas);
    report_writer_free(writer);
    return record;
}

/* Read again or not, and where the record before is gone. */
static void clocks_are_those_of_their_record(void **state) {
    (void)state;
    static const char *const topics[] = {"interactions", "interactions", "tenants", "tenant",
                                         "interactions"};
    static const struct {
        int count;
        int64_t at;
    } told[] = {{5, 100}, {5, 100}, {5, 101}, {5, 100}, {0, 0}, {5, 100}, {2, 100}, {3, 100}};
    struct contract_set contracts = {0};
    contract_init_default(&contracts.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&contracts, 10);
    struct report_reader *reader = report_reader_new();
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
        struct slice record = record_of(leaves, topics, told[i].count, told[i].at);
        struct report report;
        struct err err;
        assert_true(report_reader_read(reader, record, &report, &err));
        assert_int_equal(report.clock_count, told[i].count);
        for (int k = 0; k < told[i].count; k++) {
            assert_true(slice_equal(report.clocks[k].topic, slice_of(topics[k])));
            assert_int_equal(report.clocks[k].partition, k);
            assert_int_equal(report.clocks[k].clock, told[i].at + k);
        }
        free((void *)(uintptr_t)record.at);
    }
    report_reader_free(reader);
    leaf_dict_free(leaves);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_are_those_of_their_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
