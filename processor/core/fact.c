#include "core/fact.h"

#include "base/check.h"

#define CLOCK_NAME_ROW(symbol, name) name,
#define FACT_NAME_ROW(symbol, name, meaning) name,

const char *clock_kind_name(enum clock_kind k) {
    static const char *const names[] = {CLOCK_KINDS(CLOCK_NAME_ROW)};
    CHECK((unsigned)k < CLOCK_KIND_COUNT);
    return names[k];
}

const char *fact_kind_name(enum fact_kind k) {
    static const char *const names[] = {FACT_KINDS(FACT_NAME_ROW)};
    CHECK((unsigned)k < FACT_KIND_COUNT);
    return names[k];
}
