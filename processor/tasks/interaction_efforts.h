/* The legs of agents who may have several at a time: told as they stand, and taken back where what
 * was told is not so. */
#pragma once

#include "core/ledger.h"
#include "tasks/interaction_record.h"

struct interaction_task;
struct outbox;

/* What the base has told, before anything of the tail is folded. */
void efforts_begin(struct ledger_facts *facts, const struct interaction *base);

void efforts_tell(const struct interaction_task *t, const struct record *r,
                  const struct ledger_facts *holds, struct outbox *out);

/* `before` was told, `after` holds: what is missing is gone, what is other is told. */
void efforts_correct(const struct interaction_task *t, const struct record *r,
                     const struct ledger_facts *before, const struct ledger_facts *after,
                     struct outbox *out);
