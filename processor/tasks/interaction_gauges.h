/* The oldest waiting and the oldest open of each leaf: lists in the order of time. No part of the
 * task's state, but made from it. */
#pragma once

#include "core/gauge.h"
#include "tasks/interaction_record.h"

struct gauge_leaf {
    uint32_t waiting_first, waiting_last; /* RECORD_NONE: empty */
    uint32_t open_first, open_last;
    int64_t told_waiting_at, told_open_at; /* INSTANT_NONE: none */
    bool changed;                          /* stands in the list of those */
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

/* Out of all lists. */
void gauges_remove(struct gauges *g, uint32_t handle);

/* Those that differ from what was handed over before, in the order of their names. */
size_t gauges_take(struct gauges *g, const struct gauge **out);
