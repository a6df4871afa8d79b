/* base/table: beside GLib's hash table. */
#include <glib.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/table.h"
#include "micro.h"

#define BATCH 16u
#define SPREAD UINT64_C(0x9E3779B97F4A7C15)

/* The key stands outside of the table, as in GLib's and as an interaction does. */
static bool is_key(const void *context, uint32_t handle, const void *key) {
    const gint64 *keys = context;
    return keys[handle] == *(const gint64 *)key;
}

static double find_each(const gint64 *keys, const struct table *t, uint32_t size) {
    struct rng r;
    rng_init(&r, 2);
    uint64_t sum = 0;
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++) {
        gint64 key = (gint64)(rng_below(&r, size) * SPREAD);
        sum += table_find(t, (uint64_t)key, is_key, keys, &key);
    }
    CHECK(sum != 0);
    return (micro_now_ns() - begin) / MICRO_OPERATIONS;
}

/* Batches with a prefetch before, as the engine does it. */
static double find_batches(const gint64 *keys, const struct table *t, uint32_t size) {
    struct rng r;
    rng_init(&r, 2);
    uint64_t sum = 0;
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i += BATCH) {
        gint64 wanted[BATCH];
        for (size_t j = 0; j < BATCH; j++) {
            wanted[j] = (gint64)(rng_below(&r, size) * SPREAD);
            table_prefetch(t, (uint64_t)wanted[j]);
        }
        for (size_t j = 0; j < BATCH; j++)
            sum += table_find(t, (uint64_t)wanted[j], is_key, keys, &wanted[j]);
    }
    CHECK(sum != 0);
    return (micro_now_ns() - begin) / MICRO_OPERATIONS;
}

static double find_in_glib(const gint64 *keys, GHashTable *t, uint32_t size) {
    struct rng r;
    rng_init(&r, 2);
    uint64_t sum = 0;
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++)
        sum += GPOINTER_TO_UINT(g_hash_table_lookup(t, &keys[rng_below(&r, size)]));
    CHECK(sum != 0);
    return (micro_now_ns() - begin) / MICRO_OPERATIONS;
}

static void measure(uint32_t size) {
    struct table t;
    table_init(&t, 0);
    gint64 *keys = malloc(size * sizeof(*keys));
    GHashTable *beside = g_hash_table_new(g_int64_hash, g_int64_equal);
    CHECK(keys);
    for (uint32_t i = 0; i < size; i++) {
        table_insert(&t, i * SPREAD, i);
        keys[i] = (gint64)(i * SPREAD);
        g_hash_table_insert(beside, &keys[i], GUINT_TO_POINTER(i));
    }
    micro_print("table: find, prefetched", size, find_batches(keys, &t, size));
    micro_print("table: find, one by one", size, find_each(keys, &t, size));
    micro_print("  GHashTable: lookup", size, find_in_glib(keys, beside, size));
    g_hash_table_destroy(beside);
    free(keys);
    table_deinit(&t);
}

void micro_table(void) {
    for (uint32_t size = 10000; size <= 10000000; size *= 10)
        measure(size);
}
