/* Which sites were heard since the last report, how old their news was, and what was refused. */
#pragma once

#include "base/table.h"
#include "core/feed_step.h"
#include "core/report.h"

/* A site is noted once for each step of log time (feed_step_place), so that silence does not depend
 * on how much of it one report spans. So many notes fit between two reports; what comes beyond is
 * counted, and not noted until the next. */
#define FEEDS_MAX 65536

/* Between two reports few sites are heard, in few steps: where the feed of one is that was heard
 * last, and the instants that are noted there. Of a feed that has been forgotten it says nothing
 * wrong: whoever takes its place has other names, or was written here when it came. */
#define FEEDS_NEAR 16u
#define FEEDS_FEW 8u /* that need no index */
struct feed_near {
    int64_t from_at, until_at; /* both 0: of none */
    uint32_t place;
};

struct feeds {
    struct report_feed *feeds; /* names owned */
    uint32_t count, capacity;
    struct table index;                /* of more than FEEDS_FEW */
    struct feed_near near[FEEDS_NEAR]; /* heard last */
    struct slice tenant, site; /* owned: names that are free for the next feed of this site */
    bool handed_over;          /* forgotten at the next event */
    uint64_t *left_out;        /* counts what came beyond FEEDS_MAX */
};

void feeds_init(struct feeds *f, uint64_t *left_out); /* which outlives it */
void feeds_deinit(struct feeds *f);
void feeds_hear(struct feeds *f, struct slice tenant, struct slice site, int64_t log_at,
                int64_t event_at);

/* A record of the site cannot be used, as was found at this log time; `heard`: feeds_hear has
 * counted it. The site is empty where the record names none; without a tenant it is nobody's. */
void feeds_refuse(struct feeds *f, struct slice tenant, struct slice site, int64_t at,
                  enum dead_letter_reason reason, bool heard);

/* In the order of (tenant, site, time); valid until the next call of any function here. */
size_t feeds_take(struct feeds *f, const struct report_feed **out);
