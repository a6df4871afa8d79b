#include "engine/memory_plan.h"

#include <stdint.h>

static size_t share(size_t limit, size_t divisor, size_t least, size_t most) {
    size_t part = limit / divisor;
    if (limit == 0 || part > most)
        return most;
    return part < least ? least : part;
}

struct memory_plan memory_plan_of(size_t limit) {
    struct memory_plan plan = {.pressed = SIZE_MAX, .full = SIZE_MAX, .eased = SIZE_MAX};
#define SHARE(name, divisor, least, most, meaning) plan.name = share(limit, divisor, least, most);
    MEMORY_SHARES(SHARE)
#undef SHARE
    if (limit == 0)
        return plan;
    /* What was begun before a look shows it must still fit above `full`: an epoch and a view. */
    plan.pressed = limit / 16 * 13;
    plan.full = limit / 16 * 14;
    plan.eased = limit / 16 * 12;
    return plan;
}
