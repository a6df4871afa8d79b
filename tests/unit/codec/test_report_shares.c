/* Does each partition get what is its, in the order in which it came? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "codec/report_shares.h"

#define MOST 300

static void check(const struct report_shares *s, const int32_t *partition_of, size_t count) {
    size_t found = 0;
    assert_int_equal(s->first[0], 0);
    for (int32_t p = 0; p < s->partitions; p++) {
        uint32_t at = s->first[p];
        for (uint32_t i = 0; i < count; i++)
            if (partition_of[i] == p)
                assert_int_equal(s->numbers[at++], i);
        assert_int_equal(s->first[p + 1], at);
        found += at - s->first[p];
    }
    assert_int_equal(found, count);
}

static void all_is_shared_out_in_its_order(void **state) {
    (void)state;
    struct rng rng;
    rng_init(&rng, 11);
    for (int32_t partitions = 1; partitions < 20; partitions++) {
        struct report_shares s;
        report_shares_init(&s, partitions);
        for (int round = 0; round < 10; round++) {
            int32_t partition_of[MOST];
            size_t count = rng_below(&rng, MOST);
            for (size_t i = 0; i < count; i++)
                partition_of[i] = (int32_t)rng_below(&rng, (uint64_t)partitions);
            report_shares_make(&s, partition_of, count);
            check(&s, partition_of, count);
        }
        report_shares_deinit(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_shared_out_in_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
