/* What a figure is about: some of vendor, site, queue, channel, priority, agent fixed. */
#pragma once

#include "base/buf.h"
#include "core/leaf.h"

/* X(symbol, name): the order is that of the names in Redis. */
#define SCOPE_DIMENSIONS(X)                                                                        \
    X(VENDOR, "vendor") X(SITE, "site") X(QUEUE, "queue") X(CHANNEL, "channel")                    \
    X(PRIORITY, "priority") X(AGENT, "agent")

#define SCOPE_ENUM(symbol, name) SCOPE_##symbol,
enum scope_dimension { SCOPE_DIMENSIONS(SCOPE_ENUM) SCOPE_DIMENSION_COUNT };

#define SCOPE_BIT(dimension) (1u << (dimension))

/* Which dimensions are fixed, and to what. Values are views; enum values in lower case. */
struct scope {
    uint32_t mask; /* of SCOPE_BIT */
    struct slice values[SCOPE_DIMENSION_COUNT];
};

/* The scope of `mask` that this leaf counts in. */
struct scope scope_of_leaf(const struct leaf *leaf, uint32_t mask);

/* The scope of a site; of all where it is empty. */
struct scope scope_of_site(struct slice site);

/* "all", or "site=main/queue=PS": percent-encoded as CONTRACT *Redis* says. Appends to b. */
void scope_format(const struct scope *s, struct buf *b);

/* One value (or a tenant) percent-encoded as there. Appends to b. */
void scope_encode(struct slice value, struct buf *b);

/* "queue" to SCOPE_QUEUE; false when there is no such dimension. */
bool scope_parse_dimension(struct slice name, enum scope_dimension *dimension);

bool scope_equal(const struct scope *a, const struct scope *b);
uint64_t scope_hash(const struct scope *s, uint64_t seed);
int scope_compare(const struct scope *a, const struct scope *b); /* by mask, then values */
