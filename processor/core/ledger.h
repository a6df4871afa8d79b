/* Where a fold writes what an interaction contributes: counters by pane, and facts. The same fold
 * with sign -1 takes everything back; without a delta table it changes the state in silence. */
#pragma once

#include "core/delta.h"
#include "core/fact.h"
#include "core/lifecycle.h"

/* A fact without its strings: the leaf has the contract, and that has the rule. */
struct ledger_fact {
    int64_t at, opened_at, deadline_at, elapsed_ms;
    int64_t risk_at, breach_at, ended_at; /* of the clock before this; INSTANT_NONE: not */
    uint32_t leaf;
    uint32_t instance;
    uint16_t rule;       /* index in the contract's clocks */
    uint8_t clock;       /* enum clock_kind */
    uint8_t kind;        /* enum fact_kind */
    uint8_t voided_kind; /* enum fact_kind, with FACT_VOIDED */
};

/* One agent's leg, as it stands after a change (core/effort.h). */
struct ledger_span {
    uint64_t agent;
    int64_t started_at, ended_at; /* INSTANT_NONE: open */
    uint32_t leaf;
    bool gone;
};

/* Who missed what an objective measures (core/miss.h), `count` times: 1, or -1. */
struct ledger_miss {
    int64_t at, queued_at, wait_ms;
    uint32_t leaf;
    int32_t count;
    uint8_t kind; /* enum miss_kind */
};

struct ledger_facts {
    struct ledger_fact *at; /* owned */
    size_t count, capacity;
    struct ledger_miss *misses; /* owned */
    size_t miss_count, miss_capacity;
    struct ledger_span *spans; /* owned */
    size_t span_count, span_capacity;
};

struct ledger {
    struct delta_table *deltas; /* NULL: nothing is counted and no fact kept */
    struct ledger_facts *facts;
    int32_t sign; /* +1 or -1 */
};

void ledger_facts_deinit(struct ledger_facts *f);
void ledger_facts_reset(struct ledger_facts *f); /* empty, memory kept */

/* `count` times into the counter of the pane of `at`. */
void ledger_count(struct ledger *l, uint32_t leaf, int64_t at, enum counter c, int64_t count);

/* One count into each of these counters (bits of DELTA_COUNTER, in the order of the counters), all
 * of one pane. */
void ledger_counts(struct ledger *l, uint32_t leaf, int64_t at, uint64_t counters,
                   const int64_t *counts);

void ledger_level(struct ledger *l, uint32_t leaf, int64_t at, enum attribution by,
                  size_t threshold, enum level_counter c, int32_t count);

void ledger_sample(struct ledger *l, uint32_t leaf, int64_t at, enum histogram_id h,
                   int64_t value_ms, int32_t count);

/* The same without a ledger: what was told before. */
void ledger_facts_span(struct ledger_facts *f, const struct ledger_span *span);

void ledger_fact(struct ledger *l, const struct ledger_fact *fact);

/* miss->count times the sign. */
void ledger_miss(struct ledger *l, const struct ledger_miss *miss);

/* Of each (agent, started_at) the last one stands. */
void ledger_span(struct ledger *l, const struct ledger_span *span);
