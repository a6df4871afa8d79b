#include "config/nearest.h"

#define LETTERS_MAX 48 /* longer words are compared by their beginnings */

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, change one letter, or exchange two neighbours. */
static size_t distance(struct slice a, struct slice b) {
    size_t rows[3][LETTERS_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= b.size; j++)
        above[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t change = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, change);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b.size];
}

const char *nearest_word(struct slice word, nearest_word_fn *known, const void *context) {
    word.size = least(word.size, LETTERS_MAX);
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    const char *candidate;
    for (size_t i = 0; (candidate = known(context, i)) != NULL; i++) {
        struct slice letters = slice_of(candidate);
        letters.size = least(letters.size, LETTERS_MAX);
        size_t found = distance(word, letters);
        size_t longer = word.size > letters.size ? word.size : letters.size;
        if (found < best_distance && found * 3 <= longer + 2) {
            best = candidate;
            best_distance = found;
        }
    }
    return best;
}
