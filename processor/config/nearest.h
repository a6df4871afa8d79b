/* The known word that a mistyped one was probably meant to be. */
#pragma once

#include "base/slice.h"

/* Walks the known words: NULL at the end. */
typedef const char *nearest_word_fn(const void *context, size_t index);

/* The known word with the least edit distance (Damerau, with neighbours exchanged), or NULL when
 * none is near: more than a third of the letters would have to change. */
const char *nearest_word(struct slice word, nearest_word_fn *known, const void *context);
