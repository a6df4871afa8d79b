/* How this program talks to a Kafka cluster: brokers, names of topics, client properties. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/err.h"
#include "engine/ports.h"

struct kafka_property {
    const char *name;
    const char *value;
};

/* All strings are owned by the caller and outlive every client. */
struct kafka_options {
    const char *brokers;
    const char *group;
    const char *instance; /* names the consumer and the producer: unique, stable */
    const char *topic_prefix;
    const struct kafka_property *properties; /* of the user, for every client */
    size_t property_count;
    int32_t partitions; /* of topics that are created */
    int32_t replication;
    int32_t state_partitions; /* found, of GROUP.state */
    int32_t input_partitions; /* found, of all that the group shares */
    int64_t retention_ms;
    size_t queue_bytes; /* may wait in the consumer, over all of them */
    bool live;          /* clock: live */
    bool until_end;
    int64_t recovery_horizon_ms;
    int64_t start_at; /* KAFKA_START_EARLIEST, KAFKA_START_LATEST, or an instant */
    /* Manifests of GROUP.contracts that need not be read again; NULL at the end; NULL: none. */
    const char *const *known_contracts;
    struct note_port note;
};

#define KAFKA_START_EARLIEST (-2)
#define KAFKA_START_LATEST (-1)

/* The full name of a topic, into `name` (room for 256 bytes). */
void kafka_input_topic(const struct kafka_options *o, enum engine_input input, char name[256]);
void kafka_output_topic(const struct kafka_options *o, enum epoch_topic topic, char name[256]);

/* A configuration with brokers, client id and the user's properties. NULL with a reason when a
 * property is refused; otherwise the caller owns it. */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_options *o, const char *role, struct err *err);

/* The same for a consumer that never joins the group and reads committed records alone. */
rd_kafka_conf_t *kafka_conf_new_outside(const struct kafka_options *o, const char *role,
                                        struct err *err);

/* Sets one property that we need; a refusal is our own error. */
void kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);

/* The same, unless the user set it. */
void kafka_conf_set_default(rd_kafka_conf_t *conf, const struct kafka_options *o, const char *name,
                            const char *value);
