#include "codec/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/text_fraction.h"

#define EXACT_INTEGER 9007199254740992.0 /* 2^53: below it every integer has its own double */

void text_put_double(struct buf *b, double value) {
    if (!isfinite(value)) {
        text_put(b, "null");
        return;
    }
    if (fabs(value) < EXACT_INTEGER && value == trunc(value)) {
        buf_put_decimal(b, (int64_t)value);
        return;
    }
    if (text_put_fraction(b, value))
        return;
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (back <= value && back >= value)
            break;
    }
    text_put(b, text);
}

static void put_escaped(struct buf *b, unsigned char c) {
    switch (c) {
    case '"': text_put(b, "\\\""); break;
    case '\\': text_put(b, "\\\\"); break;
    case '\n': text_put(b, "\\n"); break;
    case '\r': text_put(b, "\\r"); break;
    case '\t': text_put(b, "\\t"); break;
    default: buf_put_format(b, "\\u%04x", c); break;
    }
}

/* Bytes that JSON must not hold as they are. */
static const bool needs_care[256] = {
    [0 ... 0x1F] = true, ['"'] = true, ['\\'] = true, [0x7F] = true};

/* Most texts need no care: how much of this one, from its beginning. Eight bytes at a time, of
 * which none has its highest bit, nor gets it when what needs care is taken off; then one by one.
 */
static size_t plain_run(struct slice text) {
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t eight;
    size_t size = 0;
    for (; text.size - size >= sizeof(eight); size += sizeof(eight)) {
        memcpy(&eight, text.at + size, sizeof(eight));
        uint64_t care = eight | (eight - each * 0x20) | ((eight ^ each * '"') - each) |
                        ((eight ^ each * '\\') - each) | ((eight ^ each * 0x7F) - each);
        if (care & each * 0x80)
            break;
    }
    while (size < text.size && !needs_care[(unsigned char)text.at[size]] &&
           (unsigned char)text.at[size] < 0x80)
        size++;
    return size;
}

static void put_with_care(struct buf *b, struct slice text) {
    bool is_utf8 = slice_is_utf8(text);
    size_t from = 0; /* what is not yet written and needs no care */
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool foreign = !is_utf8 && c >= 0x80;
        if (!needs_care[c] && !foreign)
            continue;
        buf_put(b, text.at + from, i - from);
        if (foreign)
            buf_put_u8(b, '?');
        else
            put_escaped(b, c);
        from = i + 1;
    }
    if (from < text.size)
        buf_put(b, text.at + from, text.size - from);
}

void text_put_json(struct buf *b, struct slice text) {
    size_t plain = plain_run(text);
    buf_put_u8(b, '"');
    buf_put(b, text.at, plain);
    if (plain < text.size) /* what stands before is ASCII, and makes nothing better or worse */
        put_with_care(b, (struct slice){text.at + plain, text.size - plain});
    buf_put_u8(b, '"');
}
