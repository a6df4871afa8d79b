/* A contract's `when`: which visits or interactions a rule is for. */
#pragma once

#include "core/leaf.h"
#include "core/scope.h"

/* Values that a dimension may have; count 0: any. */
struct match_values {
    struct slice *values; /* owned by the contract */
    size_t count;
};

struct match {
    struct match_values vendor, site, queue;
    uint32_t channels;   /* bits of 1 << enum channel; 0: any */
    uint32_t priorities; /* bits of 1 << enum priority; 0: any */
    uint32_t directions; /* bits of 1 << enum direction; 0: any */
};

bool match_leaf(const struct match *m, const struct leaf *leaf);

/* The same at any priority and in any queue. */
bool match_leaf_anywhere(const struct match *m, const struct leaf *leaf);

/* The first dimension by which the leaf does not fit, or NULL: it fits. */
const char *match_miss(const struct match *m, const struct leaf *leaf);

bool match_equal(const struct match *a, const struct match *b);

/* False only when the scope fixes a dimension to a value that the match leaves out. */
bool match_covers_scope(const struct match *m, const struct scope *s);
