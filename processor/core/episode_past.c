#include "core/episode_past.h"

#include <stdlib.h>

#include "base/check.h"

#define PRINT_SEED_HIGH UINT64_C(0x666c6f6f7277616c)
#define PRINT_SEED_LOW UINT64_C(0x6b65722d61736b73)

struct episode_print episode_print_of(struct slice key) {
    return (struct episode_print){slice_hash(key, PRINT_SEED_HIGH),
                                  slice_hash(key, PRINT_SEED_LOW)};
}

static bool print_equal(struct episode_print a, struct episode_print b) {
    return a.high == b.high && a.low == b.low;
}

static bool key_has_print(const void *context, uint32_t handle, const void *key) {
    const struct episode_past *p = context;
    const struct past_key *past = pool_at(&p->pool, handle);
    return print_equal(past->print, *(const struct episode_print *)key);
}

static uint32_t find_handle(const struct episode_past *p, struct episode_print print) {
    return table_find(&p->table, print.high, key_has_print, p, &print);
}

void episode_past_init(struct episode_past *p, uint32_t limit) {
    CHECK(limit >= 2);
    *p = (struct episode_past){.limit = limit};
    pool_init(&p->pool, sizeof(struct past_key));
    table_init(&p->table, 16);
}

void episode_past_deinit(struct episode_past *p) {
    pool_deinit(&p->pool);
    table_deinit(&p->table);
}

const struct past_key *episode_past_find(const struct episode_past *p, struct slice key) {
    if (p->table.used == 0)
        return NULL;
    uint32_t handle = find_handle(p, episode_print_of(key));
    return handle == TABLE_NONE ? NULL : pool_at(&p->pool, handle);
}

static struct past_key *insert(struct episode_past *p, struct episode_print print) {
    uint32_t handle = pool_get(&p->pool);
    struct past_key *past = pool_at(&p->pool, handle);
    past->print = print;
    past->silent_from = INSTANT_NONE;
    table_insert(&p->table, print.high, handle);
    return past;
}

static int by_print(const void *a, const void *b) {
    const struct past_key *x = *(const struct past_key *const *)a;
    const struct past_key *y = *(const struct past_key *const *)b;
    if (x->print.high != y->print.high)
        return x->print.high < y->print.high ? -1 : 1;
    if (x->print.low != y->print.low)
        return x->print.low < y->print.low ? -1 : 1;
    return 0;
}

static int by_age(const void *a, const void *b) {
    const struct past_key *x = *(const struct past_key *const *)a;
    const struct past_key *y = *(const struct past_key *const *)b;
    if (x->noted_at != y->noted_at)
        return x->noted_at < y->noted_at ? -1 : 1;
    return by_print(a, b);
}

/* All keys in an order that does not depend on history; the caller frees it. */
static struct past_key **sorted(const struct episode_past *p,
                                int (*order)(const void *, const void *)) {
    struct past_key **all = calloc(p->table.used + 1, sizeof(struct past_key *));
    CHECK(all);
    size_t place = 0;
    size_t count = 0;
    for (uint32_t h; (h = table_next(&p->table, &place)) != TABLE_NONE;)
        all[count++] = pool_at(&p->pool, h);
    CHECK(count == p->table.used);
    qsort(all, count, sizeof(struct past_key *), order);
    return all;
}

static void forget_one(struct episode_past *p, struct episode_print print) {
    uint32_t handle = find_handle(p, print);
    CHECK(handle != TABLE_NONE);
    table_remove(&p->table, print.high, handle);
    pool_put(&p->pool, handle);
}

static void forget_older_half(struct episode_past *p) {
    struct past_key **all = sorted(p, by_age);
    size_t half = p->table.used / 2;
    for (size_t i = 0; i < half; i++)
        forget_one(p, all[i]->print);
    p->forgotten += half;
    free(all);
}

static struct past_key *note(struct episode_past *p, struct slice key, int64_t clock) {
    struct episode_print print = episode_print_of(key);
    uint32_t handle = find_handle(p, print);
    if (handle == TABLE_NONE && p->table.used >= p->limit)
        forget_older_half(p);
    struct past_key *past = handle == TABLE_NONE ? insert(p, print)
                                                 : (struct past_key *)pool_at(&p->pool, handle);
    past->noted_at = clock;
    return past;
}

void episode_past_silence(struct episode_past *p, struct slice key, int64_t clock, int64_t from) {
    note(p, key, clock)->silent_from = from;
}

void episode_past_void(struct episode_past *p, struct slice key, int64_t clock) {
    note(p, key, clock)->voids++;
}

void episode_past_forget(struct episode_past *p, int64_t at) {
    struct past_key **all = sorted(p, by_age);
    size_t count = p->table.used;
    for (size_t i = 0; i < count && all[i]->noted_at < at; i++)
        forget_one(p, all[i]->print);
    free(all);
}

void episode_past_save(const struct episode_past *p, struct buf *b) {
    struct past_key **all = sorted(p, by_print);
    buf_put_varint(b, p->table.used);
    for (size_t i = 0; i < p->table.used; i++) {
        buf_put_u64(b, all[i]->print.high);
        buf_put_u64(b, all[i]->print.low);
        buf_put_zigzag(b, all[i]->noted_at);
        buf_put_zigzag(b, all[i]->silent_from);
        buf_put_varint(b, all[i]->voids);
    }
    free(all);
}

void episode_past_load(struct episode_past *p, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > p->limit)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct episode_print print;
        print.high = cursor_u64(c);
        print.low = cursor_u64(c);
        if (find_handle(p, print) != TABLE_NONE) {
            cursor_fail(c);
            return;
        }
        struct past_key *past = insert(p, print);
        past->noted_at = cursor_zigzag(c);
        past->silent_from = cursor_zigzag(c);
        past->voids = (uint32_t)cursor_varint(c);
    }
}
