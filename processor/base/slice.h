/* Bytes that somebody else owns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at; /* may be NULL only when size is 0 */
    size_t size;    /* bytes */
};

#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_FMT "%.*s"
#define SLICE_ARG(s) (int)(s).size, (s).at

static inline struct slice slice_of(const char *text) {
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_same_word(const char *a, const char *b) {
    uint64_t word_a, word_b;
    memcpy(&word_a, a, sizeof(word_a));
    memcpy(&word_b, b, sizeof(word_b));
    return word_a == word_b;
}

/* All of 1 to 7 bytes, some of them twice. */
static inline uint64_t slice_short_word(struct slice s) {
    const unsigned char *at = (const unsigned char *)s.at;
    uint32_t first, last;
    if (s.size < sizeof(first))
        return at[0] | (uint64_t)at[s.size / 2] << 8 | (uint64_t)at[s.size - 1] << 16;
    memcpy(&first, at, sizeof(first));
    memcpy(&last, at + s.size - sizeof(last), sizeof(last));
    return first | (uint64_t)last << 32;
}

/* Word by word, of which the last may overlap the one before: most are names of a few bytes, for
 * which calling memcmp costs more than comparing them. */
static inline bool slice_equal(struct slice a, struct slice b) {
    if (a.size != b.size)
        return false;
    if (a.size < sizeof(uint64_t))
        return a.size == 0 || slice_short_word(a) == slice_short_word(b);
    size_t last = a.size - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
        if (!slice_same_word(a.at + at, b.at + at))
            return false;
    }
    return slice_same_word(a.at + last, b.at + last);
}

/* Order by bytes, shorter first where one is a prefix of the other: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* XXH3 of the bytes. */
uint64_t slice_hash(struct slice s, uint64_t seed);

/* A copy on the heap, NUL-terminated besides; the caller frees `.at`. */
struct slice slice_copy(struct slice s);

/* True when the bytes are valid UTF-8 without surrogates or overlong forms. */
bool slice_is_utf8(struct slice s);
