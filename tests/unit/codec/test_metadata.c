/* metadata: what is committed with an offset comes back, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/metadata.h"

#define NAME "0123456789abcdef0123456789abcdef"

static void test_round_trip(void **state) {
    (void)state;
    static const struct metadata cases[] = {
        {0, 1, {{0}}, {{.offset = 0}}},
        {12345678901234, 8, {{7, 81234, 5120, 3}}, {{.offset = 0}}},
        {5, 8, {{0}}, {{NAME, 5, 0}}},
        {INT64_MAX,
         10000,
         {{UINT64_MAX, INT64_MAX, INT64_MAX, 8192}, {UINT64_MAX, INT64_MAX, INT64_MAX, 8192}},
         {{NAME, INT64_MAX, UINT64_MAX},
          {NAME, INT64_MAX, UINT64_MAX},
          {NAME, INT64_MAX, UINT64_MAX},
          {NAME, INT64_MAX, UINT64_MAX}}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[METADATA_TEXT_MAX];
        metadata_format(&cases[i], text, sizeof text);
        for (const char *c = text; *c; c++)
            assert_in_range(*c, ' ', '~'); /* brokers mangle what is not ASCII */
        struct metadata back;
        struct err err;
        assert_true(metadata_parse(slice_of(text), &back, &err));
        assert_memory_equal(&back, &cases[i], sizeof back);
    }
}

static void test_other_texts_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "hello",
                                      "fw1 from=1",
                                      "fw1 from=-1 partitions=8",
                                      "fw1 from=1 partitions=0",
                                      "fw1 from=1 partitions=8 more",
                                      "fw2 from=1 partitions=8",
                                      "fw1 from=1 partitions=8 snapshot=1,2,3",
                                      "fw1 from=1 partitions=8 snapshot=0,2,3,4",
                                      "fw1 from=1 partitions=8 snapshot=1,2,3,4,5",
                                      "fw1 from=1 partitions=8 contracts=" NAME,
                                      "fw1 from=1 partitions=8 contracts=" NAME "0,1,2",
                                      "fw1 from=1 partitions=8 contracts=" NAME ",1,2,3",
                                      "fw1 from=1 partitions=8 contracts=" NAME
                                      ",1,2 snapshot=1,2,3,4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct metadata m;
        struct err err;
        assert_false(metadata_parse(slice_of(bad[i]), &m, &err));
        assert_non_null(strstr(err.text, "another program"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_other_texts_are_refused),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
