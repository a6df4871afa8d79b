/* Avro object container files, read where they stand in memory: a header with the writer's schema,
 * then blocks of records, compressed one by one. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

#define CONTAINER_BLOCK_MAX ((size_t)256 * 1024 * 1024) /* bytes of one block, decompressed */

struct container; /* opaque */

struct container_block {
    size_t at;         /* byte of the file at which the block begins, for messages */
    uint64_t count;    /* of records */
    struct slice data; /* their bytes, one after the other; valid until the next block is read */
};

enum container_result { CONTAINER_BLOCK, CONTAINER_END, CONTAINER_TORN };

/* `file` is the whole file and outlives the container. NULL with a reason when it does not begin
 * like one, or is compressed in a way that is not read. */
struct container *container_new(struct slice file, struct err *err);
void container_free(struct container *c);

/* Blocks are views into the file: their bytes stay as long as it does. */
bool container_is_plain(const struct container *c);

struct slice container_schema(const struct container *c); /* JSON of the writer's schema */

/* The next block. TORN: `err` names the byte at which the block begins, and what is wrong; nothing
 * more can be read. */
enum container_result container_next(struct container *c, struct container_block *block,
                                     struct err *err);
