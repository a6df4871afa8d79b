/* What each rule says well by itself and the contract cannot mean as a whole: a clock that never
 * applies, two objectives of one figure that say the same, or that cannot both be kept. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* `root` is what `c` was read from, without a fault. */
void contradictions_check(struct reader *r, const struct tree_node *root, const struct contract *c);
