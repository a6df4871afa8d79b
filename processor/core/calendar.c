#include "core/calendar.h"

static int64_t from_of(const struct calendar_span *s) {
    return (int64_t)s->from_s * SECOND_MS;
}

static int64_t length_of(const struct calendar_span *s) {
    return (int64_t)(s->to_s - s->from_s) * SECOND_MS;
}

/* How many spans begin at `at` or before. */
static size_t begun(const struct calendar *c, int64_t at) {
    size_t low = 0;
    size_t high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (from_of(&c->spans[middle]) <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Open time before `at`. */
static int64_t open_before(const struct calendar *c, int64_t at) {
    size_t count = begun(c, at);
    if (count == 0)
        return 0;
    const struct calendar_span *s = &c->spans[count - 1];
    int64_t in_span_ms = at - from_of(s);
    int64_t length_ms = length_of(s);
    return (int64_t)s->before_s * SECOND_MS + (in_span_ms < length_ms ? in_span_ms : length_ms);
}

int64_t calendar_open_ms(const struct calendar *c, int64_t from_at, int64_t to_at) {
    if (to_at <= from_at)
        return 0;
    return c ? open_before(c, to_at) - open_before(c, from_at) : to_at - from_at;
}

/* The span in which the open time since the first one reaches open_ms; NULL: in none. */
static const struct calendar_span *span_reaching(const struct calendar *c, int64_t open_ms) {
    size_t low = 0;
    size_t high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct calendar_span *s = &c->spans[middle];
        if ((int64_t)s->before_s * SECOND_MS + length_of(s) < open_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->count ? &c->spans[low] : NULL;
}

int64_t calendar_after(const struct calendar *c, int64_t from_at, int64_t open_ms) {
    if (!c || open_ms <= 0)
        return open_ms > 0 ? from_at + open_ms : from_at;
    int64_t reached_ms = open_before(c, from_at) + open_ms;
    const struct calendar_span *s = span_reaching(c, reached_ms);
    return s ? from_of(s) + reached_ms - (int64_t)s->before_s * SECOND_MS : INSTANT_MAX;
}

bool calendar_is_open(const struct calendar *c, int64_t at) {
    size_t count = c ? begun(c, at) : 0;
    return !c ||
           (count > 0 && at - from_of(&c->spans[count - 1]) < length_of(&c->spans[count - 1]));
}

int64_t calendar_opens_at(const struct calendar *c, int64_t at) {
    if (calendar_is_open(c, at))
        return at;
    size_t next = begun(c, at);
    return next < c->count ? from_of(&c->spans[next]) : INSTANT_MAX;
}

/* How many days begin at `at` or before. */
static size_t days_begun(const struct calendar *c, int64_t at) {
    size_t low = 0;
    size_t high = c->day_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((int64_t)c->days[middle].opens_s * SECOND_MS <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t calendar_days_after(const struct calendar *c, int64_t from_at, uint32_t days) {
    int64_t start_at = calendar_opens_at(c, from_at);
    size_t begun_days = start_at == INSTANT_MAX ? 0 : days_begun(c, start_at);
    if (begun_days == 0 || begun_days - 1 + days >= c->day_count)
        return INSTANT_MAX;
    const struct calendar_day *first = &c->days[begun_days - 1];
    int64_t into_ms = start_at + zone_offset_ms(&c->zone, start_at) - (int64_t)first->day * DAY_MS;
    return zone_instant(&c->zone, (int64_t)first[days].day * DAY_MS + into_ms, true);
}

bool calendar_opens_on(const struct calendar *c, int64_t at, int weeks) {
    int64_t local = at + zone_offset_ms(&c->zone, at);
    int64_t day = instant_floor(local, DAY_MS) / DAY_MS + (int64_t)weeks * 7;
    size_t low = 0;
    size_t high = c->day_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((int64_t)c->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->day_count && (int64_t)c->days[low].day == day;
}
