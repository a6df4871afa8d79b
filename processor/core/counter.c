#include "core/counter.h"

#include "base/check.h"

#define NAME(symbol, name, unit, meaning) name,

const char *counter_name(enum counter c) {
    static const char *const names[] = {COUNTERS(NAME)};
    CHECK(c < COUNTER_COUNT);
    return names[c];
}
