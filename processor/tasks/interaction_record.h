/* What the interaction task keeps of each interaction, and how it finds it again. */
#pragma once

#include "base/pool.h"
#include "base/table.h"
#include "base/wheel.h"
#include "core/dead_letter.h"
#include "core/fold.h"

#define RECORD_NONE UINT32_MAX
#define RECORD_ID_INLINE 40 /* bytes; a longer id lies on the heap */
#define RECENT_FEW 4        /* moments before a tail needs memory of its own */

/* The record of an event that was impossible when it came: its dead letter may need it. */
struct kept {
    struct kept *next;
    uint64_t identity;
    int32_t revision;
    struct record_place place; /* the slices point into the same block */
};

/* An interaction that changed within the last `reorder`: what can still come out differently. */
struct recent {
    struct interaction now; /* base, tail and the time passed, folded */
    struct moment *tail;    /* sorted by event_at, then moment_compare; few, or on the heap */
    uint32_t count, capacity;
    bool plain; /* fold_instant of the tail's last instant */
    struct kept *kept;
    struct moment few[RECENT_FEW];
};

/* The ages of a leaf that an interaction can be the oldest of. */
enum gauge_kind { GAUGE_WAITING, GAUGE_OPEN, GAUGE_KINDS };

struct record {
    uint64_t hash;
    struct wheel_node timer;
    uint32_t gauge_leaf[GAUGE_KINDS];  /* LEAF_NONE: in no heap */
    uint32_t gauge_place[GAUGE_KINDS]; /* in the leaf's heap */
    uint32_t closed_prev, closed_next; /* in the list of closed ones */
    uint32_t recent;                   /* POOL_NONE: nothing changed lately */
    uint32_t tenant_leaf;              /* some leaf of its tenant */
    uint32_t id_size;
    bool closed_listed;
    bool open; /* interaction_is_open, as counted */
    union {
        char near[RECORD_ID_INLINE];
        char *far;
    } id;
    struct interaction base; /* events and deadlines that left the tail, folded */
};

struct record_store {
    struct pool records;
    struct pool recents;
    struct table index;
    struct leaf_dict *leaves;
};

void record_store_init(struct record_store *s, struct leaf_dict *leaves);
void record_store_deinit(struct record_store *s);

/* Of what an interaction is found by. */
uint64_t record_hash(struct slice tenant, struct slice id);

/* The record of (tenant, id), or RECORD_NONE. */
uint32_t record_find(const struct record_store *s, uint64_t hash, struct slice tenant,
                     struct slice id);
uint32_t record_add(struct record_store *s, uint64_t hash, uint32_t tenant_leaf, struct slice id);

/* Out of lists and wheel already. */
void record_drop(struct record_store *s, uint32_t handle);

static inline struct record *record_at(const struct record_store *s, uint32_t handle) {
    return pool_at(&s->records, handle);
}
struct slice record_id(const struct record *r);
struct slice record_tenant(const struct record_store *s, const struct record *r);

/* By (tenant, id): an order that does not depend on handles. */
int record_compare(const struct record_store *s, const struct record *a, const struct record *b);

/* NULL when nothing changed lately. */
struct recent *record_recent(const struct record_store *s, const struct record *r);
const struct interaction *record_now(const struct record_store *s, const struct record *r);

/* Begins to keep what changes: now is the base. */
struct recent *record_warm(struct record_store *s, struct record *r);

/* All of it has settled: now becomes the base. */
void record_cool(struct record_store *s, struct record *r);
