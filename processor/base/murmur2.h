/* Kafka's default partitioner hash (murmur2, seed 0x9747b28c), as Java producers use it. */
#pragma once

#include "base/slice.h"

uint32_t murmur2(struct slice key);

/* The partition that every well-behaved producer chooses for this key. */
int32_t murmur2_partition(struct slice key, int32_t partitions);
