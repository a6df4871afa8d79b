/* What a datum is made of, read from its bytes; within the decode plan. */
#pragma once

#include <endian.h>

#include "codec/plan_ops.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Into the functions that walk through a datum, so that their place in it stays in registers. */
#define INLINE static inline __attribute__((always_inline))

/* X(symbol, text): what can be wrong with a datum. */
#define FAULTS(X)                                                                                  \
    X(NONE, "")                                                                                    \
    X(DONE, "")                                                                                    \
    X(CUT, "the record ends within it")                                                            \
    X(VARINT, "a number of more than ten bytes")                                                   \
    X(LENGTH, "a length below zero or beyond the record's end")                                    \
    X(RANGE, "a number beyond the 32 bits of an int")                                              \
    X(SYMBOL, "an enum index that the writer's schema does not have")                              \
    X(FLAG, "a boolean that is neither 0 nor 1")                                                   \
    X(BRANCH, "a union branch that the writer's schema does not have")                             \
    X(REFUSED, "")                                                                                 \
    X(LONG, "text of more than 1024 bytes")                                                        \
    X(UTF8, "text that is not UTF-8")                                                              \
    X(DEPTH, "types nested too deeply")                                                            \
    X(BUDGET, "more elements than a record of this size may have")                                 \
    X(LEFT_OVER, "bytes after the record's end")

#define FAULT_ENUM(symbol, text) FAULT_##symbol,
enum fault { FAULTS(FAULT_ENUM) FAULT_COUNT };

/* Apart from the rest because it must stay in registers. */
struct place {
    const unsigned char *at, *end;
};

static inline size_t room(const struct place *p) {
    return (size_t)(p->end - p->at);
}

/* The next eight bytes, the first one lowest. */
static inline uint64_t peek_eight(const struct place *p) {
    uint64_t eight;
    memcpy(&eight, p->at, 8);
    return le64toh(eight);
}

static inline int64_t unzigzag(uint64_t bits) {
    return (int64_t)((bits >> 1) ^ (0 - (bits & 1)));
}

/* What lengths, indices and branches nearly always are: one byte, from 0 to PLAN_SMALL_MAX. What
 * is no such number, because it is negative or goes on, becomes more than that. */
static inline unsigned as_small(unsigned char byte) {
    return (unsigned char)(byte >> 1 | byte << 7);
}

static inline unsigned peek_small(const struct place *p) {
    return LIKELY(p->at < p->end) ? as_small(*p->at) : PLAN_SMALL_MAX + 1;
}

/* A number of any length, and a text of any length. */
enum fault plan_bytes_wide(struct place *p, int64_t *value);
enum fault plan_bytes_text(struct place *p, struct slice *text);

static inline enum fault take_long(struct place *p, int64_t *value) {
    if (LIKELY(p->at < p->end && *p->at < 0x80)) {
        *value = unzigzag(*p->at++);
        return FAULT_NONE;
    }
    struct place apart = *p; /* whose address may be known elsewhere: `p` need not be in memory */
    enum fault fault = plan_bytes_wide(&apart, value);
    *p = apart;
    return fault;
}

static inline enum fault take_bytes(struct place *p, struct slice *bytes) {
    int64_t size;
    enum fault fault = take_long(p, &size);
    if (UNLIKELY(fault))
        return fault;
    if (UNLIKELY(size < 0 || size > p->end - p->at))
        return FAULT_LENGTH;
    *bytes = (struct slice){(const char *)p->at, (size_t)size};
    p->at += size;
    return FAULT_NONE;
}

static inline enum fault skip_fixed(struct place *p, uint32_t size) {
    if (UNLIKELY(size > (size_t)(p->end - p->at)))
        return FAULT_CUT;
    p->at += size;
    return FAULT_NONE;
}

/* Nearly all text is ASCII: eight bytes at a time, the last ones with some that were seen before;
 * the rest goes the long way. */
INLINE bool is_text(struct slice s) {
    uint64_t seen = 0, eight;
    uint32_t first, last;
    if (s.size >= 8) {
        for (size_t i = 0; i + 8 < s.size; i += 8) {
            memcpy(&eight, s.at + i, 8);
            seen |= eight;
        }
        memcpy(&eight, s.at + s.size - 8, 8);
        seen |= eight;
    } else if (s.size >= 4) {
        memcpy(&first, s.at, 4);
        memcpy(&last, s.at + s.size - 4, 4);
        seen = first | last;
    } else {
        for (size_t i = 0; i < s.size; i++)
            seen |= (unsigned char)s.at[i];
    }
    return LIKELY((seen & UINT64_C(0x8080808080808080)) == 0) || slice_is_utf8(s);
}

static inline enum fault read_text(struct place *p, struct slice *text) {
    unsigned size = peek_small(p);
    if (LIKELY(size <= PLAN_SMALL_MAX && size < room(p))) {
        *text = (struct slice){(const char *)p->at + 1, size};
        p->at += size + 1;
        return LIKELY(is_text(*text)) ? FAULT_NONE : FAULT_UTF8;
    }
    struct place apart = *p;
    enum fault fault = plan_bytes_text(&apart, text);
    *p = apart;
    return fault;
}

static inline enum fault read_int(struct place *p, int64_t *value) {
    enum fault fault = take_long(p, value);
    if (UNLIKELY(fault))
        return fault;
    return LIKELY(*value >= INT32_MIN && *value <= INT32_MAX) ? FAULT_NONE : FAULT_RANGE;
}

static inline enum fault read_short_int(struct place *p, int32_t *number) {
    int64_t value = 0;
    enum fault fault = read_int(p, &value);
    if (LIKELY(!fault))
        *number = (int32_t)value;
    return fault;
}

static inline enum fault read_flag(struct place *p, uint8_t *flag) {
    if (UNLIKELY(p->at == p->end))
        return FAULT_CUT;
    *flag = *p->at++;
    return LIKELY(*flag <= 1) ? FAULT_NONE : FAULT_FLAG;
}
