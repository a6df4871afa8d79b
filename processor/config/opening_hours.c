#include "config/opening_hours.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/civil.h"

static int by_day(const void *a, const void *b) {
    const struct opening_date *x = a;
    const struct opening_date *y = b;
    return (x->day > y->day) - (x->day < y->day);
}

static int by_opening(const void *a, const void *b) {
    const struct calendar_span *x = a;
    const struct calendar_span *y = b;
    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static const struct opening_day *hours_of(const struct opening_hours *o, int64_t day) {
    const struct opening_date key = {.day = day};
    const struct opening_date *date = o->date_count ? bsearch(&key, o->dates, o->date_count,
                                                              sizeof(key), by_day)
                                                    : NULL;
    return date ? &date->hours : &o->week[civil_weekday(day)];
}

static uint32_t second_of(const struct zone *z, int64_t day, int32_t minute, bool last) {
    int64_t at = zone_instant(z, day * DAY_MS + minute * MINUTE_MS, last);
    return (uint32_t)(at / SECOND_MS);
}

static void add_span(struct calendar *c, uint32_t from_s, uint32_t to_s) {
    if (from_s < to_s) /* else the clocks jumped over the whole of it */
        c->spans[c->count++] = (struct calendar_span){.from_s = from_s, .to_s = to_s};
}

/* The spans since `first` are those of the day. */
static void add_day(struct calendar *c, int64_t day, size_t first) {
    if (c->count == first)
        return;
    uint32_t opens_s = c->spans[first].from_s;
    for (size_t i = first + 1; i < c->count; i++)
        opens_s = c->spans[i].from_s < opens_s ? c->spans[i].from_s : opens_s;
    c->days[c->day_count++] = (struct calendar_day){(uint32_t)day, opens_s};
}

static void add_days(const struct opening_hours *o, struct calendar *c) {
    for (int64_t day = OPENING_FIRST_DAY; day < OPENING_END_DAY; day++) {
        const struct opening_day *hours = hours_of(o, day);
        size_t first = c->count;
        for (size_t i = 0; i < hours->count; i++)
            add_span(c, second_of(&o->zone, day, hours->spans[i].from_min, false),
                     second_of(&o->zone, day, hours->spans[i].to_min, true));
        add_day(c, day, first);
    }
}

/* Spans that touch or overlap (over midnight, or when the clocks go back) become one. */
static void join_spans(struct calendar *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct calendar_span *last = kept ? &c->spans[kept - 1] : NULL;
        if (!last || c->spans[i].from_s > last->to_s)
            c->spans[kept++] = c->spans[i];
        else if (c->spans[i].to_s > last->to_s)
            last->to_s = c->spans[i].to_s;
    }
    c->count = kept;
    uint32_t before_s = 0;
    for (size_t i = 0; i < kept; i++) {
        c->spans[i].before_s = before_s;
        before_s += c->spans[i].to_s - c->spans[i].from_s;
    }
}

static size_t spans_most(const struct opening_hours *o) {
    size_t most = 0;
    for (size_t i = 0; i < 7; i++)
        most = o->week[i].count > most ? o->week[i].count : most;
    size_t count = most * (size_t)(OPENING_END_DAY - OPENING_FIRST_DAY);
    for (size_t i = 0; i < o->date_count; i++)
        count += o->dates[i].hours.count;
    return count;
}

void opening_hours_compile(struct opening_hours *o, struct arena *arena, struct calendar *c) {
    if (o->date_count)
        qsort(o->dates, o->date_count, sizeof(*o->dates), by_day);
    size_t room = spans_most(o);
    struct calendar_span *work = calloc(room + 1, sizeof(*work));
    CHECK(work);
    c->spans = work;
    c->count = c->day_count = 0;
    c->days = arena_get(arena, OPENING_END_DAY - OPENING_FIRST_DAY, sizeof(*c->days));
    c->zone = o->zone;
    add_days(o, c);
    CHECK(c->count <= room);
    if (c->count)
        qsort(c->spans, c->count, sizeof(*c->spans), by_opening);
    join_spans(c);
    c->spans = arena_get(arena, c->count, sizeof(*c->spans));
    if (c->count)
        memcpy(c->spans, work, c->count * sizeof(*work));
    free(work);
}
