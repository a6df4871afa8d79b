#include "core/dead_letter.h"

#include "base/check.h"

#define NAME(symbol, name) name,

const char *dead_letter_reason_name(enum dead_letter_reason reason) {
    static const char *const names[] = {DEAD_LETTER_REASONS(NAME)};
    CHECK(reason < DEAD_REASON_COUNT);
    return names[reason];
}
