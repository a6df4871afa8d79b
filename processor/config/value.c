#include "config/value.h"

#include <stdlib.h>

#define NUMBER_CHARS_MAX 40

static int shown(struct slice text) {
    return (int)(text.size < 64 ? text.size : 64);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

struct slice value_trim(struct slice text) {
    while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static size_t take_digits(struct slice text, int64_t *number) {
    *number = 0;
    size_t used = 0;
    for (; used < text.size && is_digit(text.at[used]); used++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, text.at[used] - '0', number))
            return 0;
    }
    return used;
}

bool value_count(struct slice text, int64_t *count, struct err *err) {
    bool negative = text.size > 0 && text.at[0] == '-';
    struct slice digits = {text.at + negative, text.size - negative};
    size_t used = take_digits(digits, count);
    if (used == 0 || used != digits.size)
        return err_set(err, "\"%.*s\" is no whole number", shown(text), text.at);
    if (negative)
        *count = -*count;
    return true;
}

bool value_bytes(struct slice text, int64_t *bytes, struct err *err) {
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
        {"KB", 1000},
        {"MB", 1000 * 1000},
        {"GB", 1000 * 1000 * 1000},
    };
    size_t used = take_digits(text, bytes);
    struct slice unit = value_trim((struct slice){text.at + used, text.size - used});
    for (size_t i = 0; used > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (slice_equal(unit, slice_of(units[i].name)) &&
            !__builtin_mul_overflow(*bytes, units[i].bytes, bytes))
            return true;
    }
    return err_set(err, "\"%.*s\" is no size in bytes: write it like 512MiB or 8GiB", shown(text),
                   text.at);
}

/* Digits with at most one point; nothing else that strtod would take (hex, inf, exponents). */
static bool is_decimal(struct slice text) {
    size_t digits = 0;
    size_t points = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_digit(text.at[i]))
            digits++;
        else if (text.at[i] == '.')
            points++;
        else if (i > 0 || text.at[i] != '-')
            return false;
    }
    return digits > 0 && points <= 1 && text.size < NUMBER_CHARS_MAX;
}

bool value_number(struct slice text, double *number, struct err *err) {
    if (!is_decimal(text))
        return err_set(err, "\"%.*s\" is no number", shown(text), text.at);
    char digits[NUMBER_CHARS_MAX];
    memcpy(digits, text.at, text.size);
    digits[text.size] = '\0';
    *number = strtod(digits, NULL);
    return true;
}

bool value_share(struct slice text, double *share, struct err *err) {
    bool per_cent = text.size > 0 && text.at[text.size - 1] == '%';
    struct slice digits = value_trim((struct slice){text.at, text.size - per_cent});
    double number = 0;
    if (!value_number(digits, &number, NULL))
        return err_set(err, "\"%.*s\" is no share: write it like 80%% or 0.8", shown(text),
                       text.at);
    *share = per_cent ? number / 100 : number;
    if (*share >= 0 && *share <= 1)
        return true;
    return err_set(err, "\"%.*s\" is no share: it lies outside of 0%% to 100%%", shown(text),
                   text.at);
}

bool value_flag(struct slice text, bool *flag, struct err *err) {
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!slice_equal(text, slice_of(words[i])))
            continue;
        *flag = i % 2 == 0;
        return true;
    }
    return err_set(err, "\"%.*s\" is neither yes nor no", shown(text), text.at);
}
