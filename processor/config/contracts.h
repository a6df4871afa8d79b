/* A folder of contract files as the set of contracts of a process. */
#pragma once

#include "config/fault.h"
#include "core/contract.h"

/* Reads every *.yaml and *.yml of the folder, in the order of their names, and tells every mistake
 * in all of them. NULL when there is one. What the set consists of belongs to it. */
struct contract_set *contracts_load(const char *folder, struct faults *faults);
void contracts_free(struct contract_set *set);
