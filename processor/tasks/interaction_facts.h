/* Facts on their way out: with names, without repeats, and taken back when they never were. */
#pragma once

#include "core/ledger.h"
#include "core/outbox.h"

/* Everything that became true, in its order; of several warnings of one clock the last. */
void facts_tell(const struct ledger_facts *facts, const struct leaf_dict *leaves,
                struct slice interaction_id, struct outbox *out);

/* The same with the rules and the name of this contract instead of the leaf's. */
void facts_tell_under(const struct ledger_facts *facts, const struct contract *contract,
                      struct slice interaction_id, struct outbox *out);

/* `before` was told; `after` is what holds. Tells the difference. */
void facts_correct(const struct ledger_facts *before, const struct ledger_facts *after,
                   const struct leaf_dict *leaves, struct slice interaction_id, struct outbox *out);
