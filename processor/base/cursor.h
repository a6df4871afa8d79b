/* Reads bytes in order, never past the end: the first fault sticks and every later read gives 0. */
#pragma once

#include "base/slice.h"

struct cursor {
    const unsigned char *at;
    const unsigned char *end;
    bool failed; /* sticky: something was missing or malformed */
};

static inline struct cursor cursor_of(struct slice s) {
    /* No arithmetic on the NULL of an empty slice. */
    const unsigned char *at = (const unsigned char *)s.at;
    return (struct cursor){at, s.size == 0 ? at : at + s.size, false};
}
static inline size_t cursor_left(const struct cursor *c) {
    return (size_t)(c->end - c->at);
}

uint8_t cursor_u8(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
uint64_t cursor_varint(struct cursor *c);
int64_t cursor_zigzag(struct cursor *c);
double cursor_double(struct cursor *c);
struct slice cursor_bytes(struct cursor *c, size_t size);
struct slice cursor_slice(struct cursor *c); /* varint length, bytes */
void cursor_fail(struct cursor *c);
