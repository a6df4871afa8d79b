#include "base/instant.h"

#include <stdio.h>

#include "base/civil.h"

#define FIRST_YEAR_AT INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define LAST_YEAR_END INT64_C(253402300800000) /* 10000-01-01T00:00:00Z */

int64_t instant_floor_before(int64_t at, int64_t step_ms) {
    int64_t rest = at % step_ms;
    int64_t back_ms = rest < 0 ? rest + step_ms : rest;
    return (int64_t)((uint64_t)at - (uint64_t)back_ms); /* of INSTANT_NONE it is no instant */
}

void instant_format(int64_t at, char text[32]) {
    if (at < FIRST_YEAR_AT || at >= LAST_YEAR_END) {
        snprintf(text, 32, "%lld", (long long)at);
        return;
    }
    int64_t midnight = instant_floor(at, DAY_MS);
    struct civil date = civil_of_days(midnight / DAY_MS);
    unsigned ms = (unsigned)(at - midnight);
    snprintf(text, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100, ms / 3600000 % 100,
             ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Text that is eaten from the front. */
static bool take_char(struct slice *text, const char *any_of) {
    if (text->size == 0 || text->at[0] == '\0' || !strchr(any_of, text->at[0]))
        return false;
    text->at++;
    text->size--;
    return true;
}

static bool take_digits(struct slice *text, size_t count, int64_t *value) {
    if (text->size < count)
        return false;
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text->at[i] < '0' || text->at[i] > '9')
            return false;
        *value = *value * 10 + (text->at[i] - '0');
    }
    text->at += count;
    text->size -= count;
    return true;
}

static bool take_date(struct slice *text, int64_t *midnight) {
    struct civil date;
    if (!take_digits(text, 4, &date.year) || !take_char(text, "-") ||
        !take_digits(text, 2, &date.month) || !take_char(text, "-") ||
        !take_digits(text, 2, &date.day))
        return false;
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > civil_month_days(date.year, date.month))
        return false;
    *midnight = civil_days(date) * DAY_MS;
    return true;
}

/* Digits beyond the millisecond are cut off. */
static bool take_fraction(struct slice *text, int64_t *ms) {
    *ms = 0;
    if (!take_char(text, "."))
        return true;
    int64_t digit;
    int64_t weight = 100;
    if (!take_digits(text, 1, &digit))
        return false;
    do {
        *ms += digit * weight;
        weight /= 10;
    } while (take_digits(text, 1, &digit));
    return true;
}

static bool take_time(struct slice *text, int64_t *since_midnight) {
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t ms;
    if (!take_digits(text, 2, &hour) || !take_char(text, ":") || !take_digits(text, 2, &minute) ||
        !take_char(text, ":") || !take_digits(text, 2, &second) || !take_fraction(text, &ms))
        return false;
    if (hour > 23 || minute > 59 || second > 60) /* 60: a leap second is the next minute's first */
        return false;
    *since_midnight = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
    return true;
}

static bool take_zone(struct slice *text, int64_t *offset) {
    *offset = 0;
    if (take_char(text, "Zz"))
        return true;
    bool west = take_char(text, "-");
    int64_t hour;
    int64_t minute;
    if ((!west && !take_char(text, "+")) || !take_digits(text, 2, &hour) || !take_char(text, ":") ||
        !take_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *offset = (hour * HOUR_MS + minute * MINUTE_MS) * (west ? -1 : 1);
    return true;
}

static bool parse_rfc3339(struct slice text, int64_t *at) {
    int64_t midnight;
    int64_t since_midnight;
    int64_t offset;
    if (!take_date(&text, &midnight) || !take_char(&text, "Tt ") ||
        !take_time(&text, &since_midnight) || !take_zone(&text, &offset) || text.size > 0)
        return false;
    *at = midnight + since_midnight - offset;
    return true;
}

static bool parse_epoch_ms(struct slice text, int64_t *at) {
    bool negative = take_char(&text, "-");
    int64_t value = 0;
    int64_t digit;
    if (text.size == 0)
        return false;
    while (take_digits(&text, 1, &digit)) {
        /* Counted below zero, where INT64_MIN has room too. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (text.size > 0 || (!negative && value == INT64_MIN))
        return false;
    *at = negative ? value : -value;
    return true;
}

bool instant_parse(struct slice text, int64_t *at, struct err *err) {
    if (parse_epoch_ms(text, at) || parse_rfc3339(text, at))
        return true;
    return err_set(err,
                   "\"" SLICE_FMT "\" is no instant: write 2026-11-27T17:30:00Z (with Z or an "
                   "offset like +01:00), or epoch milliseconds",
                   (int)(text.size < 64 ? text.size : 64), text.at);
}
