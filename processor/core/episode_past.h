/* Keys whose episode has ended: so that a key can stay silent for a while, and so that an episode
 * that is said again after it was taken back gets an id of its own. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "base/instant.h"
#include "base/pool.h"
#include "base/table.h"

/* 128 bits of the key. */
struct episode_print {
    uint64_t high, low;
};

struct episode_print episode_print_of(struct slice key);

struct past_key {
    struct episode_print print;
    int64_t noted_at;    /* clock when it was last noted */
    int64_t silent_from; /* end of the last episode with a `quiet` after it; INSTANT_NONE */
    uint32_t voids;      /* episodes taken back */
};

/* At most `limit` keys; beyond it the older half is forgotten and counted. */
struct episode_past {
    struct pool pool; /* of struct past_key */
    struct table table;
    uint32_t limit;
    uint64_t forgotten;
};

void episode_past_init(struct episode_past *p, uint32_t limit);
void episode_past_deinit(struct episode_past *p);

/* NULL: nothing is remembered. Valid until the next change. */
const struct past_key *episode_past_find(const struct episode_past *p, struct slice key);

/* An episode of this key has ended, at `clock` by the tenant: the key's silence begins, or the
 * episode was taken back. */
void episode_past_silence(struct episode_past *p, struct slice key, int64_t clock, int64_t from);
void episode_past_void(struct episode_past *p, struct slice key, int64_t clock);

/* Forgets what was noted before `at`. */
void episode_past_forget(struct episode_past *p, int64_t at);

/* Canonical bytes: sorted by print. */
void episode_past_save(const struct episode_past *p, struct buf *b);
void episode_past_load(struct episode_past *p, struct cursor *c); /* into one just made */
