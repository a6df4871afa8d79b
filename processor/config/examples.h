/* `examples` of a contract: cases that both sides signed, run like unit tests when it is read. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

#define EXAMPLE_EVENTS_MAX 64

/* Tells each expectation that the contract does not meet, with what it gives instead. The rest of
 * the contract must have been read. */
void examples_read(struct reader *r, const struct tree_node *list, const struct contract *c);
