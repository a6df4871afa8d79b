#include "codec/container.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/cursor.h"
#include "codec/container_codec.h"

#define MAGIC "Obj\1"
#define MAGIC_SIZE 4
#define SYNC_SIZE 16

struct container {
    struct slice file, rest;
    struct slice schema, sync;
    enum container_codec codec;
    struct buf unpacked;
};

/* A long, not as cursor_slice's length: Avro's are zigzag. */
static struct slice take_bytes(struct cursor *c) {
    int64_t size = cursor_zigzag(c);
    if (size < 0 || (uint64_t)size > cursor_left(c))
        cursor_fail(c);
    return c->failed ? (struct slice){NULL, 0} : cursor_bytes(c, (size_t)size);
}

static void take_entry(struct container *c, struct cursor *in, struct slice *codec) {
    struct slice name = take_bytes(in);
    struct slice value = take_bytes(in);
    if (slice_equal(name, SLICE("avro.schema")))
        c->schema = value;
    else if (slice_equal(name, SLICE("avro.codec")))
        *codec = value;
}

/* A map of bytes: blocks of entries, a negative count is followed by the block's size. */
static void take_metadata(struct container *c, struct cursor *in, struct slice *codec) {
    for (int64_t count = cursor_zigzag(in); count != 0 && !in->failed; count = cursor_zigzag(in)) {
        if (count < 0) {
            count = count == INT64_MIN ? 0 : -count;
            cursor_zigzag(in);
        }
        for (; count > 0 && !in->failed; count--)
            take_entry(c, in, codec);
    }
}

static bool take_header(struct container *c, struct err *err) {
    struct slice codec = SLICE("null");
    if (c->file.size < MAGIC_SIZE || memcmp(c->file.at, MAGIC, MAGIC_SIZE) != 0)
        return err_set(err, "it is no Avro container file: it does not begin with \"Obj\" and 1");
    struct cursor in = cursor_of(
        (struct slice){c->file.at + MAGIC_SIZE, c->file.size - MAGIC_SIZE});
    take_metadata(c, &in, &codec);
    c->sync = cursor_bytes(&in, SYNC_SIZE);
    if (in.failed)
        return err_set(err, "the file ends within its header");
    if (!c->schema.at)
        return err_set(err, "its header has no avro.schema");
    c->rest = (struct slice){(const char *)in.at, cursor_left(&in)};
    return container_codec_parse(codec, &c->codec, err);
}

struct container *container_new(struct slice file, struct err *err) {
    struct container *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->file = file;
    buf_init(&c->unpacked);
    if (take_header(c, err))
        return c;
    container_free(c);
    return NULL;
}

void container_free(struct container *c) {
    if (!c)
        return;
    buf_deinit(&c->unpacked);
    free(c);
}

bool container_is_plain(const struct container *c) {
    return c->codec == CONTAINER_CODEC_NULL;
}

struct slice container_schema(const struct container *c) {
    return c->schema;
}

/* Records without any bytes would be more than can be counted. */
static bool is_plausible(const struct container_block *block, struct err *err) {
    if (block->count <= block->data.size)
        return true;
    return err_set(err, "it claims to have %llu records in %zu bytes",
                   (unsigned long long)block->count, block->data.size);
}

static bool take_block(struct container *c, struct container_block *block, struct err *err) {
    struct cursor in = cursor_of(c->rest);
    int64_t count = cursor_zigzag(&in);
    struct slice packed = take_bytes(&in);
    struct slice sync = cursor_bytes(&in, SYNC_SIZE);
    if (in.failed)
        return err_set(err, "the file ends within the block, or its length is none");
    if (!slice_equal(sync, c->sync))
        return err_set(err, "the mark after it is not the file's");
    if (count < 0)
        return err_set(err, "it claims to have %lld records", (long long)count);
    block->count = (uint64_t)count;
    block->data = packed;
    c->rest = (struct slice){(const char *)in.at, cursor_left(&in)};
    if (c->codec == CONTAINER_CODEC_NULL)
        return is_plausible(block, err);
    if (packed.size > CONTAINER_BLOCK_MAX)
        return err_set(err, "it has %zu bytes; at most %zu are read", packed.size,
                       CONTAINER_BLOCK_MAX);
    if (!container_codec_unpack(c->codec, packed, CONTAINER_BLOCK_MAX, &c->unpacked, err))
        return false;
    block->data = buf_slice(&c->unpacked);
    return is_plausible(block, err);
}

enum container_result container_next(struct container *c, struct container_block *block,
                                     struct err *err) {
    if (c->rest.size == 0)
        return CONTAINER_END;
    block->at = (size_t)(c->rest.at - c->file.at);
    if (take_block(c, block, err))
        return CONTAINER_BLOCK;
    (void)err_wrap(err, "block at byte %zu", block->at);
    return CONTAINER_TORN;
}
