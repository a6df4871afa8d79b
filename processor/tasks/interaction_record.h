/* What the interaction task keeps of each interaction, and how it finds it again. */
#pragma once

#include "base/slab.h"
#include "base/table.h"
#include "base/wheel.h"
#include "core/dead_letter.h"
#include "core/fold.h"
#include "tasks/interaction_pack.h"

#define RECORD_NONE UINT32_MAX

/* The record of an event that was impossible when it came: its dead letter may need it. */
struct kept {
    struct kept *next;
    uint64_t identity;
    int32_t revision;
    struct record_place place; /* the slices point into the same block */
};

/* An interaction that changed within the last `reorder`: what can still come out differently. */
struct recent {
    int64_t base_next_at;      /* when time next changes the base; INSTANT_MAX: never */
    int64_t next_at;           /* when time next changes what is now; INSTANT_MAX: never */
    int64_t first_at, last_at; /* of the tail, unless it is empty */
    struct kept *kept;
    uint32_t tail;        /* slab: packed moments, sorted by event_at, then moment_compare */
    uint16_t words, last; /* of the tail; the word at which the last moment begins */
    uint16_t count;
    bool plain;      /* fold_instant of the tail's last instant */
    bool impossible; /* some moment of the tail is */
    /* Base, tail and the time passed, folded; in memory for as many clocks as any contract asks
     * for. */
    struct interaction now;
};

enum record_form {
    RECORD_COLD,
    RECORD_WARM,   /* has a recent */
    RECORD_CLOSED, /* cold, and in the list of those that are forgotten in order */
    RECORD_KEPT,   /* cold, and in the list of the other closed ones */
};

/* Small, because there are very many that nothing happens to. */
struct record {
    struct wheel_node timer;
    union {
        uint32_t recent;
        struct {
            uint32_t prev, next;
        } closed;
    } as;
    uint32_t body; /* slab: its names, and what was folded of it: see record_read */
    uint16_t body_size;
    uint8_t form;  /* enum record_form */
    bool unpacked; /* the body has the base as it is in memory */
};

struct record_store {
    struct pool records;
    struct pool recents;
    struct slab bytes;
    struct table index;
    struct names names;
    struct leaf_dict *leaves;
    uint8_t tracks; /* of every interaction */
};

void record_store_init(struct record_store *s, struct leaf_dict *leaves);
void record_store_deinit(struct record_store *s);

/* The leaves are of other contracts, which may ask for more clocks. */
void record_store_set_leaves(struct record_store *s, struct leaf_dict *leaves);

/* Of a store that is empty: so many will come. */
void record_store_expect(struct record_store *s, size_t count);

/* Of what an interaction is found by. */
uint64_t record_hash(struct slice tenant, struct slice id);

/* The record of (tenant, id), or RECORD_NONE. */
uint32_t record_find(const struct record_store *s, uint64_t hash, struct slice tenant,
                     struct slice id);

/* A new interaction, cold. The leaf is some leaf of its tenant. */
uint32_t record_add(struct record_store *s, uint64_t hash, uint32_t tenant_leaf, struct slice id);

/* The same from the bytes that record_packed gave. */
uint32_t record_add_body(struct record_store *s, uint64_t hash, struct slice body);

/* Out of lists and wheel already; the hash is that of its name. */
void record_drop(struct record_store *s, uint32_t handle, uint64_t hash);

static inline struct record *record_at(const struct record_store *s, uint32_t handle) {
    return pool_at(&s->records, handle);
}

/* What a body holds. */
struct record_names {
    struct slice id; /* a view */
    uint32_t tenant_leaf;
};

struct record_names record_names(const struct record_store *s, const struct record *r);
struct slice record_id(const struct record_store *s, const struct record *r);
struct slice record_tenant(const struct record_store *s, const struct record *r);
struct packed_head record_head(const struct record_store *s, const struct record *r);

/* As it is saved; `scratch`, where it may lie, has RECORD_PACKED_MAX bytes. */
#define RECORD_PACKED_MAX (EVENT_TEXT_MAX + 2 * 5 + PACKED_INTERACTION_MAX)
struct slice record_packed(const struct record_store *s, const struct record *r, char *scratch);

/* The base: events and deadlines that left the tail, folded. */
void record_read(const struct record_store *s, const struct record *r, struct interaction *base);
void record_write(struct record_store *s, struct record *r, const struct interaction *base);

/* From here on its body holds no id of a leaf. */
void record_pack(struct record_store *s, struct record *r);

/* By (tenant, id): an order that does not depend on handles. */
int record_compare(const struct record_store *s, const struct record *a, const struct record *b);

static inline bool record_is_warm(const struct record *r) {
    return r->form == RECORD_WARM;
}

/* Brings near what an event of it will touch: where nothing of it is in the cache, its lines come
 * side by side instead of one after the other. */
void record_prefetch(const struct record_store *s, const struct record *r);

/* The same, for all that will be looked up by these hashes. */
#define RECORD_EXPECT_MAX 32u
void record_expect(const struct record_store *s, const uint64_t *hashes, size_t count);

/* Of one that is warm. */
static inline struct recent *record_recent(const struct record_store *s, const struct record *r) {
    CHECK(record_is_warm(r));
    return pool_at(&s->recents, r->as.recent);
}

/* Begins to keep what changes of one that is cold: now is the base. */
struct recent *record_begin(struct record_store *s, struct record *r);

static inline struct recent *record_warm(struct record_store *s, struct record *r) {
    return record_is_warm(r) ? record_recent(s, r) : record_begin(s, r);
}

/* After what is now has changed. */
static inline void recent_look_ahead(const struct record_store *s, struct recent *n) {
    struct fold fold = {.leaves = s->leaves};
    n->next_at = n->now.phase == PHASE_NEW ? INSTANT_MAX : fold_next_at(&fold, &n->now);
}

/* Of the base that is given, after it has changed. */
void recent_look(const struct record_store *s, struct recent *n, const struct interaction *base);

/* All of it has settled; the base stands. */
void record_cool(struct record_store *s, struct record *r);
