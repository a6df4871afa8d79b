/* `alerts` and `feeds`: a tenant's noise, and when a site counts as silent. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

void alerts_keys_read(struct reader *r, const struct tree_node *map, struct contract *c);
void alerts_keys_read_feeds(struct reader *r, const struct tree_node *map, struct contract *c);
