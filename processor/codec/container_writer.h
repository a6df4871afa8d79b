/* Writes Avro object container files: a header with the schema, then compressed blocks of records.
 * Whole pieces of the file stand in a buffer that the caller takes away. */
#pragma once

#include "codec/container_codec.h"

#define CONTAINER_SYNC_SIZE 16
#define CONTAINER_WRITE_AT                                                                         \
    ((size_t)256 * 1024) /* bytes of records in a block, before compression */

struct container_writer; /* opaque */

/* The header goes to the file's bytes at once. `sync` should be random. */
struct container_writer *container_writer_new(struct slice schema, enum container_codec codec,
                                              const char sync[CONTAINER_SYNC_SIZE]);
void container_writer_free(struct container_writer *w);

/* A record that begins with a long (the time at which it was appended to the log), then the bytes
 * of the body as they are. */
void container_writer_add(struct container_writer *w, int64_t log_at, struct slice body);

/* What is in no block yet becomes one. */
void container_writer_finish(struct container_writer *w);

/* Bytes to be written to the file; the caller writes them and resets the buffer. */
struct buf *container_writer_bytes(struct container_writer *w);

uint64_t container_writer_count(const struct container_writer *w); /* of records */

/* The schema of a record as JSON, with a long field `log_at` before the others. False with a
 * reason when it is none, or has such a field already. */
MUST_USE bool container_writer_schema(struct slice json, struct buf *out, struct err *err);
