/* core/calendar: beside a walk over all open spans. */
#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "core/calendar.h"
#include "micro.h"

#define START INT64_C(1700000000000)
#define OPENS_S (9 * 3600)
#define SHUTS_S (17 * 3600)
#define WALKS 200000u

/* Five days of seven, nine to five. */
static void make(struct calendar *c, size_t days) {
    *c = (struct calendar){.spans = calloc(days, sizeof(*c->spans))};
    CHECK(c->spans);
    uint32_t before_s = 0;
    for (size_t day = 0; day < days; day++) {
        if (day % 7 > 4)
            continue;
        uint32_t midnight_s = (uint32_t)(START / 1000 + (int64_t)day * 86400);
        c->spans[c->count++] = (struct calendar_span){midnight_s + OPENS_S, midnight_s + SHUTS_S,
                                                      before_s};
        before_s += SHUTS_S - OPENS_S;
    }
}

static int64_t walk_open_ms(const struct calendar *c, int64_t from_at, int64_t to_at) {
    int64_t sum = 0;
    for (size_t i = 0; i < c->count; i++) {
        int64_t begin = c->spans[i].from_s * INT64_C(1000), end = c->spans[i].to_s * INT64_C(1000);
        begin = begin > from_at ? begin : from_at;
        end = end < to_at ? end : to_at;
        sum += end > begin ? end - begin : 0;
    }
    return sum;
}

static void measure(size_t days) {
    struct calendar c;
    struct rng r;
    uint64_t span_ms = days * (uint64_t)DAY_MS;
    int64_t sum = 0;
    make(&c, days);
    rng_init(&r, 4);
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++) {
        int64_t from_at = START + (int64_t)rng_below(&r, span_ms);
        sum += calendar_open_ms(&c, from_at, from_at + 3 * DAY_MS);
    }
    micro_print("calendar: open time between", c.count,
                (micro_now_ns() - begin) / MICRO_OPERATIONS);
    begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++)
        sum += calendar_after(&c, START + (int64_t)rng_below(&r, span_ms), 12 * HOUR_MS) != 0;
    micro_print("calendar: deadline", c.count, (micro_now_ns() - begin) / MICRO_OPERATIONS);
    begin = micro_now_ns();
    for (uint32_t i = 0; i < WALKS; i++) {
        int64_t from_at = START + (int64_t)rng_below(&r, span_ms);
        sum += walk_open_ms(&c, from_at, from_at + 3 * DAY_MS);
    }
    micro_print("  all spans walked: open time between", c.count, (micro_now_ns() - begin) / WALKS);
    CHECK(sum != 0);
    free(c.spans);
}

void micro_calendar(void) {
    measure(366);
    measure((size_t)10 * 366);
}
