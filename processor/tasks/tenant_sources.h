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

/* Records that were lost before they were read: what is counted of this time is incomplete. */
struct tenant_gap {
    struct slice name;      /* owned: "interactions-3", "tenant-log" */
    int64_t from_at, to_at; /* INSTANT_NONE: since ever; until the clock moves */
    int32_t partition;      /* of the topic that `name` begins with; -1: the tenant log itself */
    int32_t partitions;     /* it is one of so many */
};

#define TENANT_GAPS_MAX 64        /* a further one widens the last */
#define TENANT_GAP_TOLD_MS DAY_MS /* as long as the longest rolling window holds a part of it */
#define TENANT_GAP_KEPT_MS (100 * DAY_MS) /* a quarter, and some days */

struct tenant_sources {
    bool live, until_end;
    int64_t max_source_lag_ms;
    struct tenant_topic *topics; /* by name */
    size_t topic_count;
    int64_t log_at; /* of the newest record; INSTANT_NONE */
    int64_t log_ms; /* tenant-log time: gaps between records, each at most 1 s */
    struct tenant_gap gaps[TENANT_GAPS_MAX];
    size_t gap_count;
};

#define TENANT_PARTITIONS_MAX 100000 /* a claim of more is not believed */

void tenant_sources_init(struct tenant_sources *s, bool live, bool until_end,
                         int64_t max_source_lag_ms);
void tenant_sources_deinit(struct tenant_sources *s);

void tenant_sources_hear(struct tenant_sources *s, const struct report_clock *clocks, size_t count,
                         int64_t log_at);

/* The same of one source, which is looked up once for many clocks: its place is valid until another
 * is looked up. NULL: it is not believed. */
struct tenant_source *tenant_sources_find(struct tenant_sources *s, const struct report_clock *c);
void tenant_sources_move(struct tenant_sources *s, struct tenant_source *source,
                         const struct report_clock *c, int64_t log_at);

/* The minimum over the sources that count; INSTANT_NONE while one that must speak has not. */
int64_t tenant_sources_clock(const struct tenant_sources *s);

/* Share of the sources that count, 0..1. */
double tenant_sources_completeness(const struct tenant_sources *s);

/* The same of one window: less what was lost of it. */
double tenant_sources_window(const struct tenant_sources *s, int64_t start_at, int64_t end_at);

/* Records of the tenant log itself were lost after this clock; it has moved on. */
void tenant_sources_lose(struct tenant_sources *s, int64_t clock);
void tenant_sources_moved(struct tenant_sources *s, int64_t clock);

/* True when this gap has been over for so long. */
bool tenant_sources_is_past(const struct tenant_gap *gap, int64_t step_at, int64_t after_ms);
void tenant_sources_forget(struct tenant_sources *s, size_t gap);

bool tenant_sources_ended(const struct tenant_sources *s);

void tenant_sources_save(const struct tenant_sources *s, struct buf *b);
void tenant_sources_load(struct tenant_sources *s, struct cursor *c); /* the cursor tells */
