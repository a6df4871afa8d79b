/* How limits.memory is shared out: what is bounded in advance, and when reading stops for the rest,
 * which is the state of the tasks. */
#pragma once

#include <stddef.h>

/* X(name, divisor of limits.memory, at least, at most, what it bounds) */
#define MEMORY_SHARES(X)                                                                           \
    X(queues, 8, 8 << 20, 1 << 30, "records that the Kafka client has read ahead")                 \
    X(epoch, 32, 1 << 20, 32 << 20, "records of one epoch; up to three exist")                     \
    X(sums, 16, 1 << 20, 256 << 20, "sums, samples and facts of the open epoch")                   \
    X(views, 16, 1 << 20, 16 << 20, "one update of the view, over all partitions")

#define MEMORY_SHARE_FIELD(name, divisor, least, most, meaning) size_t name;
struct memory_plan {
    MEMORY_SHARES(MEMORY_SHARE_FIELD)
    size_t pressed; /* from here on only what is furthest behind is read */
    size_t full;    /* from here on no input is read */
    size_t eased;   /* below this everything is read again */
};

/* `limit` 0: none, and each share is the most that it may be. */
struct memory_plan memory_plan_of(size_t limit);
