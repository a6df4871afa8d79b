/* Do the columns of a table stand under each other, whatever is in them? */
#include "base/property.h"

#include "cli/text_table.h"

static void columns_are_as_wide_as_they_must_be(void **state) {
    (void)state;
    struct text_table t;
    struct buf out;
    buf_init(&out);
    text_table_init(&t, 3, 1u << 1);
    const char *const cells[] = {"rule", "n", "end", "a longer one", "1,234", "",
                                 "ü",    "5", "x",   "b\x1b[31m",    "",      "yz"};
    for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++)
        text_table_put(&t, cells[i]);
    text_table_render(&t, &out);
    buf_put_u8(&out, 0);
    assert_string_equal(out.at, "rule              n  end\n"
                                "a longer one  1,234\n"
                                "ü                 5  x\n"
                                "b?[31m               yz\n");
    text_table_deinit(&t);
    buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_they_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
