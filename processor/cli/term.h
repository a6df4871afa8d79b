/* Text for a terminal: fitted into columns, harmless whatever it holds, coloured where wanted. */
#pragma once

#include "base/buf.h"

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_YELLOW, TERM_GREEN };

/* Appends the text with control characters and broken UTF-8 shown as '?': a name that a site sends
 * must not steer the terminal. */
void term_put(struct buf *b, struct slice text);

/* Exactly `columns` wide: cut with an ellipsis, or filled up on the right (left: term_put_right).
 * A character counts as one column. */
void term_put_left(struct buf *b, struct slice text, size_t columns);
void term_put_right(struct buf *b, struct slice text, size_t columns);

size_t term_width(struct slice text);
void term_spaces(struct buf *b, size_t count);

/* From here on; no effect without `colour`. */
void term_style(struct buf *b, enum term_style style, bool colour);
