/* A growing byte buffer, and the varints of the formats that we write ourselves. */
#pragma once

#include "base/slice.h"

struct buf {
    char *at;        /* owned */
    size_t size;     /* bytes written */
    size_t capacity; /* bytes owned */
};

void buf_init(struct buf *b);
void buf_deinit(struct buf *b);
void buf_reset(struct buf *b); /* keeps the memory */

/* Room for `more` further bytes; returns where they go. */
char *buf_reserve(struct buf *b, size_t more);

void buf_put(struct buf *b, const void *bytes, size_t size);
void buf_put_u8(struct buf *b, uint8_t value);
void buf_put_u32(struct buf *b, uint32_t value);    /* little-endian, fixed */
void buf_put_u64(struct buf *b, uint64_t value);    /* little-endian, fixed */
void buf_put_varint(struct buf *b, uint64_t value); /* LEB128 */
void buf_put_zigzag(struct buf *b, int64_t value);  /* Avro's long */
void buf_put_double(struct buf *b, double value);   /* IEEE 754, little-endian */
void buf_put_slice(struct buf *b, struct slice s);  /* varint length, bytes */
void buf_put_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct slice buf_slice(const struct buf *b) {
    return (struct slice){b->at, b->size};
}
