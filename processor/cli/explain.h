/* `floorwalker check --explain`: which clocks and objectives apply to an interaction, and why. */
#pragma once

#include <stdio.h>

#include "core/contract.h"

/* The fields of an InteractionEvent that decide, from a JSON file: tenant_id, vendor_id, site_id,
 * queue_id, channel, priority, direction; others are ignored. Prints to `out`; false when the file
 * cannot be read, with the reason in err. */
MUST_USE bool explain_file(const char *path, const struct contract_set *contracts, FILE *out,
                           struct err *err);
