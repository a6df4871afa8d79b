/* No visit may have to be counted for more service-level thresholds than a leaf has room for. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* Tells a fault with an example of such a visit. */
void thresholds_check(struct reader *r, int line, const struct contract *c);
