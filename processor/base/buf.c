#include "base/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define FIRST_CAPACITY 256
#define DIGITS_MAX 20

void buf_init(struct buf *b) {
    *b = (struct buf){0};
}

void buf_deinit(struct buf *b) {
    free(b->at);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b) {
    b->size = 0;
}

void buf_grow(struct buf *b, size_t more) {
    CHECK(more <= SIZE_MAX / 4 && b->size <= SIZE_MAX / 4);
    size_t capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity * 2;
    if (capacity < b->size + more)
        capacity = b->size + more;
    b->at = realloc(b->at, capacity);
    CHECK(b->at);
    b->capacity = capacity;
}

void buf_put_u32(struct buf *b, uint32_t value) {
    uint32_t bytes = htole32(value);
    buf_put(b, &bytes, sizeof(bytes));
}

void buf_put_u64(struct buf *b, uint64_t value) {
    uint64_t bytes = htole64(value);
    buf_put(b, &bytes, sizeof(bytes));
}

void buf_put_double(struct buf *b, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    buf_put_u64(b, bits);
}

/* Two digits at a time. */
void buf_put_decimal(struct buf *b, int64_t value) {
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char digits[DIGITS_MAX];
    size_t at = DIGITS_MAX;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (; rest >= 10; rest /= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (rest % 100), 2);
    }
    if (rest > 0 || at == DIGITS_MAX)
        digits[--at] = (char)('0' + rest);
    if (value < 0)
        buf_put_u8(b, '-');
    buf_put(b, digits + at, DIGITS_MAX - at);
}

void buf_put_format(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);

    /* Most texts fit into what is there; the first pass says how much is missing otherwise. */
    char *at = buf_reserve(b, 1);
    size_t room = b->capacity - b->size;
    int size = vsnprintf(at, room, format, args);
    CHECK(size >= 0);
    if ((size_t)size >= room) {
        at = buf_reserve(b, (size_t)size + 1);
        vsnprintf(at, (size_t)size + 1, format, again);
    }
    b->size += (size_t)size;
    va_end(again);
    va_end(args);
}
