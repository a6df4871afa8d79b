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

/* Entries of both, ascending, into the end of h's array; returns where they begin. From the back,
 * so that nothing is overwritten before it has been read. */
static uint32_t merge_to_end(struct histogram *h, const struct histogram *other, int sign) {
    uint32_t mine = h->used;
    uint32_t theirs = other->used;
    uint32_t begin = mine + theirs;
    while (theirs > 0) {
        int64_t add = other->entries[theirs - 1];
        if (mine > 0 && bucket_of(h->entries[mine - 1]) > bucket_of(add)) {
            h->entries[--begin] = h->entries[--mine];
            continue;
        }
        int64_t count = sign * count_of(add);
        if (mine > 0 && bucket_of(h->entries[mine - 1]) == bucket_of(add))
            count += count_of(h->entries[--mine]);
        h->entries[--begin] = entry_of(bucket_of(add), count);
        theirs--;
    }
    /* What is left of ours stands before all of theirs. */
    memmove(h->entries + (begin - mine), h->entries, mine * sizeof(*h->entries));
    return begin - mine;
}

void histogram_merge(struct histogram *h, const struct histogram *other, int sign) {
    CHECK(h != other && (sign == 1 || sign == -1));
    if (other->used == 0)
        return;
    uint32_t end = h->used + other->used;
    reserve(h, end);
    uint32_t from = merge_to_end(h, other, sign);
    uint32_t used = 0;
    for (; from < end; from++) {
        if (count_of(h->entries[from]) != 0)
            h->entries[used++] = h->entries[from];
    }
    h->used = used;
    h->count += sign * other->count;
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
