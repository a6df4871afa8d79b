/* Sums by key, dense, with a note of which keys were touched: many small additions in any order,
 * then one walk in the order of the keys. */
#pragma once

#include "core/pane.h"

struct tally {
    int64_t *values;   /* owned; one per key, 0 where nothing was added */
    uint64_t *touched; /* owned; one bit per key */
    size_t used;       /* words of `touched` that may hold a bit */
};

void tally_init(struct tally *t, uint32_t key_limit);
void tally_deinit(struct tally *t);
void tally_reset(struct tally *t); /* costs what was touched */

static inline bool tally_is_empty(const struct tally *t) {
    return t->used == 0;
}

/* `key` is below the limit. */
static inline void tally_add(struct tally *t, uint32_t key, int64_t value) {
    size_t word = key / 64;
    t->values[key] += value;
    t->touched[word] |= UINT64_C(1) << key % 64;
    if (word >= t->used)
        t->used = word + 1;
}

/* Packed entries (pane.h), `sign` (1, -1) times. */
void tally_packed(struct tally *t, struct slice packed, int sign);

/* Adds what was touched in another of the same limit, or takes it away again. */
void tally_merge(struct tally *t, const struct tally *other, int sign);

/* What was touched from this key on, in the order of the keys: `key` is where the search begins;
 * false when there is no more. Values may be 0. */
static inline bool tally_next(const struct tally *t, uint32_t *key) {
    size_t word = *key / 64;
    if (word >= t->used)
        return false;
    uint64_t bits = t->touched[word] & UINT64_MAX << *key % 64;
    while (bits == 0) {
        if (++word >= t->used)
            return false;
        bits = t->touched[word];
    }
    *key = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
    return true;
}

/* How many keys of [from, to) were touched; both are multiples of 64. */
size_t tally_count(const struct tally *t, uint32_t from, uint32_t to);
