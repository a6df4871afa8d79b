/* Topics before the start: missing ones are made, wrong ones are refused with their remedy. */
#pragma once

#include "io/kafka_conf.h"

struct kafka_topics {
    int32_t partitions[INPUT_COUNT];
    int32_t state_partitions;
    char tenant_log_id[64]; /* the broker's id of the topic: a recreated one has another */
};

/* Blocks until the brokers answer; says so once a second while they do not. Creates what is
 * missing, checks what is there, and tells what it found. `stop` is looked at
 * between tries: true gives up. */
MUST_USE bool kafka_admin_prepare(const struct kafka_options *o, bool (*stop)(void),
                                  struct kafka_topics *found, struct err *err);

/* The same look without a change: one try at the brokers, topics and their settings, whether
 * missing ones could be created, and the rights on those that are there. False with the first
 * fault. */
MUST_USE bool kafka_admin_try(const struct kafka_options *o, struct err *err);
