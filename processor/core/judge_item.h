/* ITEM_AT_RISK and ITEM_BREACH: the facts of the source tasks made into episodes. */
#pragma once

#include "core/judge.h"
#include "core/report.h"

/* One fact, in the order in which facts came. `leaf` is the fact's, from the same report. AT_RISK
 * opens or updates, BREACHED resolves the at-risk and opens, ENDED resolves, VOIDED voids. */
void judge_item_fact(const struct judge_context *ctx, const struct fact *fact,
                     const struct report_leaf *leaf);
