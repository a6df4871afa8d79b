/* The fixed part of the simulation: tenants, sites, queues and how busy each is on average. */
#ifndef FLOORSIM_WORLD_H
#define FLOORSIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "profile.h"
#include "zone.h"

struct site {
    char tenant[NAME_MAX_BYTES];
    const char *vendor;
    char name[NAME_MAX_BYTES];
    const struct zone *zone;
    int64_t skew_ms;
    int index;
};

/* One queue of one site in one channel: where waiting happens. */
struct queue {
    const struct site *site;
    char name[NAME_MAX_BYTES];
    enum channel channel;
    double per_ms;  /* arrivals, on the week's average */
    double ceiling; /* the highest factor that any instant can have */
    int index;
};

struct world {
    const struct options *options;
    int64_t start_at;
    struct profile profile;
    struct zone *zones;
    struct site *sites;
    struct queue *queues;
    int site_count;
    int queue_count;
    int queues_per_site; /* these lie together */
};

/* Builds the world. Call it before any thread exists (it reads time zones). */
void world_init(struct world *world, const struct options *options, int64_t start_at);

void world_deinit(struct world *world);

/* Arrivals of a queue at an instant against its average, bursts included. */
double world_factor(const struct world *world, const struct queue *queue, int64_t at);

/* The same without bursts: what the site's planners expect. */
double world_planned(const struct world *world, const struct queue *queue, int64_t at);

/* The outage that a site is in, or NULL. */
const struct spec *world_outage(const struct world *world, const struct site *site, int64_t at);

/* Whether interactions of this channel wait in a queue (else they are answered in writing). */
bool world_is_live(enum channel channel);

/* Another queue of the same site and channel, the nth of them; NULL when there is none. */
const struct queue *world_other_queue(const struct world *world, const struct queue *queue,
                                      uint64_t nth);

#endif
