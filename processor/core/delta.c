#include "core/delta.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/histogram.h"

#define FEWEST_SLOTS 256
#define LAST_ROWS 512
#define LEAF_SPREAD 37                  /* rows of several leaves at one time lie apart */
#define LAST_MS_SHIFT 13                /* of an instant, for its place among them: about a pane */
#define KEPT_ALWAYS (UINT64_C(1) << 63) /* what is not said to be one of those that are not */
_Static_assert(COUNTER_SOURCE_COUNT + ATTRIBUTION_COUNT < 63, "they have a bit each");
#define SAMPLE_COPIES 3 /* whoever writes them sorts a copy */

/* Open addressing from a mixed 64-bit key to an index. A slot belongs to the present epoch only
 * when its age does: so emptying the table costs nothing. */
struct delta_slot {
    uint64_t key;
    uint32_t age;
    uint32_t entry;
};

struct delta_index {
    struct delta_slot *slots;
    size_t mask;
    size_t used;
    uint32_t age; /* 1 .. */
};

struct delta_table {
    struct delta_row *rows;
    size_t row_count, row_capacity;
    struct delta_sample *samples;
    size_t sample_count, sample_capacity;
    uint32_t histograms; /* bits: of these samples are kept */
    uint64_t kept;       /* of leaves that are known; see delta_table_row */
    bool *known;         /* by leaf */
    size_t known_room;
    struct delta_index row_index; /* key: leaf and pane number */
    uint32_t last[LAST_ROWS];     /* looked up last: an event touches few rows, several times */
};

static void index_init(struct delta_index *x) {
    *x = (struct delta_index){.mask = FEWEST_SLOTS - 1, .age = 1};
    x->slots = calloc(FEWEST_SLOTS, sizeof(*x->slots));
    CHECK(x->slots);
}

static void index_reset(struct delta_index *x) {
    x->used = 0;
    if (++x->age != 0)
        return;
    memset(x->slots, 0, (x->mask + 1) * sizeof(*x->slots));
    x->age = 1;
}

/* Finalizer of MurmurHash3 (Appleby): every bit of the key reaches the low ones. */
static size_t mix(uint64_t key) {
    key = (key ^ key >> 33) * UINT64_C(0xff51afd7ed558ccd);
    key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (size_t)(key ^ key >> 33);
}

/* The slot with this key, or the free one where it belongs. */
static struct delta_slot *index_slot(struct delta_index *x, uint64_t key) {
    size_t at = mix(key) & x->mask;
    while (x->slots[at].age == x->age && x->slots[at].key != key)
        at = (at + 1) & x->mask;
    return &x->slots[at];
}

static void index_grow(struct delta_index *x) {
    struct delta_index old = *x;
    x->mask = (old.mask + 1) * 2 - 1;
    x->slots = calloc(x->mask + 1, sizeof(*x->slots));
    CHECK(x->slots);
    for (size_t i = 0; i <= old.mask; i++) {
        if (old.slots[i].age == old.age)
            *index_slot(x, old.slots[i].key) = old.slots[i];
    }
    free(old.slots);
}

/* The entry of the key; a new key gets `next`. */
static uint32_t index_get(struct delta_index *x, uint64_t key, uint32_t next) {
    struct delta_slot *slot = index_slot(x, key);
    if (slot->age == x->age)
        return slot->entry;
    if (x->used >= x->mask / 2) {
        index_grow(x);
        slot = index_slot(x, key);
    }
    *slot = (struct delta_slot){.key = key, .age = x->age, .entry = next};
    x->used++;
    return next;
}

struct delta_table *delta_table_new(void) {
    struct delta_table *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->histograms = UINT32_MAX;
    t->kept = DELTA_ANY;
    index_init(&t->row_index);
    return t;
}

void delta_table_free(struct delta_table *t) {
    if (!t)
        return;
    free(t->rows);
    free(t->samples);
    free(t->known);
    free(t->row_index.slots);
    free(t);
}

void delta_table_keep(struct delta_table *t, const struct delta_kept *kept) {
    t->histograms = kept->histograms;
    t->kept = KEPT_ALWAYS | (kept->counters & (DELTA_COUNTER(COUNTER_SOURCE_COUNT) - 1));
    for (int by = 0; by < ATTRIBUTION_COUNT; by++)
        t->kept |= kept->levels[by] ? DELTA_LEVELS(by) : 0;
}

void delta_table_know(struct delta_table *t, uint32_t leaf) {
    size_t room = t->known_room;
    if (leaf >= room) {
        t->known_room = ((size_t)leaf + 1) * 2;
        t->known = realloc(t->known, t->known_room * sizeof(*t->known));
        CHECK(t->known);
        memset(t->known + room, 0, (t->known_room - room) * sizeof(*t->known));
    }
    t->known[leaf] = true;
}

bool delta_table_knows(const struct delta_table *t, uint32_t leaf) {
    return leaf < t->known_room && t->known[leaf];
}

void delta_table_reset(struct delta_table *t) {
    t->row_count = 0;
    t->sample_count = 0;
    index_reset(&t->row_index);
}

static bool is_dropped(const struct delta_table *t, uint32_t leaf, uint64_t counts) {
    return !(t->kept & counts) && delta_table_knows(t, leaf);
}

static void add_row(struct delta_table *t, uint32_t leaf, int64_t pane_at) {
    if (t->row_count == t->row_capacity) {
        t->row_capacity = t->row_capacity == 0 ? 64 : t->row_capacity * 2;
        t->rows = realloc(t->rows, t->row_capacity * sizeof(*t->rows));
        CHECK(t->rows);
    }
    struct delta_row *row = &t->rows[t->row_count++];
    memset(row, 0, sizeof(*row));
    row->leaf = leaf;
    row->pane_at = pane_at;
}

#define APART __attribute__((noinline)) /* whoever calls it then saves no registers */

static APART struct delta_row *find_row(struct delta_table *t, uint32_t leaf, int64_t at,
                                        uint32_t *last) {
    int64_t pane_at = instant_floor(at, DELTA_PANE_MS);
    int64_t pane = pane_at / DELTA_PANE_MS;
    CHECK(pane >= INT32_MIN && pane <= INT32_MAX);
    uint64_t key = (uint64_t)leaf << 32 | (uint32_t)pane;
    uint32_t row = index_get(&t->row_index, key, (uint32_t)t->row_count);
    if (row == t->row_count)
        add_row(t, leaf, pane_at);
    *last = row;
    return &t->rows[row];
}

static APART struct delta_row *far_row(struct delta_table *t, uint32_t leaf, int64_t at,
                                       uint64_t counts, uint32_t *last) {
    return is_dropped(t, leaf, counts) ? NULL : find_row(t, leaf, at, last);
}

static bool is_row(const struct delta_table *t, uint32_t row, uint32_t leaf, int64_t at) {
    return row < t->row_count && t->rows[row].leaf == leaf &&
           (uint64_t)at - (uint64_t)t->rows[row].pane_at < DELTA_PANE_MS;
}

/* May move the rows. What could be dropped need not be where its row is near. */
static struct delta_row *row_of(struct delta_table *t, uint32_t leaf, int64_t at, uint64_t counts) {
    uint64_t place = (uint64_t)leaf * LEAF_SPREAD + ((uint64_t)at >> LAST_MS_SHIFT);
    uint32_t *last = &t->last[place % LAST_ROWS];
    return is_row(t, *last, leaf, at) ? &t->rows[*last] : far_row(t, leaf, at, counts, last);
}

struct delta_row *delta_table_row(struct delta_table *t, uint32_t leaf, int64_t at,
                                  uint64_t counts) {
    return row_of(t, leaf, at, counts);
}

static struct delta_sample *add_sample(struct delta_table *t) {
    if (t->sample_count == t->sample_capacity) {
        t->sample_capacity = t->sample_capacity == 0 ? 256 : t->sample_capacity * 2;
        t->samples = realloc(t->samples, t->sample_capacity * sizeof(*t->samples));
        CHECK(t->samples);
    }
    return &t->samples[t->sample_count++];
}

void delta_table_sample(struct delta_table *t, uint32_t leaf, int64_t at, enum histogram_id h,
                        int64_t value_ms, int32_t sign) {
    if (!(t->histograms >> h & 1))
        return;
    uint32_t row = (uint32_t)(row_of(t, leaf, at, DELTA_ANY) - t->rows);
    *add_sample(t) = (struct delta_sample){
        .row = row, .bucket = histogram_bucket(value_ms), .histogram = (uint8_t)h, .count = sign};
}

size_t delta_table_size(const struct delta_table *t) {
    return t->row_count * (sizeof(*t->rows) + 2 * sizeof(struct delta_slot)) +
           t->sample_count * SAMPLE_COPIES * sizeof(*t->samples);
}

size_t delta_table_rows(const struct delta_table *t) {
    return t->row_count;
}

const struct delta_row *delta_table_at(const struct delta_table *t, size_t index) {
    CHECK(index < t->row_count);
    return &t->rows[index];
}

const struct delta_sample *delta_table_samples(const struct delta_table *t, size_t *count) {
    *count = t->sample_count;
    return t->samples;
}

#define FEW_ROWS 16 /* of a leaf, put in order one by one */

static int compare_panes(const void *left, const void *right, void *context) {
    const struct delta_row *rows = context;
    int64_t a = rows[*(const uint32_t *)left].pane_at, b = rows[*(const uint32_t *)right].pane_at;
    return (a > b) - (a < b);
}

/* One leaf's rows. Mostly they came in order. */
static void order_panes(const struct delta_table *t, uint32_t *order, uint32_t count) {
    if (count > FEW_ROWS) {
        qsort_r(order, count, sizeof(*order), compare_panes, t->rows);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t row = order[i], place = i;
        for (; place > 0 && t->rows[order[place - 1]].pane_at > t->rows[row].pane_at; place--)
            order[place] = order[place - 1];
        order[place] = row;
    }
}

/* next[rank] becomes where the rows of the leaf of this rank end. */
static void order_leaves(const struct delta_table *t, const uint32_t *ranks, uint32_t leaves,
                         uint32_t *next, uint32_t *order) {
    for (size_t i = 0; i < t->row_count; i++)
        next[ranks[t->rows[i].leaf] + 1]++;
    for (uint32_t rank = 0; rank < leaves; rank++)
        next[rank + 1] += next[rank];
    for (size_t i = 0; i < t->row_count; i++)
        order[next[ranks[t->rows[i].leaf]]++] = (uint32_t)i;
}

void delta_table_order(const struct delta_table *t, struct leaf_dict *leaves, uint32_t *order) {
    if (t->row_count == 0)
        return;
    uint32_t count = leaf_dict_count(leaves);
    uint32_t *next = calloc((size_t)count + 1, sizeof(*next));
    CHECK(next);
    order_leaves(t, leaf_dict_ranks(leaves), count, next, order);
    for (uint32_t rank = 0, first = 0; rank < count; first = next[rank++])
        order_panes(t, order + first, next[rank] - first);
    free(next);
}
