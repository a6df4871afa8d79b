/* What a history's world is like, drawn from its seed. Spans are short, so that much happens in
 * little time. */
#pragma once

#include "sim_broker.h"

#define SIM_START INT64_C(1700000000000) /* a multiple of every pane */
#define SIM_REORDER_MS 25000 /* more than disorder, repeats and broker clocks together */
#define SIM_LATENESS_MS 120000
#define SIM_MAX_SKEW_MS 5000
#define SIM_GRACE_MS 500

/* The guards that can be taken out, to see that something notices. */
#define SIM_GUARDS(X)                                                                              \
    X(NONE, "none", "all guards are there")                                                        \
    X(OFFSETS, "offsets", "offsets are committed beside the transaction, not in it")               \
    X(OWNERSHIP, "ownership", "a revocation does not wait for what was applied to be committed")   \
    X(SAME_OWNERS, "same-owners", "a refused epoch is tried again whatever happened meanwhile")    \
    X(GENERATION, "generation", "a commit without a generation is sent")                           \
    X(FRESH_GROUP, "fresh-group", "the group's metadata is that of the first cut")                 \
    X(VIEW_GUARD, "view-guard", "the view's scripts look at no guard")

#define SIM_GUARD_ENUM(symbol, name, meaning) SIM_GUARD_##symbol,
enum sim_guard { SIM_GUARDS(SIM_GUARD_ENUM) SIM_GUARD_COUNT };

struct sim_settings {
    uint64_t seed;
    int32_t partitions[INPUT_COUNT];
    int processes;
    int64_t step_ms; /* of the world */
    int64_t span_ms; /* while there is load and while there are faults */
    int64_t commit_interval_ms, view_interval_ms, snapshot_interval_ms, tick_interval_ms;
    int64_t session_timeout_ms, txn_timeout_ms, heartbeat_ms;
    int64_t slowest_ms; /* of each step of a commit */
    bool publish_all;
    bool changes;   /* contracts change: without disorder, for a change folds what has come */
    bool gaps;      /* retention takes records: then the story is not what can be counted */
    bool has_redis; /* else the view is never ready, which is cheap */
    enum sim_guard without; /* the guard that is taken out */
};
