#include "base/murmur2.h"

#include "base/check.h"

#define SEED 0x9747b28cu
#define MULTIPLIER 0x5bd1e995u

uint32_t murmur2(struct slice key) {
    const unsigned char *at = (const unsigned char *)key.at;
    size_t left = key.size;
    uint32_t hash = SEED ^ (uint32_t)key.size;

    for (; left >= 4; left -= 4, at += 4) {
        uint32_t word = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                        (uint32_t)at[3] << 24;
        word *= MULTIPLIER;
        word ^= word >> 24;
        hash = hash * MULTIPLIER ^ word * MULTIPLIER;
    }
    if (left > 0) {
        for (size_t i = 0; i < left; i++)
            hash ^= (uint32_t)at[i] << (8 * i);
        hash *= MULTIPLIER;
    }
    hash ^= hash >> 13;
    hash *= MULTIPLIER;
    return hash ^ hash >> 15;
}

int32_t murmur2_partition(struct slice key, int32_t partitions) {
    CHECK(partitions > 0);
    return (int32_t)(murmur2(key) & 0x7FFFFFFFu) % partitions;
}
