/* The oldest waiting and the oldest open of each leaf: a heap by time for either. No part of the
 * task's state, but made from it. */
#pragma once

#include "core/gauge.h"
#include "tasks/interaction_record.h"

struct gauge_entry {
    int64_t at;
    uint32_t handle;
};

/* A binary heap, the oldest first; each record knows its place. */
struct gauge_heap {
    struct gauge_entry *entries; /* owned */
    uint32_t count, capacity;
};

struct gauge_leaf {
    struct gauge_heap heaps[GAUGE_KINDS];
    int64_t told_at[GAUGE_KINDS]; /* INSTANT_NONE: none */
    bool changed;                 /* stands in the list of those */
};

struct gauges {
    struct record_store *store;
    struct gauge_leaf *leaves; /* by leaf id */
    size_t leaf_capacity;
    uint32_t *changed; /* leaf ids */
    size_t changed_count, changed_capacity;
    struct gauge *out; /* what was handed over last */
    size_t out_capacity;
};

void gauges_init(struct gauges *g, struct record_store *store);
void gauges_deinit(struct gauges *g);

/* The record's state may have changed: it stands where it belongs. */
void gauges_update(struct gauges *g, uint32_t handle);

/* Out of all heaps. */
void gauges_remove(struct gauges *g, uint32_t handle);

/* Those that differ from what was handed over before, in the order of their names. */
size_t gauges_take(struct gauges *g, const struct gauge **out);
