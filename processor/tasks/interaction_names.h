/* The leaves that a task's records name, in the order in which they were first named. Packed bytes
 * hold places in this list: they mean the same in every process, which ids of leaves do not. */
#pragma once

#include "base/check.h"
#include "base/table.h"
#include "core/leaf.h"

struct names {
    const struct leaf_dict *dict;
    uint32_t *leaves; /* by place: the leaf's id */
    uint32_t *firsts; /* by place: the place of the first leaf of the same tenant */
    uint32_t count, capacity;
    struct table tenants; /* to the place of a tenant's first leaf */
    uint32_t *places;     /* by leaf id: its place + 1; 0: none */
    uint32_t place_count;
};

void names_init(struct names *n, const struct leaf_dict *dict);
void names_deinit(struct names *n);

/* The leaf's place, a new one if it has none. */
uint32_t names_place(struct names *n, uint32_t leaf);

/* The place of a leaf that has one. */
static inline uint32_t names_known_place(const struct names *n, uint32_t leaf) {
    CHECK(leaf < n->place_count && n->places[leaf] > 0);
    return n->places[leaf] - 1;
}

/* The next place, for a leaf that may have one already: for loading. */
void names_add(struct names *n, uint32_t leaf);

/* The leaves have other ids, in another dictionary: by place. The names are the same. */
void names_rename(struct names *n, const struct leaf_dict *dict, const uint32_t *leaves);

static inline bool names_is_first(const struct names *n, uint32_t place) {
    return n->firsts[place] == place;
}

/* The leaf at a place that exists. */
static inline uint32_t names_leaf(const struct names *n, uint32_t place) {
    CHECK(place < n->count);
    return n->leaves[place];
}
