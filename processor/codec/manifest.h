/* The set of contracts in force, as a record of GROUP.contracts: which texts, under which tz data.
 * Its name is a hash of what it says; the texts stand beside it under hashes of theirs. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define MANIFEST_HASH 32 /* hexadecimal digits */
#define MANIFEST_CONTRACTS_MAX 100000

struct manifest_contract {
    char hash[MANIFEST_HASH + 1]; /* of the text */
    int32_t version;
    struct slice tenant, file; /* percent-encoded */
};

struct manifest {
    uint64_t generation; /* 1 ..: of two manifests the one with the higher is in force */
    struct slice tz;     /* version of the tz data */
    struct manifest_contract *contracts; /* owned by whoever made it */
    size_t count;
};

/* Of a text, or of what a manifest says: NUL-terminated. */
void manifest_hash(struct slice text, char hash[MANIFEST_HASH + 1]);

/* "contract/HASH" or "manifest/NAME", appended. */
void manifest_put_contract_key(const char *hash, struct buf *key);
void manifest_put_key(const char *name, struct buf *key);

/* True when the key is one of those; *hash is a view into it. */
bool manifest_is_contract(struct slice key, struct slice *hash);
bool manifest_is_manifest(struct slice key, struct slice *name);

/* The record's value, appended, and its name, which does not depend on the generation. */
void manifest_put(const struct manifest *m, struct buf *value);
void manifest_name(const struct manifest *m, char name[MANIFEST_HASH + 1]);

/* Slices are views into the text; `contracts` is to be freed by manifest_deinit, even on false. */
MUST_USE bool manifest_read(struct slice text, struct manifest *m, struct err *err);
void manifest_deinit(struct manifest *m);
