/* A folder of contract files as the set of contracts of a process. */
#pragma once

#include "config/fault.h"
#include "core/contract.h"

struct contracts; /* opaque: the set and its memory */

/* Reads every *.yaml and *.yml of the folder, in the order of their names, and tells every mistake
 * in all of them. NULL when there is one. */
struct contracts *contracts_load(const char *folder, struct faults *faults);
void contracts_free(struct contracts *c);

/* Lives as long as the contracts. */
const struct contract_set *contracts_set(const struct contracts *c);
