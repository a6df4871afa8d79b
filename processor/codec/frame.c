#include "codec/frame.h"

#include "base/cursor.h"

#define ID_HEADER 5
#define FINGERPRINT_HEADER 10

bool frame_parse(struct slice value, struct frame *frame, struct err *err) {
    struct cursor c = cursor_of(value);
    if (value.size == 0)
        return err_set(err, "the record has no value");
    uint8_t first = cursor_u8(&c);
    if (first == 0 && value.size >= ID_HEADER) {
        frame->kind = FRAME_ID;
        frame->schema_id = (int32_t)__builtin_bswap32(cursor_u32(&c));
    } else if (first == 0xC3 && cursor_u8(&c) == 0x01 && value.size >= FINGERPRINT_HEADER) {
        frame->kind = FRAME_FINGERPRINT;
        frame->schema_id = -1;
        frame->fingerprint = cursor_u64(&c);
    } else {
        return err_set(err,
                       "the record (%zu bytes, first 0x%02X) begins neither with 0 and a schema id "
                       "nor with C3 01 and a fingerprint",
                       value.size, first);
    }
    frame->body = cursor_bytes(&c, cursor_left(&c));
    return true;
}

void frame_put(const struct frame *frame, struct buf *out) {
    if (frame->kind == FRAME_ID) {
        buf_put_u8(out, 0);
        buf_put_u32(out, __builtin_bswap32((uint32_t)frame->schema_id));
    } else {
        buf_put_u8(out, 0xC3);
        buf_put_u8(out, 0x01);
        buf_put_u64(out, frame->fingerprint);
    }
}
