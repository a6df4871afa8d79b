#include "core/histogram.h"

#include <stdlib.h>

#include "base/check.h"

#define CUT_BITS 6 /* each power of two is cut into 2^6 buckets */
#define CUTS (1 << CUT_BITS)
#define FIRST_CAPACITY 4
#define ENTRY_BITS 12
#define ENTRY_BUCKETS (INT64_C(1) << ENTRY_BITS)
#define COUNT_MOST ((INT64_C(1) << 51) - 1)
#define NARROW_MOST ((INT64_C(1) << 19) - 1)

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
    free(h->narrow);
    histogram_init(h);
}

void histogram_reset(struct histogram *h) {
    h->used = 0;
    h->count = 0;
    h->most = 0;
}

static size_t entry_size(const struct histogram *h) {
    return h->is_wide ? sizeof(*h->wide) : sizeof(*h->narrow);
}

bool histogram_alike(const struct histogram *a, const struct histogram *b) {
    if (a->count != b->count || a->used != b->used || a->is_wide != b->is_wide)
        return false;
    return a->used == 0 || memcmp(a->narrow, b->narrow, a->used * entry_size(a)) == 0;
}

static void reserve(struct histogram *h, uint32_t capacity) {
    if (capacity <= h->capacity)
        return;
    uint32_t grown = h->capacity + h->capacity / 4 + FIRST_CAPACITY;
    if (capacity < grown)
        capacity = grown;
    h->narrow = realloc(h->narrow, capacity * entry_size(h));
    CHECK(h->narrow);
    h->capacity = capacity;
}

struct bin {
    uint16_t bucket;
    int64_t count;
};

/* `wide` is known where it is called: loops over many entries have one form for each. */
static inline int64_t entry_at(const struct histogram *h, uint32_t index, bool wide) {
    return wide ? h->wide[index] : h->narrow[index];
}

static inline void put_entry(struct histogram *h, uint32_t index, int64_t entry, bool wide) {
    if (wide)
        h->wide[index] = entry;
    else
        h->narrow[index] = (int32_t)entry;
}

static inline uint16_t bucket_of(int64_t entry) {
    return (uint16_t)(entry & (ENTRY_BUCKETS - 1));
}

static struct bin bin_at(const struct histogram *h, uint32_t index) {
    int64_t entry = entry_at(h, index, h->is_wide);
    return (struct bin){bucket_of(entry), entry >> ENTRY_BITS};
}

static void put_bin(struct histogram *h, uint32_t index, struct bin bin) {
    put_entry(h, index, bin.count * ENTRY_BUCKETS + bin.bucket, h->is_wide);
}

static void move_bins(struct histogram *h, uint32_t to, uint32_t from, uint32_t count) {
    size_t size = entry_size(h);
    char *at = (char *)h->narrow;
    if (count > 0 && to != from)
        memmove(at + to * size, at + from * size, count * size);
}

static void widen(struct histogram *h) {
    CHECK(!h->is_wide);
    h->wide = realloc(h->wide, h->capacity * sizeof(*h->wide));
    CHECK(h->wide || h->capacity == 0);
    for (uint32_t i = h->used; i > 0; i--) {
        int32_t entry;
        memcpy(&entry, (char *)h->narrow + (i - 1) * sizeof(entry), sizeof(entry));
        int64_t wide = entry;
        memcpy((char *)h->wide + (i - 1) * sizeof(wide), &wide, sizeof(wide));
    }
    h->is_wide = true;
}

/* Makes room for counts that differ by `more` from those that are there. */
static void expect_more(struct histogram *h, int64_t more) {
    CHECK(more >= 0 && more <= COUNT_MOST && h->most <= COUNT_MOST);
    h->most += more;
    if (h->is_wide || h->most <= NARROW_MOST)
        return;
    h->most = more; /* the bound has become loose: most counts are small */
    for (uint32_t i = 0; i < h->used; i++) {
        int64_t count = bin_at(h, i).count;
        count = (count < 0 ? -count : count) + more;
        h->most = count > h->most ? count : h->most;
    }
    if (h->most > NARROW_MOST)
        widen(h);
}

/* The first entry whose bucket is not below this one. */
static uint32_t place_of(const struct histogram *h, uint16_t bucket) {
    uint32_t low = 0;
    uint32_t high = h->used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bin_at(h, middle).bucket < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void histogram_add(struct histogram *h, uint16_t bucket, int64_t count) {
    CHECK(bucket < HISTOGRAM_BUCKETS);
    if (count == 0)
        return;
    expect_more(h, count < 0 ? -count : count);
    uint32_t place = place_of(h, bucket);
    h->count += count;
    if (place == h->used || bin_at(h, place).bucket != bucket) {
        reserve(h, h->used + 1);
        move_bins(h, place + 1, place, h->used - place);
        put_bin(h, place, (struct bin){bucket, count});
        h->used++;
        return;
    }
    count += bin_at(h, place).count;
    put_bin(h, place, (struct bin){bucket, count});
    if (count == 0) {
        h->used--;
        move_bins(h, place, place + 1, h->used - place);
    }
}

/* One by one is cheaper while few of the entries are touched. */
#define FEW_SHARE 16

static void add_each(struct histogram *h, const struct pane_entry *entries, size_t count,
                     uint32_t first_key) {
    for (size_t i = 0; i < count; i++)
        histogram_add(h, (uint16_t)(entries[i].key - first_key), entries[i].value);
}

/* The largest change of a count. */
static int64_t most_of(const struct pane_entry *entries, size_t count) {
    int64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t value = entries[i].value < 0 ? -entries[i].value : entries[i].value;
        most = value > most ? value : most;
    }
    return most;
}

/* Walks the entries, which stand at the end of the array from `mine` on, and what is added in
 * order. An entry is its bucket and count * 4096, so that counts of one bucket are added by
 * adding. */
static inline __attribute__((always_inline)) void walk_both(struct histogram *h,
                                                            const struct pane_entry *entries,
                                                            size_t count, uint32_t first_key,
                                                            uint32_t mine, bool wide) {
    uint32_t out = 0;
    uint32_t mine_end = mine + h->used;
    for (size_t i = 0; i < count; i++) {
        uint32_t bucket = entries[i].key - first_key;
        if (entries[i].value == 0)
            continue;
        h->count += entries[i].value;
        for (; mine < mine_end && bucket_of(entry_at(h, mine, wide)) < bucket; mine++)
            put_entry(h, out++, entry_at(h, mine, wide), wide);
        int64_t entry = entries[i].value * ENTRY_BUCKETS + bucket;
        if (mine < mine_end && bucket_of(entry_at(h, mine, wide)) == bucket)
            entry += entry_at(h, mine++, wide) - bucket;
        if (entry != bucket)
            put_entry(h, out++, entry, wide);
    }
    move_bins(h, out, mine, mine_end - mine);
    h->used = out + mine_end - mine;
}

static void merge(struct histogram *h, const struct pane_entry *entries, size_t count,
                  uint32_t first_key) {
    expect_more(h, most_of(entries, count));
    reserve(h, h->used + (uint32_t)count);
    move_bins(h, (uint32_t)count, 0, h->used);
    if (h->is_wide)
        walk_both(h, entries, count, first_key, (uint32_t)count, true);
    else
        walk_both(h, entries, count, first_key, (uint32_t)count, false);
}

void histogram_add_entries(struct histogram *h, const struct pane_entry *entries, size_t count,
                           uint32_t first_key) {
    CHECK(count == 0 || entries[count - 1].key - first_key < ENTRY_BUCKETS);
    if (count < h->used / FEW_SHARE)
        add_each(h, entries, count, first_key);
    else if (count > 0)
        merge(h, entries, count, first_key);
}

bool histogram_quantile(const struct histogram *h, int32_t per_mille, int64_t *value_ms) {
    CHECK(per_mille >= 1 && per_mille <= 1000);
    if (h->count <= 0)
        return false;
    int64_t rank = (h->count / 1000) * per_mille + (h->count % 1000 * per_mille + 999) / 1000;
    int64_t seen = 0;
    for (uint32_t i = 0; i < h->used; i++) {
        struct bin bin = bin_at(h, i);
        seen += bin.count;
        if (seen >= rank) {
            *value_ms = histogram_bucket_middle(bin.bucket);
            return true;
        }
    }
    UNREACHABLE("the counts add up to h->count");
}

void histogram_save(const struct histogram *h, struct buf *b) {
    buf_put_varint(b, h->used);
    uint64_t before = 0;
    for (uint32_t i = 0; i < h->used; i++) {
        struct bin bin = bin_at(h, i);
        buf_put_varint(b, bin.bucket - before);
        buf_put_zigzag(b, bin.count);
        before = bin.bucket;
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
        histogram_add(h, (uint16_t)bucket, count);
    }
}

bool histogram_load(struct histogram *h, struct cursor *c) {
    histogram_reset(h);
    load_entries(h, c);
    if (c->failed)
        histogram_reset(h);
    return !c->failed;
}
