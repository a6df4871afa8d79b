/* Who missed what an objective measures: told by name, and taken back where it is not so. */
#pragma once

#include "core/ledger.h"
#include "core/outbox.h"

void misses_tell(const struct ledger_facts *holds, const struct leaf_dict *leaves,
                 struct slice interaction_id, struct outbox *out);

/* `before` was told, `after` holds: what is in both was told already. Both lose what they share. */
void misses_correct(struct ledger_facts *before, struct ledger_facts *after,
                    const struct leaf_dict *leaves, struct slice interaction_id,
                    struct outbox *out);
