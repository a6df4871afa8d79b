/* What GROUP.contracts holds: sets of contracts by the names of their manifests. Those of the files
 * come into it before they are used; of two sets the one that was published later is in force. */
#pragma once

#include "codec/manifest.h"
#include "config/contracts.h"
#include "engine/ports.h"
#include "io/kafka_contracts.h"

struct shell_contracts; /* opaque */

struct shell_contracts *shell_contracts_new(struct note_port note);
void shell_contracts_free(struct shell_contracts *c);

/* A record of the topic; what is damaged or not ours has no effect. */
void shell_contracts_add(struct shell_contracts *c, struct slice key, struct slice value);

/* False with the reason when a version of these contracts is below one that was in force. */
MUST_USE bool shell_contracts_check(const struct shell_contracts *c, const struct contract_set *own,
                                    struct err *err);

/* The name of their manifest, and the records that must be written before they are used: none when
 * it is the newest already. */
void shell_contracts_prepare(struct shell_contracts *c, const struct contract_set *own,
                             struct kafka_contract_list *missing, char name[MANIFEST_HASH + 1]);

/* The manifest is there now, and this is what it says; `own` outlives `c`. */
void shell_contracts_use(struct shell_contracts *c, const char *name,
                         const struct contract_set *own);

/* Freed with `c`. */
void shell_contracts_keep(struct shell_contracts *c, struct contract_set *set);

/* The names of all that is known, NULL at the end; valid until the next call. */
const char *const *shell_contracts_names(struct shell_contracts *c);

struct contracts_port shell_contracts_port(struct shell_contracts *c);
