/* Writes ticks into input partitions: idempotent, never waiting. */
#pragma once

#include "io/kafka_conf.h"

struct kafka_ticker; /* opaque */

struct kafka_ticker *kafka_ticker_new(const struct kafka_options *o, struct err *err);
void kafka_ticker_free(struct kafka_ticker *t);

/* What could not be written is written again when the owner asks again: ticks say only "now". */
void kafka_ticker_write(struct kafka_ticker *t, enum engine_input input, int32_t partition,
                        struct slice value);
void kafka_ticker_serve(struct kafka_ticker *t);

/* Why no tick can be written at all (no right to), or NULL. */
const char *kafka_ticker_failure(const struct kafka_ticker *t);
