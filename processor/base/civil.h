/* Dates and the days since 1970-01-01, in the proleptic Gregorian calendar. */
#pragma once

#include <stdint.h>

struct civil {
    int64_t year;
    int64_t month; /* 1..12 */
    int64_t day;   /* 1..31 */
};

int64_t civil_days(struct civil date);
struct civil civil_of_days(int64_t days);
int64_t civil_month_days(int64_t year, int64_t month);

/* 0 is Monday. */
static inline unsigned civil_weekday(int64_t days) {
    int64_t rest = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)(rest < 0 ? rest + 7 : rest);
}
