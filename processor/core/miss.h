/* An interaction that missed what an objective measures, by name: so that an alert can show some.
 * */
#pragma once

#include "core/contract.h"

/* X(symbol, meaning) */
#define MISS_KINDS(X)                                                                              \
    X(LATE, "still waiting when T passed")                                                         \
    X(ABANDONED, "abandoned, and not at once")                                                     \
    X(CLOCK, "an SLA clock ended too late")

#define MISS_ENUM(symbol, meaning) MISS_##symbol,
enum miss_kind { MISS_KINDS(MISS_ENUM) MISS_KIND_COUNT };

struct miss {
    uint32_t leaf;
    struct slice interaction_id;
    enum miss_kind kind;
    bool gone;         /* it was told, and is not so */
    int64_t at;        /* when it counted */
    int64_t queued_at; /* of the visit; INSTANT_NONE: it is no visit's */
    int64_t wait_ms;   /* LATE: T; ABANDONED: the wait */
};

/* The objective counts it as a miss, where T is within_ms. */
bool miss_is_of(const struct miss *miss, const struct objective *objective, int64_t within_ms);

/* Some objective that covers the leaf does. */
bool miss_is_wanted(const struct miss *miss, const struct leaf *leaf);
