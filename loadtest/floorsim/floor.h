/* The simulation itself: contacts arrive, wait for an agent or lose patience, are served, held,
 * transferred, called back; in writing they get a first reply and a resolution. */
#ifndef FLOORSIM_FLOOR_H
#define FLOORSIM_FLOOR_H

#include <stdint.h>

#include "desk.h"
#include "event.h"
#include "heap.h"
#include "rng.h"
#include "truth.h"
#include "world.h"

struct contact;

struct floor {
    const struct world *world;
    struct truth *truth;
    event_sink *sink;
    void *sink_context;
    struct rng rng;
    struct heap timers;
    struct desk *desks;      /* one per queue of the world */
    double *next_arrival_ms; /* exact, so that rounding does not slow the stream */
    struct contact *contacts;
    uint32_t capacity;
    uint32_t unused; /* head of the free list */
    uint32_t open;
    uint64_t started;
    bool closed; /* nobody comes any more */
};

void floor_init(struct floor *floor, const struct world *world, struct truth *truth,
                event_sink *sink, void *sink_context);

void floor_deinit(struct floor *floor);

/* When the next thing happens; INT64_MAX when nothing will. */
int64_t floor_next_at(const struct floor *floor);

/* Lets that thing happen. */
void floor_step(struct floor *floor);

/* From now on nobody new comes. */
void floor_close(struct floor *floor);

/* Writes what is still open into the truth. */
void floor_finish(struct floor *floor);

#endif
