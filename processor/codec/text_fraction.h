/* Numbers that are no integers, as text. */
#pragma once

#include "base/buf.h"

/* Puts what text_put_double says of a number that is no integer, in whole numbers: the same digits
 * as the C library's, in a tenth of the time. False: it is outside [0.001, 10^15), nothing was
 * put. */
bool text_put_fraction(struct buf *b, double value);
