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

void buf_grow(struct buf *b, size_t more); /* makes room for `more` further bytes */

void buf_put_u32(struct buf *b, uint32_t value);    /* little-endian, fixed */
void buf_put_u64(struct buf *b, uint64_t value);    /* little-endian, fixed */
void buf_put_double(struct buf *b, double value);   /* IEEE 754, little-endian */
void buf_put_decimal(struct buf *b, int64_t value); /* digits, for people and JSON */
void buf_put_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What follows is written byte by byte all over the hot path, so that it stands here. */

static inline struct slice buf_slice(const struct buf *b) {
    return (struct slice){b->at, b->size};
}

/* Room for `more` further bytes; returns where they go. */
static inline char *buf_reserve(struct buf *b, size_t more) {
    if (b->capacity - b->size < more || !b->at)
        buf_grow(b, more);
    return b->at + b->size;
}

static inline void buf_put(struct buf *b, const void *bytes, size_t size) {
    if (size == 0)
        return;
    memcpy(buf_reserve(b, size), bytes, size);
    b->size += size;
}

static inline void buf_put_u8(struct buf *b, uint8_t value) {
    *buf_reserve(b, 1) = (char)value;
    b->size++;
}

#define BUF_VARINT_MOST 10

/* LEB128 */
static inline void buf_put_varint(struct buf *b, uint64_t value) {
    char *at = buf_reserve(b, BUF_VARINT_MOST);
    size_t size = 0;
    while (value >= 0x80) {
        at[size++] = (char)(value | 0x80);
        value >>= 7;
    }
    at[size++] = (char)value;
    b->size += size;
}

/* Avro's long */
static inline void buf_put_zigzag(struct buf *b, int64_t value) {
    buf_put_varint(b, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* A varint length, then the bytes. */
static inline void buf_put_slice(struct buf *b, struct slice s) {
    buf_put_varint(b, s.size);
    buf_put(b, s.at, s.size);
}
