/* Partitions that the group gave to nobody. A member that dies in the middle of a cooperative
 * rebalance, after it was told what to give up and before it has said that it did, comes back under
 * its static name to what was left to it, and the group counts itself as stable: what it gave up
 * stays without an owner until somebody asks for another rebalance. */
#pragma once

#include "io/kafka_conf.h"

struct kafka_orphans; /* opaque */

/* `rk` is the group's consumer. `now_ms` is a monotonic clock, here and below. */
struct kafka_orphans *kafka_orphans_new(const struct kafka_options *o, rd_kafka_t *rk,
                                        int64_t now_ms);
void kafka_orphans_free(struct kafka_orphans *w);

/* Looks every few seconds, never waits. True when the group has stood still for several looks in a
 * row with partitions that nobody has, and it is this member who is to ask for a rebalance. */
bool kafka_orphans_found(struct kafka_orphans *w, int64_t now_ms);
