#include "base/cursor.h"

#include <endian.h>

void cursor_fail(struct cursor *c) {
    c->failed = true;
    c->at = c->end; /* so that no later read succeeds */
}

uint8_t cursor_u8(struct cursor *c) {
    if (c->at < c->end)
        return *c->at++;
    cursor_fail(c);
    return 0;
}

uint32_t cursor_u32(struct cursor *c) {
    uint32_t bytes = 0;
    struct slice s = cursor_bytes(c, sizeof(bytes));
    if (s.size == sizeof(bytes))
        memcpy(&bytes, s.at, sizeof(bytes));
    return le32toh(bytes);
}

uint64_t cursor_u64(struct cursor *c) {
    uint64_t bytes = 0;
    struct slice s = cursor_bytes(c, sizeof(bytes));
    if (s.size == sizeof(bytes))
        memcpy(&bytes, s.at, sizeof(bytes));
    return le64toh(bytes);
}

uint64_t cursor_varint(struct cursor *c) {
    uint64_t value = 0;
    for (unsigned shift = 0; c->at < c->end; shift += 7) {
        unsigned char byte = *c->at++;
        /* The tenth byte has room for one bit and must be the last. */
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    cursor_fail(c);
    return 0;
}

int64_t cursor_zigzag(struct cursor *c) {
    uint64_t value = cursor_varint(c);
    return (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
}

double cursor_double(struct cursor *c) {
    uint64_t bits = cursor_u64(c);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

struct slice cursor_bytes(struct cursor *c, size_t size) {
    if (cursor_left(c) < size) {
        cursor_fail(c);
        return (struct slice){NULL, 0};
    }
    struct slice s = {(const char *)c->at, size};
    if (size > 0)
        c->at += size;
    return s;
}

struct slice cursor_slice(struct cursor *c) {
    return cursor_bytes(c, cursor_varint(c));
}
