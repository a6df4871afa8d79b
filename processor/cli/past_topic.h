/* A range of a topic of interaction events as one stream, in the order of the time stamps. */
#pragma once

#include "cli/past.h"
#include "io/kafka_conf.h"

struct past_topic_options {
    const struct kafka_options *kafka; /* outlives the source */
    const char *schema_registry;       /* likewise: URL, or file:DIR */
    const char *topic;                 /* without prefix */
    int64_t from_at, to_at;            /* records of [from_at, to_at) by their stamps */
};

/* The time of an event is the stamp of its record. Ticks are passed over: events tell the time. */
MUST_USE bool past_topic_open(const struct past_topic_options *options, struct past_source *source,
                              struct err *err);
