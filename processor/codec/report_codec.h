/* The tenant log's record, written and read: what a process tells the tenant tasks in one epoch.
 *
 * Compact and ours alone: version, names, clocks, leaves, rows, ages, facts, feeds, journeys,
 * efforts, misses, commands, forecasts, checksum.
 * REPORT_VERSION rises whenever a table that is named by number here changes its order. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "core/delta.h"
#include "core/leaf.h"
#include "core/report.h"

#define REPORT_VERSION 9
#define REPORT_BYTES_MAX ((size_t)512 * 1024) /* a longer report is written in pieces */

/* Collects one epoch and writes it for each partition of the tenant log. */
struct report_writer; /* opaque */

/* `instance` is copied; `leaves` must outlive the writer. */
struct report_writer *report_writer_new(const char *instance, int32_t partitions,
                                        struct leaf_dict *leaves);
void report_writer_free(struct report_writer *w);

/* Each is copied. Facts of one interaction must come in the order in which they became true, and
 * the latest of what is said of its journey and its legs last. */
void report_writer_fact(struct report_writer *w, const struct fact *fact);
void report_writer_gauge(struct report_writer *w, int32_t source, const struct gauge *gauge);
void report_writer_feed(struct report_writer *w, const struct report_feed *feed);

/* False: it cannot be (journey_fault, effort_fault) and is left out: no reader would take it. */
bool report_writer_journey(struct report_writer *w, const struct journey_row *row);
bool report_writer_effort(struct report_writer *w, const struct effort_row *row);

/* Of one leaf, measure and minute at most REPORT_MISSES_MAX go into an epoch: they are examples. */
#define REPORT_MISSES_MAX 10
void report_writer_miss(struct report_writer *w, const struct miss *miss);
void report_writer_command(struct report_writer *w, const struct command *command);
void report_writer_forecast(struct report_writer *w, const struct forecast *forecast);
void report_writer_clock(struct report_writer *w, const struct report_clock *clock);

typedef void report_emit_fn(void *context, int32_t partition, struct slice record);

/* Hands over the records in the order in which they must be written, at least one for each
 * partition, and empties the writer. The clocks stand in the last record of a partition alone: time
 * passes when all its sums have been read. Rows come in the order of their leaves' names. */
void report_writer_finish(struct report_writer *w, const struct delta_table *deltas,
                          report_emit_fn *emit, void *context);

size_t report_writer_size(const struct report_writer *w); /* bytes of what was collected */

/* Forgets what was collected. */
void report_writer_reset(struct report_writer *w);

/* Owns the arrays of the report that was read last. */
struct report_reader; /* opaque */

struct report_reader *report_reader_new(void);
void report_reader_free(struct report_reader *r);

/* False with a reason when the bytes are not what a writer of this version made. The report is
 * valid until the next call, and while `record` is. */
MUST_USE bool report_reader_read(struct report_reader *r, struct slice record,
                                 struct report *report, struct err *err);
