#include "cli/term.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* Bytes of the character that begins here; 0: none that may be shown. */
static size_t character_size(struct slice rest) {
    unsigned char first = (unsigned char)rest.at[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (size > rest.size || !slice_is_utf8((struct slice){rest.at, size}))
        return 0;
    /* U+0080 .. U+009F are control characters too. */
    return first == 0xc2 && (unsigned char)rest.at[1] < 0xa0 ? 0 : size;
}

/* Puts at most `columns` characters; returns how many. */
static size_t put_some(struct buf *b, struct slice text, size_t columns) {
    size_t done = 0;
    for (size_t i = 0; i < text.size && done < columns; done++) {
        size_t size = character_size((struct slice){text.at + i, text.size - i});
        if (size == 0)
            buf_put_u8(b, '?');
        else
            buf_put(b, text.at + i, size);
        i += size == 0 ? 1 : size;
    }
    return done;
}

void term_put(struct buf *b, struct slice text) {
    put_some(b, text, text.size);
}

size_t term_width(struct slice text) {
    size_t width = 0;
    for (size_t i = 0; i < text.size; width++) {
        size_t size = character_size((struct slice){text.at + i, text.size - i});
        i += size == 0 ? 1 : size;
    }
    return width;
}

void term_spaces(struct buf *b, size_t count) {
    memset(buf_reserve(b, count), ' ', count);
    b->size += count;
}

void term_put_left(struct buf *b, struct slice text, size_t columns) {
    size_t width = term_width(text);
    if (width <= columns) {
        put_some(b, text, columns);
        term_spaces(b, columns - width);
    } else if (columns > 0) {
        put_some(b, text, columns - 1);
        buf_put(b, ELLIPSIS, strlen(ELLIPSIS));
    }
}

void term_put_right(struct buf *b, struct slice text, size_t columns) {
    size_t width = term_width(text);
    if (width < columns)
        term_spaces(b, columns - width);
    term_put_left(b, text, width < columns ? width : columns);
}

void term_style(struct buf *b, enum term_style style, bool colour) {
    static const char *const codes[] = {
        [TERM_PLAIN] = "\x1b[0m", [TERM_BOLD] = "\x1b[1m",    [TERM_DIM] = "\x1b[2m",
        [TERM_RED] = "\x1b[31m",  [TERM_YELLOW] = "\x1b[33m", [TERM_GREEN] = "\x1b[32m",
    };
    if (colour)
        buf_put(b, codes[style], strlen(codes[style]));
}
