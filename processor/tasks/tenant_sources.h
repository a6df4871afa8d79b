/* How far the inputs have come: the clock of the tenants is the minimum over all their partitions,
 * computed from the tenant log alone (DESIGN 4). */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/report.h"

struct tenant_source {
    int64_t clock;   /* INSTANT_NONE: no record yet */
    int64_t said_ms; /* tenant-log time at which its clock last moved */
    bool ended;
};

struct tenant_topic {
    struct slice name; /* owned */
    struct tenant_source *sources;
    int32_t partitions;
};

struct tenant_sources {
    bool live, until_end;
    int64_t max_source_lag_ms;
    struct tenant_topic *topics; /* by name */
    size_t topic_count;
    int64_t log_at; /* of the newest record; INSTANT_NONE */
    int64_t log_ms; /* tenant-log time: gaps between records, each at most 1 s */
};

#define TENANT_PARTITIONS_MAX 100000 /* a claim of more is not believed */

void tenant_sources_init(struct tenant_sources *s, bool live, bool until_end,
                         int64_t max_source_lag_ms);
void tenant_sources_deinit(struct tenant_sources *s);

void tenant_sources_apply(struct tenant_sources *s, const struct report *report, int64_t log_at);

/* The minimum over the sources that count; INSTANT_NONE while one that must speak has not. */
int64_t tenant_sources_clock(const struct tenant_sources *s);

/* Share of the sources that count, 0..1. */
double tenant_sources_completeness(const struct tenant_sources *s);
bool tenant_sources_ended(const struct tenant_sources *s);

void tenant_sources_save(const struct tenant_sources *s, struct buf *b);
void tenant_sources_load(struct tenant_sources *s, struct cursor *c); /* the cursor tells */
