/* The way into Kafka: topic, producer, back-pressure. */
#ifndef FLOORSIM_WIRE_H
#define FLOORSIM_WIRE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

struct wire {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    char name[256];
    uint64_t delivered;
    uint64_t failed;
};

/* Connects, and creates the topic where it is missing: LogAppendTime when live, else CreateTime
 * that is kept for ever. Returns false with a sentence on stderr. */
bool wire_init(struct wire *wire, const struct options *options);

/* Hands over what is under way (at most 60 s). Returns false when something was not delivered. */
bool wire_deinit(struct wire *wire);

/* Sends a copy; waits while the producer's queue is full. at 0 leaves the stamp to the broker. */
void wire_send(struct wire *wire, const char *key, size_t key_length, const void *value,
               size_t value_length, int64_t at);

/* Serves delivery reports for at most this long. */
void wire_poll(struct wire *wire, int wait_ms);

#endif
