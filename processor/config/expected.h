/* `expected: {per: 15m, volume: 40}`: what comes as long as no history says so. */
#pragma once

#include "config/reader.h"

struct expected {
    int64_t per_ms; /* 0: not given */
    double volume;
};

/* Reads the map; what the message is about is named as `expected` of what is being read. */
void expected_read(struct reader *r, const struct tree_node *value, struct expected *to);
