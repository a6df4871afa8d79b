/* Where to begin: the offsets of partitions that were just assigned, asked off the loop. */
#pragma once

#include <uv.h>

#include "io/kafka_contracts.h"
#include "io/kafka_state.h"

struct kafka_lookup;
typedef void kafka_lookup_fn(void *context, struct kafka_lookup *lookup);

struct kafka_lookup {
    const struct kafka_options *options;
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *partitions; /* owned copy */
    struct kafka_state_want *wants;              /* beside them: snapshots, which found views */
    struct log_assignment *found;                /* beside them; input and partition by the owner */
    struct kafka_contract_list contracts;        /* empty unless unknown ones are named */
    char failure[512];                           /* empty: all was found */
    kafka_lookup_fn *done;                       /* on the loop's thread */
    void *context;
    uv_work_t work;
};

struct kafka_lookup *kafka_lookup_new(const struct kafka_options *o, rd_kafka_t *rk,
                                      const rd_kafka_topic_partition_list_t *partitions,
                                      kafka_lookup_fn *done, void *context);
void kafka_lookup_start(struct kafka_lookup *l, uv_loop_t *loop);
void kafka_lookup_free(struct kafka_lookup *l);
