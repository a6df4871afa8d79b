/* The compressions of Avro container files that are read and written. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* X(symbol, name in a file's header) */
#define CONTAINER_CODECS(X) X(NULL, "null") X(DEFLATE, "deflate") X(ZSTANDARD, "zstandard")

#define CONTAINER_CODEC_ENUM(symbol, name) CONTAINER_CODEC_##symbol,
enum container_codec { CONTAINER_CODECS(CONTAINER_CODEC_ENUM) CONTAINER_CODEC_COUNT };

const char *container_codec_name(enum container_codec codec);

/* False with the names that are known. */
MUST_USE bool container_codec_parse(struct slice name, enum container_codec *codec,
                                    struct err *err);

/* The bytes of one block into `out`, which is emptied first; at most `most` of them. Not for NULL:
 * its bytes are there already. */
MUST_USE bool container_codec_unpack(enum container_codec codec, struct slice packed, size_t most,
                                     struct buf *out, struct err *err);

/* Appends the bytes of one block, compressed. */
void container_codec_pack(enum container_codec codec, struct slice bytes, struct buf *out);
