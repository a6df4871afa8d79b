/* What one contract says otherwise than another, as a sentence for a person. */
#pragma once

#include "base/buf.h"
#include "core/contract.h"

/* "version 3 in place of 2: clock answer changed, objective level added", appended. Of many changes
 * the first CONTRACT_DIFF_MAX are named. */
#define CONTRACT_DIFF_MAX 50
void contract_diff(const struct contract *was, const struct contract *now, struct buf *b);
