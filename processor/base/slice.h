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

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* Order by bytes, shorter first where one is a prefix of the other: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* XXH3 of the bytes. */
uint64_t slice_hash(struct slice s, uint64_t seed);

/* A copy on the heap, NUL-terminated besides; the caller frees `.at`. */
struct slice slice_copy(struct slice s);

/* True when the bytes are valid UTF-8 without surrogates or overlong forms. */
bool slice_is_utf8(struct slice s);
