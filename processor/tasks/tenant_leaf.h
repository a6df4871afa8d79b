/* The finest scope, and what its rows are added to. */
#pragma once

#include "core/leaf.h"

struct tenant;

/* Pointers in an order that the owner keeps. */
struct tenant_array {
    void **items;
    size_t count, capacity;
};

void tenant_array_insert(struct tenant_array *a, size_t index, void *item);
void tenant_array_deinit(struct tenant_array *a);

/* The oldest that wait and are open, by one source partition. */
struct tenant_age {
    int32_t partition;
    int64_t oldest_waiting_at, oldest_open_at; /* INSTANT_NONE: nobody, nothing */
};

struct tenant_leaf {
    struct leaf leaf; /* names owned, in one block that begins with the tenant's */
    struct tenant *tenant;
    uint32_t number;                                       /* its place in the task's leaves */
    struct tenant_array scopes, rules, demands, forecasts; /* borrowed */
    struct tenant_array members; /* borrowed: its part in each of rules; NULL: none */
    struct tenant_age *ages;     /* by partition */
    size_t age_count;
};
