#include <stdio.h>

#include "base/instant.h"

#define UNIT_COUNT 5

static const struct unit {
    const char *name;
    int64_t ms;
} units[UNIT_COUNT] = {
    {"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}, {"ms", 1},
};

/* "ms" before "m": the longest name that fits. */
static const struct unit *take_unit(struct slice *text) {
    for (size_t i = UNIT_COUNT; i-- > 0;) {
        size_t size = strlen(units[i].name);
        if (text->size < size || memcmp(text->at, units[i].name, size) != 0)
            continue;
        text->at += size;
        text->size -= size;
        return &units[i];
    }
    return NULL;
}

static bool take_number(struct slice *text, int64_t *number) {
    *number = 0;
    size_t digits = 0;
    for (; digits < text->size && text->at[digits] >= '0' && text->at[digits] <= '9'; digits++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, text->at[digits] - '0', number))
            return false;
    }
    text->at += digits;
    text->size -= digits;
    return digits > 0;
}

static bool take_terms(struct slice text, int64_t *duration_ms) {
    int64_t sum = 0;
    do {
        int64_t number;
        const struct unit *unit;
        if (!take_number(&text, &number) || !(unit = take_unit(&text)) ||
            __builtin_mul_overflow(number, unit->ms, &number) ||
            __builtin_add_overflow(sum, number, &sum))
            return false;
    } while (text.size > 0);
    *duration_ms = sum;
    return true;
}

bool duration_parse(struct slice text, int64_t *duration_ms, struct err *err) {
    if (take_terms(text, duration_ms))
        return true;
    return err_set(err,
                   "\"" SLICE_FMT "\" is no duration: write whole numbers with a unit of ms, s, m, "
                   "h or d, like 20s, 15m, 1h30m",
                   (int)(text.size < 64 ? text.size : 64), text.at);
}

/* The duration in the units of a set (bit i: units[i]); 0 when they leave a rest. */
static size_t write_terms(uint64_t duration_ms, unsigned set, char text[64]) {
    size_t size = 0;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        uint64_t number = duration_ms / (uint64_t)units[i].ms;
        if (!(set >> i & 1) || number == 0)
            continue;
        size += (size_t)snprintf(text + size, 64 - size, "%llu%s", (unsigned long long)number,
                                 units[i].name);
        duration_ms -= number * (uint64_t)units[i].ms;
    }
    return duration_ms == 0 ? size : 0;
}

void duration_format(int64_t duration_ms, char text[32]) {
    if (duration_ms == 0) {
        snprintf(text, 32, "0s");
        return;
    }
    uint64_t amount = duration_ms < 0 ? 0 - (uint64_t)duration_ms : (uint64_t)duration_ms;
    size_t best_size = SIZE_MAX;
    for (unsigned set = 1; set < 1u << UNIT_COUNT; set++) {
        char terms[64];
        size_t size = write_terms(amount, set, terms);
        if (size == 0 || size >= best_size)
            continue;
        best_size = size;
        snprintf(text, 32, "%s%.30s", duration_ms < 0 ? "-" : "", terms);
    }
}
