/* `clocks`: the promises about one interaction. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* Reads the list into the contract; the rules are in the arena. */
void clock_rules_read(struct reader *r, const struct tree_node *list, struct contract *c);
