#include "io/redis_command.h"

static void put_size(struct buf *b, char kind, size_t size) {
    buf_put_u8(b, (uint8_t)kind);
    buf_put_decimal(b, (int64_t)size);
    buf_put(b, "\r\n", 2);
}

void redis_command_begin(struct buf *b, size_t arguments) {
    buf_reset(b);
    put_size(b, '*', arguments);
}

void redis_command_add(struct buf *b, struct slice argument) {
    put_size(b, '$', argument.size);
    buf_put(b, argument.at, argument.size);
    buf_put(b, "\r\n", 2);
}
