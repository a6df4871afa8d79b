/* The news of a source that can wait: sums of several steps, in one report. */
#pragma once

#include "backtest/source.h"
#include "core/delta.h"

/* Something of the row is asked for; its samples are not looked at. */
bool source_wants(const struct delta_kept *w, const struct delta_row *row, const struct leaf *leaf);

/* Names that feeds have views into. */
struct batch_site {
    struct slice tenant, site; /* owned */
};

struct source_batch {
    struct report report; /* owns its arrays */
    size_t leaf_room, row_room, count_room, level_room, sample_room, feed_room;
    uint32_t *numbers; /* of leaves, by their id: 1 more than their place in the report; 0: none */
    size_t number_room;
    uint32_t *ids; /* beside report.leaves */
    size_t id_room;
    struct batch_site *sites; /* few stay from batch to batch */
    size_t site_count, site_room;
    size_t last_site;        /* of the newest feed */
    uint32_t *first_samples; /* by row of the table that is added */
    size_t first_room;
    bool sampled; /* first_samples is of the present table */
    struct report_clock *clocks;
    size_t clock_count, clock_room;
};

void source_batch_init(struct source_batch *b);
void source_batch_deinit(struct source_batch *b);

/* Sums of a table, as far as they are wanted; rows in which all that comes to nothing leave no
 * trace. */
void source_batch_sums(struct source_batch *b, const struct delta_kept *wanted,
                       const struct delta_table *deltas, const struct leaf_dict *leaves);
void source_batch_feed(struct source_batch *b, const struct report_feed *feed);
void source_batch_clock(struct source_batch *b, const struct report_clock *clock);

/* Valid until the next call. */
struct source_news source_batch_news(const struct source_batch *b);
void source_batch_reset(struct source_batch *b);
