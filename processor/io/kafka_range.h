/* A range of one topic, read to its end without a group, committed records only: of all partitions
 * the next record is the one with the earliest time stamp. For export and backtest. */
#pragma once

#include "io/kafka_conf.h"

struct kafka_range; /* opaque */

enum kafka_range_result { KAFKA_RANGE_RECORD, KAFKA_RANGE_END, KAFKA_RANGE_FAILED };

/* `topic` is the full name. From the first record with a stamp of from_at on (INSTANT_NONE: the
 * first there is), to before the first with one of to_at (INSTANT_MAX: to the end as it is now),
 * in each partition. NULL with a reason when that cannot be found out. */
struct kafka_range *kafka_range_open(const struct kafka_options *o, const char *topic,
                                     int64_t from_at, int64_t to_at, struct err *err);
void kafka_range_close(struct kafka_range *r);

/* Waits for the next record; its slices are valid until the next call. FAILED with a reason when
 * the brokers do not answer or something is lost. */
enum kafka_range_result kafka_range_next(struct kafka_range *r, struct log_record *record,
                                         int32_t *partition, struct err *err);
