#include "codec/plan_bytes.h"

static enum fault take_bytewise(struct place *p, int64_t *value) {
    uint64_t bits = 0;
    for (unsigned shift = 0; p->at < p->end; shift += 7) {
        unsigned char byte = *p->at++;
        if (UNLIKELY(shift == 63 && byte > 1))
            return FAULT_VARINT;
        bits |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = unzigzag(bits);
            return FAULT_NONE;
        }
    }
    return FAULT_CUT;
}

/* A number of up to eight bytes at once: the first byte without its highest bit set ends it; then
 * the bytes' seven bits are moved together in pairs, pairs of pairs, and halves. */
enum fault plan_bytes_wide(struct place *p, int64_t *value) {
    uint64_t bits = room(p) >= 8 ? peek_eight(p) : UINT64_MAX;
    uint64_t ends = ~bits & UINT64_C(0x8080808080808080);
    if (UNLIKELY(ends == 0))
        return take_bytewise(p, value);
    bits &= ends ^ (ends - 1);
    bits = (bits & UINT64_C(0x007F007F007F007F)) | (bits & UINT64_C(0x7F007F007F007F00)) >> 1;
    bits = (bits & UINT64_C(0x00003FFF00003FFF)) | (bits & UINT64_C(0x3FFF00003FFF0000)) >> 2;
    bits = (bits & UINT64_C(0x000000000FFFFFFF)) | (bits & UINT64_C(0x0FFFFFFF00000000)) >> 4;
    p->at += (__builtin_ctzll(ends) + 1) / 8;
    *value = unzigzag(bits);
    return FAULT_NONE;
}

enum fault plan_bytes_text(struct place *p, struct slice *text) {
    enum fault fault = take_bytes(p, text);
    if (UNLIKELY(fault))
        return fault;
    if (UNLIKELY(text->size > EVENT_TEXT_MAX))
        return FAULT_LONG;
    return LIKELY(is_text(*text)) ? FAULT_NONE : FAULT_UTF8;
}
