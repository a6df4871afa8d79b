/* The Parsing Canonical Form of Avro schemas, and the fingerprint of single-object encoding. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "codec/schema_tree.h"

/* Appends the canonical form: equal for all texts that are read alike. */
void canonical_put(const struct schema_tree *tree, struct buf *out);

/* CRC-64-AVRO of the canonical form of a schema's JSON. */
MUST_USE bool canonical_fingerprint(struct slice json, uint64_t *fingerprint, struct err *err);
