#include "codec/snapshot.h"

#include <inttypes.h>
#include <lz4.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/cursor.h"

#define SNAPSHOT_VERSION 2
#define HASH_SEED 0x736e617073686f74u
#define HASH_SIZE 8u

_Static_assert(LZ4_COMPRESSBOUND(SNAPSHOT_PIECE) + 512 < SNAPSHOT_CHUNK_MAX, "a piece fits");

/* What stands before the compressed bytes. */
struct chunk {
    struct slice task;
    uint64_t number;
    int64_t offset;
    uint64_t index, count, state_size;
    struct slice bytes; /* compressed */
};

uint32_t snapshot_chunk_count(size_t state_size) {
    CHECK(state_size <= SNAPSHOT_STATE_MAX);
    size_t count = (state_size + SNAPSHOT_PIECE - 1) / SNAPSHOT_PIECE;
    return count == 0 ? 1 : (uint32_t)count;
}

static size_t piece_size(size_t state_size, uint64_t index) {
    size_t from = (size_t)index * SNAPSHOT_PIECE;
    if (from >= state_size)
        return 0;
    return state_size - from < SNAPSHOT_PIECE ? state_size - from : SNAPSHOT_PIECE;
}

void snapshot_put_key(struct slice task, uint64_t number, uint32_t index, struct buf *key) {
    buf_put_format(key, SLICE_FMT "/%" PRIu64 "/%" PRIu32, SLICE_ARG(task), number % SNAPSHOT_SLOTS,
                   index);
}

static void put_compressed(struct slice piece, struct buf *value) {
    int room = LZ4_compressBound((int)piece.size);
    char *at = buf_reserve(value, (size_t)room);
    int size = LZ4_compress_default(piece.size > 0 ? piece.at : "", at, (int)piece.size, room);
    CHECK(size > 0);
    value->size += (size_t)size;
}

void snapshot_put_chunk(struct slice task, const struct snapshot_pointer *pointer, uint32_t index,
                        struct slice state, struct buf *value) {
    CHECK(index < snapshot_chunk_count(state.size));
    buf_put_u8(value, SNAPSHOT_VERSION);
    size_t hash_at = value->size;
    buf_put_u64(value, 0);
    buf_put_slice(value, task);
    buf_put_varint(value, pointer->number);
    buf_put_zigzag(value, pointer->offset);
    buf_put_varint(value, index);
    buf_put_varint(value, snapshot_chunk_count(state.size));
    buf_put_varint(value, state.size);
    size_t size = piece_size(state.size, index);
    const char *at = size > 0 ? state.at + (size_t)index * SNAPSHOT_PIECE : NULL;
    put_compressed((struct slice){at, size}, value);
    size_t from = hash_at + HASH_SIZE;
    uint64_t hash = slice_hash((struct slice){value->at + from, value->size - from}, HASH_SEED);
    for (size_t i = 0; i < HASH_SIZE; i++)
        value->at[hash_at + i] = (char)(hash >> (8 * i));
}

/* The version has been looked at. */
static bool read_chunk(struct cursor *c, struct chunk *chunk) {
    uint64_t hash = cursor_u64(c);
    if (c->failed ||
        slice_hash((struct slice){(const char *)c->at, cursor_left(c)}, HASH_SEED) != hash)
        return false;
    chunk->task = cursor_slice(c);
    chunk->number = cursor_varint(c);
    chunk->offset = cursor_zigzag(c);
    chunk->index = cursor_varint(c);
    chunk->count = cursor_varint(c);
    chunk->state_size = cursor_varint(c);
    chunk->bytes = (struct slice){(const char *)c->at, cursor_left(c)};
    return !c->failed && chunk->state_size <= SNAPSHOT_STATE_MAX &&
           chunk->count == snapshot_chunk_count((size_t)chunk->state_size) &&
           chunk->index < chunk->count;
}

int64_t snapshot_chunk_offset(struct slice task, struct slice value) {
    struct cursor c = cursor_of(value);
    struct chunk chunk;
    bool read = cursor_u8(&c) == SNAPSHOT_VERSION && read_chunk(&c, &chunk);
    return read && slice_equal(chunk.task, task) ? chunk.offset : -1;
}

void snapshot_reader_init(struct snapshot_reader *r, struct slice task,
                          const struct snapshot_pointer *pointer) {
    *r = (struct snapshot_reader){.task = task, .pointer = *pointer};
    CHECK(pointer->chunks <= SNAPSHOT_CHUNKS_MAX);
    r->chunks = calloc(pointer->chunks, sizeof(*r->chunks));
    CHECK(r->chunks || pointer->chunks == 0);
}

static void forget_chunks(struct snapshot_reader *r) {
    for (uint32_t k = 0; r->chunks && k < r->pointer.chunks; k++)
        buf_deinit(&r->chunks[k]);
    free(r->chunks);
    r->chunks = NULL;
}

void snapshot_reader_deinit(struct snapshot_reader *r) {
    forget_chunks(r);
    buf_deinit(&r->packed);
}

static void pack(struct snapshot_reader *r) {
    for (uint32_t k = 0; k < r->pointer.chunks; k++)
        buf_put_slice(&r->packed, buf_slice(&r->chunks[k]));
    forget_chunks(r);
}

static void refuse(struct snapshot_reader *r, const char *why) {
    if (!r->refused)
        (void)err_set(&r->refusal, "%s", why);
    r->refused = true;
}

void snapshot_reader_take(struct snapshot_reader *r, struct slice value) {
    if (snapshot_reader_is_whole(r))
        return;
    struct cursor c = cursor_of(value);
    struct chunk chunk;
    if (cursor_u8(&c) != SNAPSHOT_VERSION) {
        refuse(r, "there are chunks of another version of snapshots");
        return;
    }
    if (!read_chunk(&c, &chunk)) {
        refuse(r, "a chunk's checksum does not fit its bytes");
        return;
    }
    if (!slice_equal(chunk.task, r->task) || chunk.number != r->pointer.number ||
        chunk.count != r->pointer.chunks || r->chunks[chunk.index].size > 0)
        return;
    buf_put(&r->chunks[chunk.index], value.at, value.size);
    if (++r->found == r->pointer.chunks)
        pack(r);
}

bool snapshot_reader_is_whole(const struct snapshot_reader *r) {
    return r->found == r->pointer.chunks;
}

void snapshot_reader_explain(const struct snapshot_reader *r, struct err *err) {
    (void)err_set(
        err, "snapshot %" PRIu64 " is not whole: %" PRIu32 " of %" PRIu32 " chunks were found%s%s",
        r->pointer.number, r->found, r->pointer.chunks, r->refused ? "; " : "",
        r->refused ? r->refusal.text : "");
}

static bool unpack_chunk(struct slice value, const struct snapshot_pointer *pointer, uint32_t index,
                         struct buf *state, struct err *err) {
    struct cursor c = cursor_of(value);
    struct chunk chunk;
    if (cursor_u8(&c) != SNAPSHOT_VERSION || !read_chunk(&c, &chunk) || chunk.index != index ||
        chunk.count != pointer->chunks)
        return err_set(err, "chunk %" PRIu32 " of the snapshot is not as it was written", index);
    if (chunk.number != pointer->number || chunk.offset != pointer->offset)
        return err_set(err,
                       "the snapshot is number %" PRIu64 " at offset %" PRId64
                       ", not number %" PRIu64 " at offset %" PRId64,
                       chunk.number, chunk.offset, pointer->number, pointer->offset);
    size_t size = piece_size((size_t)chunk.state_size, index);
    char *at = buf_reserve(state, index == 0 ? (size_t)chunk.state_size + 1 : size + 1);
    int got = LZ4_decompress_safe(chunk.bytes.at, at, (int)chunk.bytes.size, (int)size);
    if (got < 0 || (size_t)got != size)
        return err_set(err, "chunk %" PRIu32 " of the snapshot cannot be decompressed", index);
    state->size += size;
    return true;
}

bool snapshot_unpack(struct slice packed, const struct snapshot_pointer *pointer, struct buf *state,
                     struct err *err) {
    struct cursor c = cursor_of(packed);
    buf_reset(state);
    for (uint32_t index = 0; index < pointer->chunks; index++) {
        struct slice value = cursor_slice(&c);
        if (c.failed)
            return err_set(err, "the snapshot ends before its chunk %" PRIu32, index);
        if (!unpack_chunk(value, pointer, index, state, err))
            return false;
    }
    return true;
}
