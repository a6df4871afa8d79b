#include "base/slice.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

int slice_compare(struct slice a, struct slice b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);
    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

uint64_t slice_hash(struct slice s, uint64_t seed) {
    return XXH3_64bits_withSeed(s.at, s.size, seed);
}

struct slice slice_copy(struct slice s) {
    char *copy = malloc(s.size + 1);
    CHECK(copy);
    if (s.size > 0)
        memcpy(copy, s.at, s.size);
    copy[s.size] = '\0';
    return (struct slice){copy, s.size};
}

/* Bytes of the sequence that begins at `at`, 0 when it is malformed (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *at, size_t left) {
    unsigned char lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < size)
        return 0;

    /* Only the second byte's range depends on the lead: that is what keeps out overlong forms,
     * surrogates and what lies beyond U+10FFFF. */
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

/* Most text is ASCII, and is passed eight bytes at a time. */
static size_t ascii_run(const unsigned char *at, size_t left) {
    size_t size = 0;
    uint64_t eight;
    for (; left - size >= sizeof(eight); size += sizeof(eight)) {
        memcpy(&eight, at + size, sizeof(eight));
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    return size;
}

bool slice_is_utf8(struct slice s) {
    const unsigned char *bytes = (const unsigned char *)s.at;
    for (size_t i = ascii_run(bytes, s.size); i < s.size;) {
        size_t size = utf8_sequence(bytes + i, s.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}
