/* The bytes of one record, written and read by one and the same description. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "tasks/interaction_record.h"

/* Either `out` or `in` is there. Leaves stand in the bytes as places in a table of names. */
struct pack {
    struct buf *out;
    struct cursor *in;
    struct leaf_dict *leaves;
    uint32_t *places;    /* writing: by leaf id, the place + 1 */
    const uint32_t *ids; /* reading: by place, the leaf id */
    size_t leaf_count;
    int64_t near_at; /* instants are written as distances from here */
};

void pack_instant(struct pack *p, int64_t *at); /* INSTANT_NONE too */
void pack_number(struct pack *p, int64_t *value);
void pack_leaf(struct pack *p, uint32_t *leaf); /* LEAF_NONE too */

/* A clock whose rule the contract no longer has is read as off. */
void pack_interaction(struct pack *p, struct interaction *i);
void pack_moment(struct pack *p, struct moment *m);

/* Slices are views when read. */
void pack_place(struct pack *p, struct record_place *place);
