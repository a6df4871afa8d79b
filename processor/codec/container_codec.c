#include "codec/container_codec.h"

#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

#define RAW_DEFLATE (-15) /* window bits; below 0: no header of zlib's */
#define PIECE ((size_t)256 * 1024)

#define CODEC_NAME(symbol, name) name,
static const char *const names[] = {CONTAINER_CODECS(CODEC_NAME)};

const char *container_codec_name(enum container_codec codec) {
    CHECK(codec < CONTAINER_CODEC_COUNT);
    return names[codec];
}

bool container_codec_parse(struct slice name, enum container_codec *codec, struct err *err) {
    for (int i = 0; i < CONTAINER_CODEC_COUNT; i++) {
        *codec = (enum container_codec)i;
        if (slice_equal(name, slice_of(names[i])))
            return true;
    }
    return err_set(err, "compression \"%.*s\" is not read; null, deflate and zstandard are",
                   (int)(name.size < 40 ? name.size : 40), name.at);
}

/* Room for more, as long as less than `most` is there. */
static char *next_piece(struct buf *out, size_t most, size_t *room) {
    *room = most - out->size < PIECE ? most - out->size : PIECE;
    return buf_reserve(out, *room);
}

static bool too_large(size_t most, struct err *err) {
    return err_set(err, "the block has more than %zu bytes when it is decompressed", most);
}

static bool unpack_deflate(struct slice packed, size_t most, struct buf *out, struct err *err) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.at, .avail_in = (uInt)packed.size};
    CHECK(inflateInit2(&z, RAW_DEFLATE) == Z_OK);
    int result = Z_OK;
    size_t room = 1;
    while (result == Z_OK && room > 0) {
        z.next_out = (Bytef *)next_piece(out, most, &room);
        z.avail_out = (uInt)room;
        result = inflate(&z, Z_NO_FLUSH);
        out->size += room - z.avail_out;
    }
    inflateEnd(&z);
    if (result == Z_STREAM_END)
        return true;
    return room == 0 ? too_large(most, err) : err_set(err, "its bytes are not deflate's");
}

static bool unpack_zstandard(struct slice packed, size_t most, struct buf *out, struct err *err) {
    ZSTD_DCtx *z = ZSTD_createDCtx();
    CHECK(z);
    ZSTD_inBuffer in = {packed.at, packed.size, 0};
    size_t left = 1, room = 1;
    while (left > 0 && !ZSTD_isError(left) && room > 0) {
        char *at = next_piece(out, most, &room);
        ZSTD_outBuffer piece = {at, room, 0};
        size_t read = in.pos;
        left = ZSTD_decompressStream(z, &piece, &in);
        out->size += piece.pos;
        if (piece.pos == 0 && in.pos == read)
            break; /* it ends too early */
    }
    ZSTD_freeDCtx(z);
    if (left == 0 && in.pos == in.size)
        return true;
    return room == 0 ? too_large(most, err) : err_set(err, "its bytes are not zstandard's");
}

bool container_codec_unpack(enum container_codec codec, struct slice packed, size_t most,
                            struct buf *out, struct err *err) {
    buf_reset(out);
    switch (codec) {
    case CONTAINER_CODEC_DEFLATE: return unpack_deflate(packed, most, out, err);
    case CONTAINER_CODEC_ZSTANDARD: return unpack_zstandard(packed, most, out, err);
    case CONTAINER_CODEC_NULL:
    case CONTAINER_CODEC_COUNT: break;
    }
    UNREACHABLE("nothing to unpack");
}

static void pack_deflate(struct slice bytes, struct buf *out) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes.at, .avail_in = (uInt)bytes.size};
    CHECK(deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_DEFLATE, 8, Z_DEFAULT_STRATEGY) ==
          Z_OK);
    uLong room = deflateBound(&z, (uLong)bytes.size);
    z.next_out = (Bytef *)buf_reserve(out, room);
    z.avail_out = (uInt)room;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->size += room - z.avail_out;
    deflateEnd(&z);
}

static void pack_zstandard(struct slice bytes, struct buf *out) {
    size_t room = ZSTD_compressBound(bytes.size);
    char *at = buf_reserve(out, room);
    size_t size = ZSTD_compress(at, room, bytes.at, bytes.size, ZSTD_CLEVEL_DEFAULT);
    CHECK(!ZSTD_isError(size));
    out->size += size;
}

void container_codec_pack(enum container_codec codec, struct slice bytes, struct buf *out) {
    switch (codec) {
    case CONTAINER_CODEC_NULL: buf_put(out, bytes.at, bytes.size); return;
    case CONTAINER_CODEC_DEFLATE: pack_deflate(bytes, out); return;
    case CONTAINER_CODEC_ZSTANDARD: pack_zstandard(bytes, out); return;
    case CONTAINER_CODEC_COUNT: break;
    }
    UNREACHABLE("no such codec");
}
