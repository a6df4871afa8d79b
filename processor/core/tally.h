/* Sums by key, dense, with a note of which keys were touched: many small additions in any order,
 * then one walk in the order of the keys. */
#pragma once

#include "core/pane.h"

struct tally {
    int64_t *values;   /* owned; one per key, 0 where nothing was added */
    uint64_t *touched; /* owned; one bit per key */
    uint64_t *words;   /* owned; one bit per word of `touched` that holds any */
    size_t used;       /* of `words` that may hold a bit */
};

#define TALLY_WORD_KEYS (UINT64_C(64) * 64) /* keys that one of `words` stands for */

void tally_init(struct tally *t, uint32_t key_limit);
void tally_deinit(struct tally *t);
void tally_reset(struct tally *t); /* costs what was touched */

static inline bool tally_is_empty(const struct tally *t) {
    return t->used == 0;
}

void tally_note_word(struct tally *t, size_t word);

/* `key` is below the limit. */
static inline void tally_add(struct tally *t, uint32_t key, int64_t value) {
    size_t word = key / 64;
    t->values[key] += value;
    if (t->touched[word] == 0)
        tally_note_word(t, word);
    t->touched[word] |= UINT64_C(1) << key % 64;
}

/* Packed entries (pane.h), `sign` (1, -1) times. */
void tally_packed(struct tally *t, struct slice packed, int sign);

/* Adds what was touched in another of the same limit, or takes it away again. */
void tally_merge(struct tally *t, const struct tally *other, int sign);

/* The first word of `touched` from `word` on that holds a bit; false when there is no more. */
static inline bool tally_next_word(const struct tally *t, size_t *word) {
    size_t i = *word / 64;
    if (i >= t->used)
        return false;
    uint64_t bits = t->words[i] & UINT64_MAX << *word % 64;
    while (bits == 0) {
        if (++i >= t->used)
            return false;
        bits = t->words[i];
    }
    *word = i * 64 + (size_t)__builtin_ctzll(bits);
    return true;
}

/* What was touched from this key on, in the order of the keys: `key` is where the search begins;
 * false when there is no more. Values may be 0. */
static inline bool tally_next(const struct tally *t, uint32_t *key) {
    size_t word = *key / 64;
    if (word / 64 >= t->used)
        return false;
    uint64_t bits = t->touched[word] & UINT64_MAX << *key % 64;
    if (bits == 0) {
        word++;
        if (!tally_next_word(t, &word))
            return false;
        bits = t->touched[word];
    }
    *key = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
    return true;
}

/* How many keys of [from, to) were touched; both are multiples of 64. */
size_t tally_count(const struct tally *t, uint32_t from, uint32_t to);

/* What was touched, ascending, in scratch->entries; returns how many. */
size_t tally_list(const struct tally *t, struct pane_scratch *scratch);

/* The same, and empties the tally. */
size_t tally_take(struct tally *t, struct pane_scratch *scratch);
