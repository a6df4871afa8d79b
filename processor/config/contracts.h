/* A folder of contract files as the set of contracts of a process; or their texts, as they were
 * published once. */
#pragma once

#include "config/fault.h"
#include "core/contract.h"

/* A contract as somebody wrote it. */
struct contract_text {
    struct slice name; /* of the file; NUL-terminated */
    struct slice text;
};

/* Reads every *.yaml and *.yml of the folder, in the order of their names, and tells every mistake
 * in all of them. NULL when there is one. What the set consists of belongs to it. */
struct contract_set *contracts_load(const char *folder, struct faults *faults);

/* The same from texts, which are copied. */
struct contract_set *contracts_parse(const struct contract_text *texts, size_t count,
                                     struct faults *faults);
void contracts_free(struct contract_set *set);

/* What the set was made from: one text for each of its contracts, in their order. The names are
 * those of the files, without folders. */
const struct contract_text *contracts_texts(const struct contract_set *set);
