/* The group's consumer: partitions come and go, each is read from a queue of its own. */
#pragma once

#include <uv.h>

#include "io/kafka_conf.h"

struct kafka_consumer_events {
    void *context;
    /* A record of GROUP.contracts that was read anew, before what names it is assigned. */
    void (*contract)(void *context, struct slice key, struct slice value);
    /* Returns the offset to read from; -1: the owner has failed. */
    int64_t (*assigned)(void *context, const struct log_assignment *assignment);
    /* It is about to go: commit what was applied, then kafka_consumer_finish_revoke. */
    void (*leaving)(void *context, enum engine_input input, int32_t partition);
    /* Called by kafka_consumer_finish_revoke for each partition that goes. */
    void (*revoked)(void *context, enum engine_input input, int32_t partition);
    /* The process cannot go on. */
    void (*failed)(void *context, const char *reason);
};

struct kafka_consumer; /* opaque */

/* `wake_fd` is a non-blocking eventfd that is written to when there is something to read. */
struct kafka_consumer *kafka_consumer_new(const struct kafka_options *o, uv_loop_t *loop,
                                          int wake_fd, const struct kafka_consumer_events *events,
                                          struct err *err);

/* Leaves the group, waiting at most a few seconds. */
void kafka_consumer_free(struct kafka_consumer *c);

/* Serves the group's events; call it on each wake-up and at least a few times a second. */
void kafka_consumer_serve(struct kafka_consumer *c);

/* True while partitions are to be given up: commit what was applied, then finish. */
bool kafka_consumer_is_revoking(const struct kafka_consumer *c);
void kafka_consumer_finish_revoke(struct kafka_consumer *c);

/* Counts the assignments that were lost or given up: an epoch cut before the last one may not be
 * tried again. */
uint64_t kafka_consumer_losses(const struct kafka_consumer *c);

/* As log_port.drain and log_port.end. */
size_t kafka_consumer_drain(struct kafka_consumer *c, enum engine_input input, int32_t partition,
                            size_t room, log_take_fn *take, void *context);
int64_t kafka_consumer_end(const struct kafka_consumer *c, enum engine_input input,
                           int32_t partition);

/* The group as it is now, for send_offsets_to_transaction; the caller destroys it. */
rd_kafka_consumer_group_metadata_t *kafka_consumer_group(const struct kafka_consumer *c);
