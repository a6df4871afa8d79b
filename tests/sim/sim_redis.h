/* The simulated Redis: hashes and sets, writes that arrive late and in another order than they were
 * sent, the guard of the view's script; down, slow, wiped, or back with what it knew before. */
#pragma once

#include "base/table.h"
#include "codec/view_fields.h"

struct sim_redis_entry {
    struct slice key;          /* owned */
    int64_t guard;             /* offset of the last writer; -1: a set, which has none */
    uint64_t session;          /* the connection that wrote it last */
    struct wire_field *fields; /* owned, one block with all that they point to */
    size_t count;
};

struct sim_redis {
    struct sim_redis_entry *entries;
    size_t count, capacity;
    struct table index;
    bool down;
    int64_t slow_ms;               /* added to each write */
    uint64_t generation;           /* connections of an older one are broken */
    uint64_t sessions;             /* connections that there were */
    bool unguarded;                /* the guard is taken out: for the tests of the tests */
    struct sim_redis_entry *saved; /* what a rewind brings back */
    size_t saved_count;
};

void sim_redis_init(struct sim_redis *r);
void sim_redis_deinit(struct sim_redis *r);

/* Runs commands in their order; true when some `meta` was not of this session. */
bool sim_redis_apply(struct sim_redis *r, uint64_t session, int64_t offset,
                     const struct wire_command *commands, size_t count);

const struct sim_redis_entry *sim_redis_find(const struct sim_redis *r, struct slice key);
/* The value of a field; an empty slice with at NULL where there is none. */
struct slice sim_redis_value(const struct sim_redis_entry *e, struct slice name);

void sim_redis_wipe(struct sim_redis *r);
void sim_redis_save(struct sim_redis *r);
void sim_redis_rewind(struct sim_redis *r);
