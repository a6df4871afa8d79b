/* Do the bytes of the tenant log's record depend on the order in which its rows came to be? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/report_codec.h"
#include "core/contract.h"
#include "core/histogram.h"

static const char *const tenants[] = {"acme", "globex", "initech"};

struct bytes_of {
    struct buf all;
};

static void keep_bytes(void *context, int32_t partition, struct slice record) {
    struct bytes_of *b = context;
    buf_put_zigzag(&b->all, partition);
    buf_put_slice(&b->all, record);
}

static void write_rows(struct bytes_of *bytes, bool backwards) {
    struct contract_set contracts = {0};
    contract_init_default(&contracts.fallback);
    struct leaf_dict *leaves = leaf_dict_new(&contracts, 1000);
    struct delta_table *deltas = delta_table_new();
    for (int step = 0; step < 50; step++) {
        int i = backwards ? 49 - step : step;
        char queue[32];
        snprintf(queue, sizeof(queue), "q%d", i % 7);
        uint32_t leaf = leaf_dict_intern(
            leaves, &(struct leaf){.tenant = slice_of(tenants[i % 3]), .queue = slice_of(queue)});
        delta_table_row(deltas, leaf, i * 5000, DELTA_ANY)->counters[COUNTER_OFFERED] += i;
        if (backwards) { /* some by some, and one too many that is taken back */
            delta_table_sample(deltas, leaf, i * 5000, HISTOGRAM_HANDLE, 7, 1);
            delta_table_sample(deltas, leaf, i * 5000, HISTOGRAM_WAIT, i * 10, 1);
            delta_table_sample(deltas, leaf, i * 5000, HISTOGRAM_HANDLE, 7, -1);
        }
        delta_table_sample(deltas, leaf, i * 5000, HISTOGRAM_WAIT, i * 10, backwards ? 1 : 2);
        for (int n = 0; n < i; n++) {
            int bucket = backwards ? i - n : n + 1;
            delta_table_sample(deltas, leaf, i * 5000, HISTOGRAM_FIRST_REPLY, bucket % 40, 1);
        }
    }
    struct report_writer *writer = report_writer_new("host", 2, leaves);
    report_writer_finish(writer, deltas, keep_bytes, bytes);
    report_writer_free(writer);
    delta_table_free(deltas);
    leaf_dict_free(leaves);
}

static void bytes_do_not_depend_on_history(void **state) {
    (void)state;
    struct bytes_of a = {0}, b = {0};
    write_rows(&a, false);
    write_rows(&b, true);
    assert_true(slice_equal(buf_slice(&a.all), buf_slice(&b.all)));
    buf_deinit(&a.all);
    buf_deinit(&b.all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_do_not_depend_on_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
