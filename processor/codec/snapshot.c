#include "codec/snapshot.h"

#include <inttypes.h>
#include <lz4.h>

#include "base/check.h"
#include "base/cursor.h"

#define SNAPSHOT_VERSION 1
#define PACKED_MAGIC 0x31535746u /* "FWS1" */
#define HASH_SEED 0x736e617073686f74u

void snapshot_pack(uint64_t number, int64_t offset, struct slice state, struct buf *packed) {
    CHECK(state.size < SNAPSHOT_STATE_MAX);
    buf_reset(packed);
    buf_put_u32(packed, PACKED_MAGIC);
    buf_put_u8(packed, SNAPSHOT_VERSION);
    buf_put_varint(packed, number);
    buf_put_zigzag(packed, offset);
    buf_put_varint(packed, state.size);
    buf_put_u64(packed, slice_hash(state, HASH_SEED));
    int room = LZ4_compressBound((int)state.size);
    char *at = buf_reserve(packed, (size_t)room);
    int size = LZ4_compress_default(state.at ? state.at : "", at, (int)state.size, room);
    CHECK(size > 0);
    packed->size += (size_t)size;
}

static bool read_head(struct cursor *c, const struct snapshot_pointer *pointer, size_t *raw_size,
                      uint64_t *hash, struct err *err) {
    uint32_t magic = cursor_u32(c);
    uint8_t version = cursor_u8(c);
    if (c->failed || magic != PACKED_MAGIC)
        return err_set(err, "the snapshot does not begin as one of ours");
    if (version != SNAPSHOT_VERSION)
        return err_set(err, "the snapshot is of version %u, this program reads version %d", version,
                       SNAPSHOT_VERSION);
    uint64_t number = cursor_varint(c);
    int64_t offset = cursor_zigzag(c);
    *raw_size = cursor_varint(c);
    *hash = cursor_u64(c);
    if (c->failed || *raw_size >= SNAPSHOT_STATE_MAX)
        return err_set(err, "the snapshot's head is torn");
    if (number != pointer->number || offset != pointer->offset)
        return err_set(err,
                       "the snapshot is number %" PRIu64 " at offset %" PRId64
                       ", not number %" PRIu64 " at offset %" PRId64,
                       number, offset, pointer->number, pointer->offset);
    return true;
}

bool snapshot_unpack(struct slice packed, const struct snapshot_pointer *pointer, struct buf *state,
                     struct err *err) {
    struct cursor c = cursor_of(packed);
    size_t raw_size = 0;
    uint64_t hash = 0;
    if (!read_head(&c, pointer, &raw_size, &hash, err))
        return false;
    buf_reset(state);
    char *at = buf_reserve(state, raw_size + 1);
    int size = LZ4_decompress_safe((const char *)c.at, at, (int)cursor_left(&c), (int)raw_size);
    if (size < 0 || (size_t)size != raw_size ||
        slice_hash((struct slice){at, raw_size}, HASH_SEED) != hash)
        return err_set(err, "the snapshot's checksum does not fit its bytes");
    state->size = raw_size;
    return true;
}

uint32_t snapshot_chunk_count(struct slice packed) {
    return (uint32_t)((packed.size + SNAPSHOT_CHUNK_MAX - 1) / SNAPSHOT_CHUNK_MAX);
}

void snapshot_put_key(struct slice task, uint64_t number, uint32_t index, struct buf *key) {
    buf_put_format(key, SLICE_FMT "/%" PRIu64 "/%" PRIu32, SLICE_ARG(task), number % SNAPSHOT_SLOTS,
                   index);
}

static struct slice chunk_of(struct slice packed, uint32_t index) {
    size_t from = (size_t)index * SNAPSHOT_CHUNK_MAX;
    CHECK(from < packed.size);
    size_t left = packed.size - from;
    return (struct slice){packed.at + from, left < SNAPSHOT_CHUNK_MAX ? left : SNAPSHOT_CHUNK_MAX};
}

void snapshot_put_chunk(struct slice task, uint64_t number, uint32_t index, struct slice packed,
                        struct buf *value) {
    struct slice chunk = chunk_of(packed, index);
    buf_put_u8(value, SNAPSHOT_VERSION);
    buf_put_slice(value, task);
    buf_put_varint(value, number);
    buf_put_varint(value, index);
    buf_put_varint(value, snapshot_chunk_count(packed));
    buf_put_u64(value, slice_hash(chunk, HASH_SEED));
    buf_put(value, chunk.at, chunk.size);
}

void snapshot_reader_init(struct snapshot_reader *r, struct slice task,
                          const struct snapshot_pointer *pointer) {
    *r = (struct snapshot_reader){.task = task, .pointer = *pointer};
    buf_init(&r->packed);
    size_t room = (size_t)pointer->chunks * SNAPSHOT_CHUNK_MAX;
    CHECK(room < SNAPSHOT_STATE_MAX * 2);
    memset(buf_reserve(&r->packed, room), 0, room);
}

void snapshot_reader_deinit(struct snapshot_reader *r) {
    buf_deinit(&r->packed);
}

void snapshot_reader_take(struct snapshot_reader *r, struct slice value) {
    struct cursor c = cursor_of(value);
    uint8_t version = cursor_u8(&c);
    struct slice task = cursor_slice(&c);
    uint64_t number = cursor_varint(&c);
    uint64_t index = cursor_varint(&c);
    uint64_t count = cursor_varint(&c);
    uint64_t hash = cursor_u64(&c);
    struct slice chunk = {(const char *)c.at, cursor_left(&c)};
    if (c.failed || version != SNAPSHOT_VERSION || !slice_equal(task, r->task) ||
        number != r->pointer.number || count != r->pointer.chunks || index >= count ||
        chunk.size > SNAPSHOT_CHUNK_MAX || slice_hash(chunk, HASH_SEED) != hash)
        return;
    bool last = index + 1 == count;
    if (!last && chunk.size != SNAPSHOT_CHUNK_MAX)
        return;
    memcpy(r->packed.at + index * SNAPSHOT_CHUNK_MAX, chunk.at, chunk.size);
    if (last)
        r->last_size = chunk.size;
    r->found++;
    if (snapshot_reader_is_whole(r))
        r->packed.size = (r->pointer.chunks - 1) * SNAPSHOT_CHUNK_MAX + r->last_size;
}

bool snapshot_reader_is_whole(const struct snapshot_reader *r) {
    return r->found == r->pointer.chunks;
}
