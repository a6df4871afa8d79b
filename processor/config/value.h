/* Texts of settings and contracts to values: numbers, sizes, shares. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

/* A whole number in decimal digits, with a sign if negative. */
MUST_USE bool value_count(struct slice text, int64_t *count, struct err *err);

/* "8GiB", "64MiB", "500KB", "1000" (bytes). */
MUST_USE bool value_bytes(struct slice text, int64_t *bytes, struct err *err);

/* A decimal number: "0.8", "40". */
MUST_USE bool value_number(struct slice text, double *number, struct err *err);

/* "80%" or "0.8" to 0.8; outside of 0 .. 1 is refused. */
MUST_USE bool value_share(struct slice text, double *share, struct err *err);

/* yes/no, true/false, on/off. */
MUST_USE bool value_flag(struct slice text, bool *flag, struct err *err);

/* Without white space at both ends. */
struct slice value_trim(struct slice text);
