/* What a backtest found, as tables for a person. */
#pragma once

#include "cli/backtest_lines.h"

/* Appends the tables. */
void backtest_table_put(const struct backtest_outcome *outcome, struct buf *out);
