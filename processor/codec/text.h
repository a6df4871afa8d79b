/* Numbers and strings as people and JSON readers expect them. */
#pragma once

#include "base/buf.h"

/* The shortest decimal that reads back as the same double; NaN and infinities are "null". */
void text_put_double(struct buf *b, double value);

/* A JSON string with its quotes; bytes that are not UTF-8 become '?'. */
void text_put_json(struct buf *b, struct slice text);

static inline void text_put(struct buf *b, const char *text) {
    buf_put(b, text, strlen(text));
}
