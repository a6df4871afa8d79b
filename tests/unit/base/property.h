/* Property tests: random histories whose seed is printed when one of them fails. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"

/* Runs from FLOORWALKER_SEED where that is set, so that one failure can be repeated alone. */
static inline uint64_t property_first_seed(void) {
    const char *text = getenv("FLOORWALKER_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

#define REQUIRE(seed, cond)                                                                        \
    do {                                                                                           \
        if (!(cond))                                                                               \
            fail_msg("FLOORWALKER_SEED=%llu: %s", (unsigned long long)(seed), #cond);              \
    } while (0)
