#include "core/histogram.h"

#include <stdlib.h>

#include "base/check.h"

#define CUT_BITS 6 /* each power of two is cut into 2^6 buckets */
#define CUTS (1 << CUT_BITS)
#define FIRST_CAPACITY 4
#define ENTRY_BITS 12
#define ENTRY_BUCKETS (INT64_C(1) << ENTRY_BITS)
#define COUNT_MOST ((INT64_C(1) << 51) - 1)

uint16_t histogram_bucket(int64_t value_ms) {
    uint64_t value = value_ms < 0 ? 0 : (uint64_t)value_ms;
    if (value < 2 * CUTS)
        return (uint16_t)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - CUT_BITS;
    return (uint16_t)(shift * CUTS + (value >> shift));
}

int64_t histogram_bucket_middle(uint16_t bucket) {
    CHECK(bucket < HISTOGRAM_BUCKETS);
    if (bucket < 2 * CUTS)
        return bucket;
    unsigned shift = bucket / CUTS - 1u;
    int64_t first = (int64_t)(bucket % CUTS + CUTS) << shift;
    return first + ((INT64_C(1) << shift) - 1) / 2;
}

void histogram_init(struct histogram *h) {
    *h = (struct histogram){0};
}

void histogram_deinit(struct histogram *h) {
    free(h->entries);
    histogram_init(h);
}

void histogram_reset(struct histogram *h) {
    h->used = 0;
    h->count = 0;
}

static void reserve(struct histogram *h, uint32_t capacity) {
    if (capacity <= h->capacity)
        return;
    uint32_t grown = h->capacity + h->capacity / 2 + FIRST_CAPACITY;
    if (capacity < grown)
        capacity = grown;
    h->entries = realloc(h->entries, capacity * sizeof(*h->entries));
    CHECK(h->entries);
    h->capacity = capacity;
}

/* A count and its bucket in 8 bytes: windows of many scopes hold many of them. */
static int64_t entry_of(uint16_t bucket, int64_t count) {
    CHECK(bucket < HISTOGRAM_BUCKETS && count >= -COUNT_MOST && count <= COUNT_MOST);
    return count * ENTRY_BUCKETS + bucket;
}

static uint16_t bucket_of(int64_t entry) {
    return (uint16_t)(entry & (ENTRY_BUCKETS - 1));
}

static int64_t count_of(int64_t entry) {
    return entry >> ENTRY_BITS;
}

/* The first entry whose bucket is not below this one. */
static uint32_t place_of(const struct histogram *h, uint16_t bucket) {
    uint32_t low = 0;
    uint32_t high = h->used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bucket_of(h->entries[middle]) < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void histogram_add(struct histogram *h, uint16_t bucket, int64_t count) {
    if (count == 0)
        return;
    uint32_t place = place_of(h, bucket);
    h->count += count;
    if (place == h->used || bucket_of(h->entries[place]) != bucket) {
        reserve(h, h->used + 1);
        int64_t *at = h->entries + place;
        memmove(at + 1, at, (h->used - place) * sizeof(*at));
        *at = entry_of(bucket, count);
        h->used++;
        return;
    }
    int64_t *at = h->entries + place;
    *at = entry_of(bucket, count_of(*at) + count);
    if (count_of(*at) == 0) {
        h->used--;
        memmove(at, at + 1, (h->used - place) * sizeof(*at));
    }
}

/* One by one is cheaper while few of the entries are touched. */
#define FEW_SHARE 16

static void add_each(struct histogram *h, const struct tally *t, uint32_t first_key) {
    uint32_t end = first_key + (uint32_t)ENTRY_BUCKETS;
    for (uint32_t key = first_key; tally_next(t, &key) && key < end; key++)
        histogram_add(h, (uint16_t)(key - first_key), t->values[key]);
}

/* Moves the entries to the end of the array and walks both in order. */
static void merge_tally(struct histogram *h, const struct tally *t, uint32_t first_key,
                        uint32_t touched) {
    reserve(h, h->used + touched);
    int64_t *mine = h->entries + touched;
    int64_t *mine_end = mine + h->used;
    memmove(mine, h->entries, h->used * sizeof(*mine));
    int64_t *out = h->entries;
    uint32_t end = first_key + (uint32_t)ENTRY_BUCKETS;
    for (uint32_t key = first_key; tally_next(t, &key) && key < end; key++) {
        int64_t count = t->values[key];
        uint16_t bucket = (uint16_t)(key - first_key);
        if (count == 0)
            continue;
        h->count += count;
        while (mine < mine_end && bucket_of(*mine) < bucket)
            *out++ = *mine++;
        if (mine < mine_end && bucket_of(*mine) == bucket)
            count += count_of(*mine++);
        if (count != 0)
            *out++ = entry_of(bucket, count);
    }
    if (out != mine)
        memmove(out, mine, (size_t)(mine_end - mine) * sizeof(*mine));
    h->used = (uint32_t)(out - h->entries) + (uint32_t)(mine_end - mine);
}

void histogram_add_tally(struct histogram *h, const struct tally *t, uint32_t first_key) {
    size_t touched = tally_count(t, first_key, first_key + (uint32_t)ENTRY_BUCKETS);
    if (touched < h->used / FEW_SHARE)
        add_each(h, t, first_key);
    else if (touched > 0)
        merge_tally(h, t, first_key, (uint32_t)touched);
}

bool histogram_quantile(const struct histogram *h, int32_t per_mille, int64_t *value_ms) {
    CHECK(per_mille >= 1 && per_mille <= 1000);
    if (h->count <= 0)
        return false;
    int64_t rank = (h->count / 1000) * per_mille + (h->count % 1000 * per_mille + 999) / 1000;
    int64_t seen = 0;
    for (uint32_t i = 0; i < h->used; i++) {
        seen += count_of(h->entries[i]);
        if (seen >= rank) {
            *value_ms = histogram_bucket_middle(bucket_of(h->entries[i]));
            return true;
        }
    }
    UNREACHABLE("the counts add up to h->count");
}

void histogram_save(const struct histogram *h, struct buf *b) {
    buf_put_varint(b, h->used);
    uint64_t before = 0;
    for (uint32_t i = 0; i < h->used; i++) {
        buf_put_varint(b, bucket_of(h->entries[i]) - before);
        buf_put_zigzag(b, count_of(h->entries[i]));
        before = bucket_of(h->entries[i]);
    }
}

static void load_entries(struct histogram *h, struct cursor *c) {
    uint64_t used = cursor_varint(c);
    uint64_t bucket = 0;
    for (uint64_t i = 0; i < used && !c->failed; i++) {
        uint64_t step = cursor_varint(c);
        int64_t count = cursor_zigzag(c);
        bool ascends = step < HISTOGRAM_BUCKETS - bucket && (step > 0 || i == 0);
        if (!ascends || count == 0 || count < -COUNT_MOST || count > COUNT_MOST) {
            cursor_fail(c);
            return;
        }
        bucket += step;
        reserve(h, h->used + 1);
        h->entries[h->used++] = entry_of((uint16_t)bucket, count);
        h->count += count;
    }
}

bool histogram_load(struct histogram *h, struct cursor *c) {
    histogram_reset(h);
    load_entries(h, c);
    if (c->failed)
        histogram_reset(h);
    return !c->failed;
}
