/* One thread that runs the transactions, because librdkafka's calls block: begin, produce, send
 * offsets, commit. One epoch at a time. */
#pragma once

#include <uv.h>

#include "io/kafka_conf.h"

/* How an epoch ended. X(symbol, meaning) */
#define KAFKA_COMMIT_RESULTS(X)                                                                    \
    X(DONE, "committed")                                                                           \
    X(AGAIN, "aborted, and nothing of it is in the log: may be tried again")                       \
    X(FAILED, "unknown or fatal: the process must end")

#define KAFKA_COMMIT_ENUM(symbol, meaning) KAFKA_COMMIT_##symbol,
enum kafka_commit_result { KAFKA_COMMIT_RESULTS(KAFKA_COMMIT_ENUM) KAFKA_COMMIT_RESULT_COUNT };

/* On the loop's thread. `reason` is set for AGAIN and FAILED. */
typedef void kafka_commit_fn(void *context, enum kafka_commit_result result, int64_t took_us,
                             const char *reason);

struct kafka_committer; /* opaque */

/* Starts the thread, which calls init_transactions first (fencing an older process of the same
 * group and instance); epochs wait for that. */
struct kafka_committer *kafka_committer_new(const struct kafka_options *o, uv_loop_t *loop,
                                            kafka_commit_fn *done, void *context, struct err *err);

/* Only when no epoch is under way. Ends the thread. */
void kafka_committer_free(struct kafka_committer *c);

/* Runs the epoch; `group` is taken over. The epoch stays the caller's, untouched until `done`. */
void kafka_committer_run(struct kafka_committer *c, const struct epoch *epoch,
                         rd_kafka_consumer_group_metadata_t *group);
