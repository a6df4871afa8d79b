#include "core/tally.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/check.h"

static size_t words_of(uint32_t key_limit) {
    return key_limit / 64 + 1;
}

void tally_init(struct tally *t, uint32_t key_limit) {
    t->values = calloc(key_limit, sizeof(*t->values));
    t->touched = calloc(words_of(key_limit), sizeof(*t->touched));
    t->words = calloc(words_of(key_limit) / 64 + 1, sizeof(*t->words));
    t->used = 0;
    CHECK(t->values && t->touched && t->words);
}

void tally_deinit(struct tally *t) {
    free(t->values);
    free(t->touched);
    free(t->words);
    *t = (struct tally){0};
}

void tally_note_word(struct tally *t, size_t word) {
    t->words[word / 64] |= UINT64_C(1) << word % 64;
    if (word / 64 >= t->used)
        t->used = word / 64 + 1;
}

static void forget_words(struct tally *t) {
    memset(t->words, 0, t->used * sizeof(*t->words));
    t->used = 0;
}

void tally_reset(struct tally *t) {
    for (size_t word = 0; tally_next_word(t, &word); word++) {
        for (uint64_t bits = t->touched[word]; bits != 0; bits &= bits - 1)
            t->values[word * 64 + (size_t)__builtin_ctzll(bits)] = 0;
        t->touched[word] = 0;
    }
    forget_words(t);
}

static void reserve(const struct tally *t, struct pane_scratch *scratch) {
    pane_scratch_reserve(scratch, tally_count(t, 0, (uint32_t)(t->used * TALLY_WORD_KEYS)));
}

size_t tally_list(const struct tally *t, struct pane_scratch *scratch) {
    size_t count = 0;
    reserve(t, scratch);
    for (uint32_t key = 0; tally_next(t, &key); key++)
        scratch->entries[count++] = (struct pane_entry){key, t->values[key]};
    return count;
}

size_t tally_take(struct tally *t, struct pane_scratch *scratch) {
    size_t count = 0;
    reserve(t, scratch);
    for (size_t word = 0; tally_next_word(t, &word); word++) {
        for (uint64_t bits = t->touched[word]; bits != 0; bits &= bits - 1) {
            uint32_t key = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
            scratch->entries[count++] = (struct pane_entry){key, t->values[key]};
            t->values[key] = 0;
        }
        t->touched[word] = 0;
    }
    forget_words(t);
    return count;
}

/* `sign` is known where it is called: there are many entries. */
static inline __attribute__((always_inline)) void add_packed(struct tally *t, struct slice packed,
                                                             int sign) {
    struct pane_reader reader = pane_read_packed(packed);
    struct pane_entry e;
    while (pane_next(&reader, &e))
        tally_add(t, e.key, sign * e.value);
}

void tally_packed(struct tally *t, struct slice packed, int sign) {
    if (sign > 0)
        add_packed(t, packed, 1);
    else
        add_packed(t, packed, -1);
}

void tally_merge(struct tally *t, const struct tally *other, int sign) {
    for (uint32_t key = 0; tally_next(other, &key); key++)
        tally_add(t, key, sign * other->values[key]);
}

size_t tally_count(const struct tally *t, uint32_t from, uint32_t to) {
    size_t count = 0;
    for (size_t word = from / 64; tally_next_word(t, &word) && word < to / 64; word++)
        count += bits_count(t->touched[word]);
    return count;
}
