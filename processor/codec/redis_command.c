#include "codec/redis_command.h"

#define SIZE_MOST 32 /* of a size as it is put, and of the end of what follows it */

/* Returns where the next byte goes. */
static char *put_size(char *at, char kind, size_t size) {
    char digits[SIZE_MOST];
    size_t begin = SIZE_MOST;
    do {
        digits[--begin] = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    *at++ = kind;
    while (begin < SIZE_MOST)
        *at++ = digits[begin++];
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static char *put_piece(char *at, struct slice piece) {
    if (piece.size > 0)
        memcpy(at, piece.at, piece.size);
    return at + piece.size;
}

void redis_command_begin(struct buf *b, size_t arguments) {
    buf_reset(b);
    b->size = (size_t)(put_size(buf_reserve(b, SIZE_MOST), '*', arguments) - b->at);
}

void redis_command_add_joined(struct buf *b, struct slice first, struct slice rest) {
    size_t size = first.size + rest.size;
    char *at = put_size(buf_reserve(b, size + SIZE_MOST), '$', size);
    at = put_piece(put_piece(at, first), rest);
    *at++ = '\r';
    *at++ = '\n';
    b->size = (size_t)(at - b->at);
}

void redis_command_add(struct buf *b, struct slice argument) {
    redis_command_add_joined(b, argument, (struct slice){NULL, 0});
}
