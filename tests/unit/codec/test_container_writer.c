/* Is what an export writes a container file that is read back, with the time before each record? */
#include "base/property.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "codec/container.h"
#include "codec/container_writer.h"

#define SYNC "0123456789abcdef"
#define SCHEMA                                                                                     \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}"

static void many_records_in_blocks(void **state) {
    (void)state;
    for (int codec = 0; codec < CONTAINER_CODEC_COUNT; codec++) {
        struct buf file;
        struct err err = {""};
        buf_init(&file);
        struct container_writer *w = container_writer_new(SLICE(SCHEMA),
                                                          (enum container_codec)codec, SYNC);
        for (int64_t i = 0; i < 100000; i++) {
            container_writer_add(w, i * 1000, SLICE("\x06xyz"));
            struct buf *bytes = container_writer_bytes(w);
            buf_put(&file, bytes->at, bytes->size);
            buf_reset(bytes);
        }
        container_writer_finish(w);
        container_writer_finish(w); /* nothing is left: no empty block */
        buf_put(&file, container_writer_bytes(w)->at, container_writer_bytes(w)->size);
        assert_int_equal(container_writer_count(w), 100000);
        container_writer_free(w);

        struct container *c = container_new(buf_slice(&file), &err);
        struct container_block block;
        int64_t expected = 0, blocks = 0;
        assert_non_null(c);
        assert_true(slice_equal(container_schema(c), SLICE(SCHEMA)));
        for (; container_next(c, &block, &err) == CONTAINER_BLOCK; blocks++) {
            struct cursor in = cursor_of(block.data);
            assert_true(block.count > 0);
            for (uint64_t i = 0; i < block.count; i++) {
                assert_int_equal(cursor_zigzag(&in), 1000 * expected++);
                assert_true(slice_equal(cursor_bytes(&in, 4), SLICE("\x06xyz")));
            }
            assert_true(!in.failed && cursor_left(&in) == 0);
        }
        assert_string_equal(err.text, "");
        assert_int_equal(expected, 100000);
        assert_in_range(blocks, 2, 10);
        container_free(c);
        buf_deinit(&file);
    }
}

static void expect_schema(const char *json, const char *expected) {
    struct buf out;
    struct err err = {""};
    buf_init(&out);
    if (container_writer_schema(slice_of(json), &out, &err)) {
        buf_put_u8(&out, 0);
        assert_non_null(strstr(out.at, expected));
    } else {
        assert_string_equal(err.text, expected);
    }
    buf_deinit(&out);
}

static void the_time_is_the_first_field(void **state) {
    (void)state;
    expect_schema(SCHEMA, "\"fields\":[{\"name\":\"log_at\",\"type\":{\"type\":\"long\","
                          "\"logicalType\":\"timestamp-millis\"}");
    expect_schema(SCHEMA, "},{\"name\":\"a\",\"type\":\"string\"}]");
    expect_schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"log_at\","
                  "\"type\":\"long\"}]}",
                  "the records have a field log_at of their own");
    expect_schema("{\"type\":\"string\"}", "the schema is not that of a record");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_records_in_blocks),
        cmocka_unit_test(the_time_is_the_first_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
