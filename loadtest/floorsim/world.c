#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *vendor;
    const char *zone;
} places[] = {
    {"manila", "harbor", "Asia/Manila"},     {"krakow", "summit", "Europe/Warsaw"},
    {"bogota", "harbor", "America/Bogota"},  {"durban", "summit", "Africa/Johannesburg"},
    {"pune", "meridian", "Asia/Kolkata"},    {"belfast", "meridian", "Europe/London"},
    {"tucson", "harbor", "America/Phoenix"}, {"halifax", "summit", "America/Halifax"},
};

static const char *const queue_names[] = {"support", "billing", "orders",
                                          "returns", "sales",   "technical"};

enum {
    PLACE_COUNT = sizeof(places) / sizeof(places[0]),
    QUEUE_NAMES = sizeof(queue_names) / sizeof(queue_names[0])
};

/* Share of a channel, and how many events one of its interactions sends on average. */
static const struct {
    double weight;
    double events;
} channels[CHANNEL_COUNT] = {
    [CHANNEL_VOICE] = {5, 4.3},    [CHANNEL_CHAT] = {2, 7.2},      [CHANNEL_EMAIL] = {1.5, 3.1},
    [CHANNEL_SOCIAL] = {0.5, 3.1}, [CHANNEL_MESSAGING] = {1, 4.3}, [CHANNEL_TICKET] = {0.5, 3.1},
};

bool world_is_live(enum channel channel) {
    return channel == CHANNEL_VOICE || channel == CHANNEL_CHAT || channel == CHANNEL_MESSAGING;
}

static bool names(const char *pattern, const char *name) {
    return strcmp(pattern, "*") == 0 || strcmp(pattern, name) == 0;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);

    if (memory == NULL) {
        fputs("floorsim: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void init_site(struct world *world, int tenant, int place, struct site *site) {
    const struct options *options = world->options;

    site->vendor = places[place % PLACE_COUNT].vendor;
    site->zone = &world->zones[place % PLACE_COUNT];
    site->index = (int)(site - world->sites);
    if (options->tenants == 1)
        snprintf(site->tenant, sizeof(site->tenant), "%.60s", options->tenant);
    else
        snprintf(site->tenant, sizeof(site->tenant), "%.48s-%d", options->tenant, tenant + 1);
    if (place < PLACE_COUNT)
        snprintf(site->name, sizeof(site->name), "%s", places[place].name);
    else
        snprintf(site->name, sizeof(site->name), "%s-%d", places[place % PLACE_COUNT].name,
                 place / PLACE_COUNT + 1);
    for (int i = 0; i < options->skews.count; i++)
        if (names(options->skews.list[i].site, site->name))
            site->skew_ms = options->skews.list[i].skew_ms;
}

static double most_burst(const struct world *world, const struct queue *queue) {
    const struct specs *bursts = &world->options->bursts;
    double most = 1;

    for (int i = 0; i < bursts->count; i++)
        if (names(bursts->list[i].site, queue->site->name) &&
            names(bursts->list[i].queue, queue->name))
            most *= fmax(1, bursts->list[i].factor);
    return most;
}

static void add_queues(struct world *world, const struct site *site, double per_ms) {
    int64_t count = world->options->queues;
    double weights = 0;
    double shares = 0;

    for (int i = 0; i < count; i++)
        weights += pow(i + 1, -0.7);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        shares += world->options->channels[c] ? channels[c].weight : 0;
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < CHANNEL_COUNT; c++) {
            struct queue *queue = &world->queues[world->queue_count];

            if (!world->options->channels[c])
                continue;
            queue->site = site;
            queue->channel = (enum channel)c;
            queue->index = world->queue_count++;
            if (i < QUEUE_NAMES)
                snprintf(queue->name, sizeof(queue->name), "%s", queue_names[i]);
            else
                snprintf(queue->name, sizeof(queue->name), "queue-%d", i + 1);
            queue->per_ms = per_ms * pow(i + 1, -0.7) / weights * channels[c].weight / shares;
            queue->ceiling = world->profile.peak * most_burst(world, queue);
        }
    }
}

/* Interactions per ms of one site, so that all sites together send `rate` events per second. */
static double site_rate(const struct options *options) {
    double weights = 0;
    double events = 0;

    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (options->channels[c]) {
            weights += channels[c].weight;
            events += channels[c].weight * channels[c].events;
        }
    }
    return options->rate / 1000 * weights / events / (double)(options->sites * options->tenants);
}

void world_init(struct world *world, const struct options *options, int64_t start_at) {
    memset(world, 0, sizeof(*world));
    world->options = options;
    world->start_at = start_at;
    profile_init(&world->profile, strcmp(options->profile, "flat") == 0);
    world->site_count = (int)(options->sites * options->tenants);
    world->zones = allocate(PLACE_COUNT, sizeof(*world->zones));
    world->sites = allocate((size_t)world->site_count, sizeof(*world->sites));
    world->queues = allocate((size_t)(world->site_count * options->queues) * CHANNEL_COUNT,
                             sizeof(*world->queues));
    for (int i = 0; i < PLACE_COUNT; i++)
        zone_init(&world->zones[i], places[i].zone, start_at);
    world->queues_per_site = 0;
    for (int c = 0; c < CHANNEL_COUNT; c++)
        world->queues_per_site += options->channels[c] ? (int)options->queues : 0;
    for (int i = 0; i < world->site_count; i++) {
        init_site(world, i / (int)options->sites, i % (int)options->sites, &world->sites[i]);
        add_queues(world, &world->sites[i], site_rate(options));
    }
}

void world_deinit(struct world *world) {
    free(world->zones);
    free(world->sites);
    free(world->queues);
}

double world_planned(const struct world *world, const struct queue *queue, int64_t at) {
    return profile_at(&world->profile, queue->site->zone, at);
}

double world_factor(const struct world *world, const struct queue *queue, int64_t at) {
    const struct specs *bursts = &world->options->bursts;
    double factor = world_planned(world, queue, at);
    int64_t since = at - world->start_at;

    for (int i = 0; i < bursts->count; i++) {
        const struct spec *burst = &bursts->list[i];

        if (since >= burst->from_ms && since < burst->to_ms &&
            names(burst->site, queue->site->name) && names(burst->queue, queue->name))
            factor *= burst->factor;
    }
    return factor;
}

const struct spec *world_outage(const struct world *world, const struct site *site, int64_t at) {
    const struct specs *outages = &world->options->outages;
    int64_t since = at - world->start_at;

    for (int i = 0; i < outages->count; i++) {
        const struct spec *outage = &outages->list[i];

        if (since >= outage->from_ms && since < outage->to_ms && names(outage->site, site->name))
            return outage;
    }
    return NULL;
}

const struct queue *world_other_queue(const struct world *world, const struct queue *queue,
                                      uint64_t nth) {
    const struct queue *found = NULL;
    uint64_t seen = 0;

    int first = queue->index - queue->index % world->queues_per_site;

    for (int i = first; i < first + world->queues_per_site; i++) {
        const struct queue *other = &world->queues[i];

        if (other->channel != queue->channel || other == queue)
            continue;
        found = other;
        if (seen++ == nth)
            break;
    }
    return found;
}
