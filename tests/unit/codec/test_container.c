/* Does a container file give back what was put into it, and say where it is torn? */
#include <stdio.h>

#include "base/property.h"

#include "base/buf.h"
#include "codec/container.h"
#include "codec/container_codec.h"

#define SYNC "0123456789abcdef"
#define SCHEMA "{\"type\":\"string\"}"

static void put_bytes(struct buf *b, const char *at, size_t size) {
    buf_put_zigzag(b, (int64_t)size);
    buf_put(b, at, size);
}

static void put_text(struct buf *b, const char *text) {
    put_bytes(b, text, strlen(text));
}

static void put_header(struct buf *b, const char *codec) {
    buf_put(b, "Obj\1", 4);
    buf_put_zigzag(b, 2);
    put_text(b, "avro.codec");
    put_text(b, codec);
    put_text(b, "avro.schema");
    put_text(b, SCHEMA);
    buf_put_zigzag(b, 0);
    buf_put(b, SYNC, 16);
}

static void put_block(struct buf *b, enum container_codec codec, int64_t count, const char *data,
                      size_t size) {
    struct buf packed;
    buf_init(&packed);
    container_codec_pack(codec, (struct slice){data, size}, &packed);
    buf_put_zigzag(b, count);
    put_bytes(b, packed.at, packed.size);
    buf_put(b, SYNC, 16);
    buf_deinit(&packed);
}

static void expect_block(struct container *c, uint64_t count, struct slice data) {
    struct container_block block;
    struct err err = {""};
    assert_int_equal(container_next(c, &block, &err), CONTAINER_BLOCK);
    assert_int_equal(block.count, count);
    assert_true(slice_equal(block.data, data));
}

static void each_codec_gives_back_what_was_written(void **state) {
    (void)state;
    char large[300000];
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)(i * i >> 7);
    for (int codec = 0; codec < CONTAINER_CODEC_COUNT; codec++) {
        struct buf file;
        struct err err = {""};
        struct container_block block;
        buf_init(&file);
        put_header(&file, container_codec_name((enum container_codec)codec));
        put_block(&file, (enum container_codec)codec, 3, "abc", 3);
        put_block(&file, (enum container_codec)codec, 0, "", 0);
        put_block(&file, (enum container_codec)codec, 7, large, sizeof(large));
        struct container *c = container_new(buf_slice(&file), &err);
        assert_non_null(c);
        assert_true(slice_equal(container_schema(c), SLICE(SCHEMA)));
        expect_block(c, 3, SLICE("abc"));
        expect_block(c, 0, SLICE(""));
        expect_block(c, 7, (struct slice){large, sizeof(large)});
        assert_int_equal(container_next(c, &block, &err), CONTAINER_END);
        container_free(c);
        buf_deinit(&file);
    }
}

/* Reads to the end; the result of the last call. */
static enum container_result read_all(struct slice file, struct err *err) {
    struct container *c = container_new(file, err);
    struct container_block block;
    enum container_result found = CONTAINER_TORN;
    while (c && (found = container_next(c, &block, err)) == CONTAINER_BLOCK)
        assert_true(block.data.size <= 1000);
    container_free(c);
    return found;
}

/* A file that ends anywhere but between two blocks is torn, and the message names the block. */
static void a_file_that_ends_early_is_torn(void **state) {
    (void)state;
    for (int codec = 0; codec < CONTAINER_CODEC_COUNT; codec++) {
        struct buf file;
        buf_init(&file);
        put_header(&file, container_codec_name((enum container_codec)codec));
        size_t header = file.size;
        put_block(&file, (enum container_codec)codec, 2, "hello hello hello hello", 23);
        size_t second = file.size;
        put_block(&file, (enum container_codec)codec, 1, "x", 1);
        char place[64];
        for (size_t size = 0; size < file.size; size++) {
            struct err err = {""};
            enum container_result found = read_all((struct slice){file.at, size}, &err);
            bool whole = size == header || size == second;
            assert_int_equal(found, whole ? CONTAINER_END : CONTAINER_TORN);
            snprintf(place, sizeof(place), "block at byte %zu: ", size > second ? second : header);
            assert_true(whole || size < header || strncmp(err.text, place, strlen(place)) == 0);
        }
        buf_deinit(&file);
    }
}

static void expect_refused(const struct buf *file, const char *text) {
    struct err err = {""};
    assert_int_equal(read_all(buf_slice(file), &err), CONTAINER_TORN);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    struct buf file;
    buf_init(&file);
    put_header(&file, "snappy");
    expect_refused(&file, "compression \"snappy\" is not read; null, deflate and zstandard are");

    buf_reset(&file);
    put_text(&file, "no container");
    expect_refused(&file, "no Avro container file");

    buf_reset(&file);
    put_header(&file, "null");
    size_t at = file.size;
    put_block(&file, CONTAINER_CODEC_NULL, 1, "x", 1);
    file.at[file.size - 1] ^= 1;
    char text[80];
    snprintf(text, sizeof(text), "block at byte %zu: the mark after it is not the file's", at);
    expect_refused(&file, text);

    buf_reset(&file);
    put_header(&file, "null");
    put_block(&file, CONTAINER_CODEC_NULL, INT64_MAX, "x", 1);
    expect_refused(&file, "it claims to have 9223372036854775807 records in 1 bytes");

    buf_reset(&file);
    put_header(&file, "deflate");
    put_block(&file, CONTAINER_CODEC_NULL, 1, "\xff\xff\xff", 3);
    expect_refused(&file, "its bytes are not deflate's");

    buf_reset(&file);
    put_header(&file, "zstandard");
    put_block(&file, CONTAINER_CODEC_NULL, 1, "\xff\xff\xff", 3);
    expect_refused(&file, "its bytes are not zstandard's");
    buf_deinit(&file);
}

static void a_bomb_is_stopped(void **state) {
    (void)state;
    static const char zeros[1 << 20];
    for (int codec = CONTAINER_CODEC_DEFLATE; codec < CONTAINER_CODEC_COUNT; codec++) {
        struct buf packed, out;
        struct err err = {""};
        buf_init(&packed);
        buf_init(&out);
        container_codec_pack((enum container_codec)codec, (struct slice){zeros, sizeof(zeros)},
                             &packed);
        assert_true(container_codec_unpack((enum container_codec)codec, buf_slice(&packed),
                                           sizeof(zeros), &out, &err));
        assert_int_equal(out.size, sizeof(zeros));
        assert_false(container_codec_unpack((enum container_codec)codec, buf_slice(&packed),
                                            sizeof(zeros) - 1, &out, &err));
        assert_non_null(strstr(err.text, "more than 1048575 bytes"));
        buf_deinit(&packed);
        buf_deinit(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_codec_gives_back_what_was_written),
        cmocka_unit_test(a_file_that_ends_early_is_torn),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_bomb_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
