/* Reads topics without a group, from a point in time on, committed records only: for tail. */
#pragma once

#include "io/kafka_conf.h"

struct kafka_reader; /* opaque */

#define KAFKA_READER_TOPICS_MAX 8

/* `topics` are full names. `from_at`: an instant, or KAFKA_START_LATEST / KAFKA_START_EARLIEST.
 * NULL with a reason when the brokers do not answer or a topic does not exist. */
struct kafka_reader *kafka_reader_new(const struct kafka_options *o, const char *const *topics,
                                      size_t topic_count, int64_t from_at, struct err *err);
void kafka_reader_free(struct kafka_reader *r);

/* Waits at most timeout_ms for one record; false: none came. The slices live until the next
 * call. */
bool kafka_reader_next(struct kafka_reader *r, int timeout_ms, struct log_record *record);
