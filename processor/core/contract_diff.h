/* What one contract says otherwise than another, as a sentence for a person. */
#pragma once

#include "base/buf.h"
#include "core/contract.h"

/* "version 3 in place of 2: clock answer changed, objective level added", appended. Of many changes
 * the first CONTRACT_DIFF_MAX are named. */
#define CONTRACT_DIFF_MAX 50
void contract_diff(const struct contract *was, const struct contract *now, struct buf *b);

/* Under both sets every interaction does the same and is counted alike, but for the T of service
 * levels: they differ in objectives, demand and alerts at most. */
bool contract_set_counts_alike(const struct contract_set *a, const struct contract_set *b);
