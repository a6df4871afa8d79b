#include "core/forecast_series.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/event.h"

void forecast_series_init(struct forecast_series *s) {
    *s = (struct forecast_series){0};
}

void forecast_series_deinit(struct forecast_series *s) {
    free(s->versions);
    forecast_series_init(s);
}

struct forecast_version forecast_version_of(const struct forecast *f) {
    return (struct forecast_version){.start_at = f->start_at,
                                     .published_at = f->published_at,
                                     .log_at = f->log_at,
                                     .id = slice_hash(f->forecast_id, 0),
                                     .version = f->version,
                                     .interval_ms = (int32_t)f->interval_ms,
                                     .volume = f->volume,
                                     .required_fte = f->required_fte,
                                     .shrinkage = f->shrinkage,
                                     .p10 = f->p10,
                                     .p90 = f->p90,
                                     .aht_ms = f->aht_ms,
                                     .superseded = f->superseded};
}

static int compare(const struct forecast_version *a, const struct forecast_version *b) {
    if (a->start_at != b->start_at)
        return a->start_at < b->start_at ? -1 : 1;
    if (a->published_at != b->published_at)
        return a->published_at < b->published_at ? -1 : 1;
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* The first version that is not before `v`. */
static size_t lower(const struct forecast_series *s, const struct forecast_version *v) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&s->versions[middle], v) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t first_from(const struct forecast_series *s, int64_t start_at) {
    struct forecast_version least = {
        .start_at = start_at, .published_at = INSTANT_NONE, .version = INT32_MIN};
    return lower(s, &least);
}

static int64_t end_of(const struct forecast_version *v) {
    return v->start_at + v->interval_ms;
}

static bool is_same(const struct forecast_version *a, const struct forecast_version *b) {
    return a->start_at == b->start_at && a->interval_ms == b->interval_ms &&
           a->version == b->version && a->id == b->id;
}

/* Only one of both can stand. */
static bool clashes(const struct forecast_version *a, const struct forecast_version *b) {
    bool overlaps = a->start_at < end_of(b) && b->start_at < end_of(a);
    return overlaps && (a->start_at != b->start_at || a->interval_ms != b->interval_ms);
}

static bool is_displaced(const struct forecast_version *old, const struct forecast_version *v) {
    return clashes(old, v) && old->published_at <= v->published_at;
}

/* Something stood there since the first of them was known: it is not to be missing until then. */
static long drop_displaced(struct forecast_series *s, struct forecast_version *v) {
    size_t kept = first_from(s, v->start_at - s->longest_ms);
    size_t at = kept;
    for (; at < s->count && s->versions[at].start_at < end_of(v); at++) {
        const struct forecast_version *old = &s->versions[at];
        if (!is_same(old, v) && !is_displaced(old, v))
            s->versions[kept++] = *old;
        else if (old->log_at < v->log_at)
            v->log_at = old->log_at;
    }
    long dropped = (long)(at - kept);
    if (dropped > 0)
        memmove(&s->versions[kept], &s->versions[at], (s->count - at) * sizeof(*s->versions));
    s->count -= (size_t)dropped;
    return dropped;
}

static void insert(struct forecast_series *s, size_t at, const struct forecast_version *v) {
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 64 : s->capacity * 2;
        s->versions = realloc(s->versions, s->capacity * sizeof(*s->versions));
        CHECK(s->versions);
    }
    memmove(&s->versions[at + 1], &s->versions[at], (s->count - at) * sizeof(*s->versions));
    s->versions[at] = *v;
    s->count++;
}

/* What stands was published later. */
static bool has_no_place(const struct forecast_series *s, const struct forecast_version *v) {
    for (size_t i = first_from(s, v->start_at - s->longest_ms);
         i < s->count && s->versions[i].start_at < end_of(v); i++)
        if (clashes(&s->versions[i], v))
            return true;
    return false;
}

long forecast_series_put(struct forecast_series *s, const struct forecast_version *v) {
    struct forecast_version own = *v;
    long dropped = s->count > 0 ? drop_displaced(s, &own) : 0;
    if (has_no_place(s, v))
        return -dropped;
    insert(s, lower(s, v), &own);
    if (v->interval_ms > s->longest_ms)
        s->longest_ms = v->interval_ms;
    return 1 - dropped;
}

bool forecast_series_make_room(struct forecast_series *s, const struct forecast_version *v) {
    size_t first = first_from(s, v->start_at);
    CHECK(first < s->count && s->versions[first].start_at == v->start_at);
    bool another = !is_same(&s->versions[first], v);
    s->count--;
    memmove(&s->versions[first], &s->versions[first + 1],
            (s->count - first) * sizeof(*s->versions));
    return another;
}

const struct forecast_version *forecast_series_at(const struct forecast_series *s, int64_t start_at,
                                                  int64_t lead_ms) {
    const struct forecast_version *best = NULL;
    for (size_t i = first_from(s, start_at); i < s->count && s->versions[i].start_at == start_at &&
                                             s->versions[i].published_at <= start_at - lead_ms;
         i++) {
        if (lead_ms > 0 || !s->versions[i].superseded)
            best = &s->versions[i];
    }
    return best;
}

const struct forecast_version *forecast_series_holding(const struct forecast_series *s, int64_t at,
                                                       int64_t known_at) {
    const struct forecast_version *best = NULL;
    for (size_t i = first_from(s, at - s->longest_ms + 1);
         i < s->count && s->versions[i].start_at <= at; i++) {
        const struct forecast_version *v = &s->versions[i];
        bool counts = end_of(v) > at && v->published_at <= v->start_at && !v->superseded &&
                      v->log_at <= known_at;
        if (counts && (!best || v->published_at >= best->published_at))
            best = v;
    }
    return best;
}

bool forecast_series_expect(const struct forecast_series *s, int64_t from_at, int64_t to_at,
                            int64_t known_at, struct forecast_sum *sum) {
    *sum = (struct forecast_sum){.told = true};
    for (int64_t at = from_at; at < to_at;) {
        const struct forecast_version *v = forecast_series_holding(s, at, known_at);
        if (!v)
            return false;
        int64_t end_at = end_of(v) < to_at ? end_of(v) : to_at;
        double part = (double)(end_at - at) / (double)v->interval_ms;
        sum->volume += v->volume * part;
        sum->told = sum->told && v->p90 >= 0;
        sum->p10 += v->p10 * part;
        sum->p90 += v->p90 * part;
        if (v->interval_ms > sum->longest_ms)
            sum->longest_ms = v->interval_ms;
        at = end_at;
    }
    return true;
}

const struct forecast_version *forecast_series_from(const struct forecast_series *s,
                                                    int64_t start_at) {
    size_t i = first_from(s, start_at);
    return i < s->count ? &s->versions[i] : NULL;
}

size_t forecast_series_forget(struct forecast_series *s, int64_t until_at) {
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (end_of(&s->versions[i]) > until_at)
            s->versions[kept++] = s->versions[i];
    size_t forgotten = s->count - kept;
    s->count = kept;
    return forgotten;
}

static void save_version(const struct forecast_version *v, struct buf *b) {
    buf_put_zigzag(b, v->start_at);
    buf_put_zigzag(b, v->published_at);
    buf_put_zigzag(b, v->log_at);
    buf_put_u64(b, v->id);
    buf_put_zigzag(b, v->version);
    buf_put_varint(b, (uint64_t)v->interval_ms);
    buf_put_double(b, v->volume);
    buf_put_double(b, v->required_fte);
    buf_put_double(b, v->shrinkage);
    buf_put_double(b, v->p10);
    buf_put_double(b, v->p90);
    buf_put_zigzag(b, v->aht_ms);
    buf_put_u8(b, v->superseded);
}

/* False for what is no number. */
static bool is_figure(double value) {
    return value >= FORECAST_NONE && value <= FORECAST_VOLUME_MAX;
}

static bool version_is_sound(const struct forecast_version *v) {
    bool interval = v->start_at > 0 && v->start_at <= EVENT_AT_MAX && v->interval_ms > 0 &&
                    v->interval_ms <= FORECAST_INTERVAL_MAX_MS;
    return interval && v->volume >= 0 && is_figure(v->volume) && is_figure(v->p10) &&
           is_figure(v->p90) && is_figure(v->required_fte) && is_figure(v->shrinkage) &&
           v->shrinkage < 1 && v->aht_ms >= FORECAST_NONE && v->aht_ms <= DAY_MS;
}

static struct forecast_version load_version(struct cursor *c) {
    struct forecast_version v = {.start_at = cursor_zigzag(c)};
    v.published_at = cursor_zigzag(c);
    v.log_at = cursor_zigzag(c);
    v.id = cursor_u64(c);
    v.version = (int32_t)cursor_zigzag(c);
    v.interval_ms = (int32_t)cursor_varint(c);
    v.volume = cursor_double(c);
    v.required_fte = cursor_double(c);
    v.shrinkage = cursor_double(c);
    v.p10 = cursor_double(c);
    v.p90 = cursor_double(c);
    v.aht_ms = cursor_zigzag(c);
    v.superseded = cursor_u8(c) != 0;
    if (!version_is_sound(&v))
        cursor_fail(c);
    return v;
}

/* longest_ms is not what it was once, but what it is for these. */
void forecast_series_save(const struct forecast_series *s, struct buf *b) {
    buf_put_varint(b, s->count);
    for (size_t i = 0; i < s->count; i++)
        save_version(&s->versions[i], b);
}

void forecast_series_load(struct forecast_series *s, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct forecast_version v = load_version(c);
        if (c->failed || (s->count > 0 && compare(&s->versions[s->count - 1], &v) >= 0)) {
            cursor_fail(c);
            return;
        }
        insert(s, s->count, &v);
        if (v.interval_ms > s->longest_ms)
            s->longest_ms = v.interval_ms;
    }
}
