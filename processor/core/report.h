/* What a process tells the tenant tasks in one epoch: clocks, sums, ages, facts, journeys,
 * and what was said of its tenants. The
 * tenant log's record, decoded. Everything is a view into the record. */
#pragma once

#include "core/command.h"
#include "core/counter.h"
#include "core/dead_letter.h"
#include "core/effort.h"
#include "core/event.h"
#include "core/fact.h"
#include "core/forecast.h"
#include "core/gauge.h"
#include "core/journey.h"
#include "core/miss.h"

/* How far one source (a partition of an input topic) has come. */
struct report_clock {
    struct slice topic; /* without prefix: "interactions" */
    int32_t partition;
    int32_t partitions; /* of that topic: the tenant task waits for all of them */
    int64_t clock;      /* ms; INSTANT_NONE: no record yet */
    bool ended;         /* --until-end: nothing follows */
    bool lost;          /* records before this clock were lost before anybody read them */
};

/* Names of a leaf; contract-derived members are not sent. */
struct report_leaf {
    struct slice tenant, vendor, site, queue;
    uint8_t channel, priority, direction;
    struct slice reason;
};

struct report_count {
    uint8_t counter; /* enum counter */
    int64_t value;
};

struct report_level {
    uint8_t attribution; /* enum attribution */
    uint8_t counter;     /* enum level_counter */
    int64_t threshold_ms;
    int64_t value;
};

struct report_sample {
    uint8_t histogram; /* enum histogram_id */
    uint16_t bucket;
    int64_t count;
};

/* The counters of one (leaf, pane): ranges in the report's arrays. */
struct report_row {
    uint32_t leaf; /* index in report.leaves */
    int64_t pane_at;
    uint32_t first_count, count_count;
    uint32_t first_level, level_count;
    uint32_t first_sample, sample_count;
};

/* A site was heard, in one 10 s of log time, or of a record of it was found there that it cannot be
 * used. */
struct report_feed {
    struct slice tenant, site; /* site empty: of records that name none */
    int64_t heard_at;          /* log time of its newest record; mute: of what was refused */
    int64_t lead_ms; /* of its freshest record in them: event time less log time; mute: 0 */
    bool mute;       /* nothing was heard that says when it happened */
    int64_t records; /* that came, with those that were refused when they came */
    int64_t refused[DEAD_REASON_COUNT]; /* dead letters, also of records that came before */
};

struct report {
    struct slice instance; /* of the process that wrote it */
    struct report_clock *clocks;
    size_t clock_count;
    struct report_leaf *leaves;
    size_t leaf_count;
    struct report_row *rows;
    size_t row_count;
    struct report_count *counts;
    size_t count_count;
    struct report_level *levels;
    size_t level_count;
    struct report_sample *samples;
    size_t sample_count;
    struct gauge *gauges; /* .leaf is an index in leaves; of source (source_topic, partition) */
    int32_t *gauge_partitions; /* beside gauges: the source partition that they are of */
    size_t gauge_count;
    struct fact *facts; /* .leaf is an index in leaves */
    size_t fact_count;
    struct report_feed *feeds;
    size_t feed_count;
    struct journey_row *journeys; /* .leaf is an index in leaves */
    size_t journey_count;
    struct effort_row *efforts; /* .leaf is an index in leaves */
    size_t effort_count;
    struct miss *misses; /* .leaf is an index in leaves */
    size_t miss_count;
    struct command *commands; /* in the order of their log */
    size_t command_count;
    struct forecast *forecasts; /* in the order of their log */
    size_t forecast_count;
};
