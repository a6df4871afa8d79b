/* The oldest waiting and the oldest open of each leaf without reason. No part of the task's state,
 * but made from it. Reasons are left out because an age stands until its leaf is told another one,
 * and in the next process the reason may have no leaf.
 *
 * Only the least of many instants is asked for, so nobody needs to know whose it is. Nearly all
 * come in order: of each leaf there is a line of these, where one that goes is found by halving.
 * For the others there is a heap of the instants that came and one of those that went, and what is
 * on top of both has gone.
 */
#pragma once

#include "core/gauge.h"
#include "core/interaction.h"

/* The ages of a leaf that an interaction can be the oldest of. */
enum gauge_kind { GAUGE_WAITING, GAUGE_OPEN, GAUGE_KINDS };

/* Where an interaction counts, under its reason, and since when. */
struct gauge_standing {
    uint32_t leaf[GAUGE_KINDS]; /* LEAF_NONE: nowhere */
    int64_t at[GAUGE_KINDS];
};

/* A binary heap, the least first. */
struct gauge_heap {
    int64_t *at; /* owned */
    uint32_t count, capacity;
};

/* Of one instant: how many that came then are still there. */
struct gauge_instant {
    int64_t at;
    uint32_t count;
};

/* Instants in order, each once. Where any is left, the first one has a count. */
struct gauge_line {
    struct gauge_instant *at; /* owned */
    uint32_t first, end, capacity;
    uint32_t empty; /* between the first and the end, how many have a count of 0 */
};

struct gauge_ages {
    struct gauge_line line;
    struct gauge_heap came, went;
    int64_t told_at; /* INSTANT_NONE: none */
};

struct gauge_leaf {
    struct gauge_ages ages[GAUGE_KINDS];
    bool changed; /* stands in the list of those */
};

struct gauges {
    struct leaf_dict *leaf_dict;
    struct gauge_leaf *leaves; /* by leaf id */
    size_t leaf_capacity;
    uint32_t *changed; /* leaf ids */
    size_t changed_count, changed_capacity;
    struct gauge *out; /* what was handed over last */
    size_t out_capacity;
};

void gauges_init(struct gauges *g, struct leaf_dict *leaves);
void gauges_deinit(struct gauges *g);

/* Of an interaction as it is now; nowhere: of one that is not there yet. */
struct gauge_standing gauges_standing(const struct interaction *now);
struct gauge_standing gauges_nowhere(void);

void gauges_move(struct gauges *g, const struct gauge_standing *from,
                 const struct gauge_standing *to);

/* Some age of the leaf was handed over and stands, or somebody is there. */
bool gauges_knows(const struct gauges *g, uint32_t leaf);

/* Leaves have other ids, in another dictionary: that of `was` is ids[was], or LEAF_NONE where it is
 * in no use. */
void gauges_rename(struct gauges *g, struct leaf_dict *leaves, const uint32_t *ids, size_t count);

/* Those that differ from what was handed over before, in the order of their names. */
size_t gauges_take(struct gauges *g, const struct gauge **out);
