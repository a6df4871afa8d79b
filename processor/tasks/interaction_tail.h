/* The tail of an interaction: its events of the last `reorder`, in the order of event time. */
#pragma once

#include "tasks/interaction_record.h"

#define TAIL_NONE UINT32_MAX

/* The event with this identity, or TAIL_NONE. */
uint32_t tail_find(const struct recent *n, uint64_t identity);

/* True when the event belongs at the end and folding it there is the same as folding all anew. */
bool tail_is_next(const struct recent *n, const struct moment *m);

/* Puts it where it belongs; the tail must have fewer than MOMENTS_MAX. Returns its place. */
uint32_t tail_insert(struct recent *n, const struct moment *m);
void tail_remove(struct recent *n, uint32_t place);

/* The first `count` leave. */
void tail_remove_first(struct recent *n, uint32_t count);

/* How many of the first events have the first one's instant. */
uint32_t tail_first_instant(const struct recent *n);

/* Keeps the record of an impossible event. */
void tail_keep(struct recent *n, const struct moment *m, const struct record_place *place);

/* Takes what was kept of an event out of the tail, or NULL; the caller frees it. */
struct kept *tail_take_kept(struct recent *n, const struct moment *m);
