/* The tail of an interaction: its events of the last `reorder`, in the order of event time. */
#pragma once

#include "tasks/interaction_record.h"

/* The words of the moment with this identity, or NULL. */
const uint64_t *tail_find(const struct record_store *s, const struct recent *n, uint64_t identity);

/* The leaf that the last event said. */
uint32_t tail_last_leaf(const struct record_store *s, const struct recent *n);

/* True when the event belongs at the end and folding it there is the same as folding all anew. */
bool tail_is_next(const struct record_store *s, const struct recent *n, const struct moment *m);

/* Puts it at the end; the tail must have fewer than MOMENTS_MAX. */
void tail_append(struct record_store *s, struct recent *n, const struct moment *m);

/* All of it, in and out of an array of MOMENTS_MAX. */
uint32_t tail_read(const struct record_store *s, const struct recent *n, struct moment *moments);
void tail_write(struct record_store *s, struct recent *n, const struct moment *moments,
                uint32_t count);

/* Into a sorted array with room for one more. Returns its place. */
uint32_t moments_insert(struct moment *moments, uint32_t count, const struct moment *m);

/* How many of the first have the first one's instant. */
uint32_t moments_first_instant(const struct moment *moments, uint32_t count);

/* The first `count` leave. */
void tail_remove_first(struct record_store *s, struct recent *n, uint32_t count);

/* Keeps the record of an impossible event. */
void tail_keep(struct recent *n, const struct moment *m, const struct record_place *place);

/* Takes what was kept of an event out of the tail, or NULL; the caller frees it. */
struct kept *tail_take_kept(struct recent *n, const struct moment *m);
