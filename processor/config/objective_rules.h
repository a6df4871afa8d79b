/* `objectives`: the promises about many interactions. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* Reads the list into the contract, whose clocks must have been read: they may give the threshold
 * of a service level. The rules are in the arena. */
void objective_rules_read(struct reader *r, const struct tree_node *list, struct contract *c);
