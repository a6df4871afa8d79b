/* log_port over librdkafka: the group's consumer, the committer's thread, and the ticker. */
#pragma once

#include "io/kafka_committer.h"
#include "io/kafka_consumer.h"

struct kafka_log_events {
    void *context;
    void (*contract)(void *context, struct slice key, struct slice value);
    int64_t (*assigned)(void *context, const struct log_assignment *assignment);
    void (*leaving)(void *context, enum engine_input input, int32_t partition);
    void (*revoked)(void *context, enum engine_input input, int32_t partition);
    void (*committed)(void *context, bool ok, int64_t took_us, const char *reason);
    void (*failed)(void *context, const char *reason);
    void (*readable)(void *context); /* something may be read: give the owner a turn */
};

struct kafka_log; /* opaque */

struct kafka_log *kafka_log_new(const struct kafka_options *o, uv_loop_t *loop,
                                const struct kafka_log_events *events, struct err *err);
void kafka_log_free(struct kafka_log *l); /* only when no epoch is under way */

struct log_port kafka_log_port(struct kafka_log *l);

/* Before each turn: serves the group and the ticker. */
void kafka_log_serve(struct kafka_log *l);
bool kafka_log_is_revoking(const struct kafka_log *l);
void kafka_log_finish_revoke(struct kafka_log *l);
