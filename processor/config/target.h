/* "at least 80%": which way, and how much, in the metric's unit. */
#pragma once

#include "config/reader.h"
#include "core/alert.h"

struct target {
    bool at_least; /* else at most */
    double value;  /* ratios 0 .. 1, durations ms, counts */
};

/* Tells what is wrong. */
bool target_read(struct reader *r, const struct tree_node *node, enum unit unit,
                 struct target *target);
