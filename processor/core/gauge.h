/* Ages that do not add: the oldest waiting and the oldest open of a leaf, kept per source. */
#pragma once

#include "base/instant.h"

struct gauge {
    uint32_t leaf;
    int64_t oldest_waiting_at; /* INSTANT_NONE: nobody waits */
    int64_t oldest_open_at;    /* INSTANT_NONE: nothing is open */
};
