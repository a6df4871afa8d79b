#include "core/leaf.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/pool.h"
#include "base/table.h"
#include "core/clock.h"
#include "core/miss.h"

#define NEAR_BITS 12

struct leaf_dict {
    const struct contract_set *contracts;
    const struct contract_set **joined; /* further ones that leaves are counted for */
    size_t joined_count;
    struct pool leaves; /* handles are the ids: nothing is ever put back */
    struct table index;
    uint32_t near[1u << NEAR_BITS]; /* interned last, by the ends of their names */
    uint32_t limit;
    uint32_t reasoned; /* leaves with a reason: half as many beside the others */
    uint64_t refused, refused_reasons;
    uint32_t *sorted, *ranks; /* ids by name; by id, where it stands there */
    uint32_t ranked;          /* the first so many ids are there */
};

struct leaf_dict *leaf_dict_new(const struct contract_set *contracts, uint32_t limit) {
    struct leaf_dict *d = calloc(1, sizeof(*d));
    CHECK(d);
    d->contracts = contracts;
    d->limit = limit;
    pool_init(&d->leaves, sizeof(struct leaf));
    table_init(&d->index, 64);
    return d;
}

void leaf_dict_free(struct leaf_dict *d) {
    if (!d)
        return;
    for (uint32_t id = 0; id < d->leaves.used; id++)
        free((void *)(uintptr_t)leaf_dict_at(d, id)->tenant.at);
    pool_deinit(&d->leaves);
    table_deinit(&d->index);
    free(d->joined);
    free(d->sorted);
    free(d->ranks);
    free(d);
}

/* Lengths are part of it, so that ("ab", "c") and ("a", "bc") differ. */
static uint64_t hash_of(const struct leaf *key) {
    uint64_t packed = (uint64_t)key->channel << 48 | (uint64_t)key->priority << 40 |
                      (uint64_t)key->direction << 32 | (key->vendor.size & 0xFFFF) << 16 |
                      (key->site.size & 0xFFFF);
    uint64_t hash = slice_hash(key->tenant, packed);
    hash = slice_hash(key->vendor, hash);
    hash = slice_hash(key->site, hash);
    hash = slice_hash(key->queue, hash);
    return key->reason.size > 0 ? slice_hash(key->reason, hash) : hash;
}

static bool has_names(const void *context, uint32_t id, const void *key) {
    const struct leaf *a = leaf_dict_at(context, id);
    const struct leaf *b = key;
    return a->channel == b->channel && a->priority == b->priority && a->direction == b->direction &&
           slice_equal(a->queue, b->queue) && slice_equal(a->reason, b->reason) &&
           slice_equal(a->site, b->site) && slice_equal(a->vendor, b->vendor) &&
           slice_equal(a->tenant, b->tenant);
}

static struct slice copy_name(char **place, struct slice name) {
    struct slice copy = {*place, name.size};
    if (name.size > 0)
        memcpy(*place, name.at, name.size);
    *place += name.size;
    return copy;
}

/* The names lie in one block that begins with the tenant. */
static void copy_names(struct leaf *leaf, const struct leaf *key) {
    char *place = malloc(key->tenant.size + key->vendor.size + key->site.size + key->queue.size +
                         key->reason.size + 1);
    CHECK(place);
    leaf->tenant = copy_name(&place, key->tenant);
    leaf->vendor = copy_name(&place, key->vendor);
    leaf->site = copy_name(&place, key->site);
    leaf->queue = copy_name(&place, key->queue);
    leaf->reason = copy_name(&place, key->reason);
}

/* Of the leaf under all sets: leaf_dict_join has seen to it that there are not too many. */
static size_t thresholds_of(const struct leaf_dict *d, struct leaf *leaf, size_t version) {
    int64_t all_ms[CONTRACT_THRESHOLDS_MAX];
    size_t count = contract_thresholds(leaf->contract, leaf, all_ms);
    for (size_t i = 0; i < d->joined_count; i++) {
        const struct contract *versions[CONTRACT_VERSIONS_MAX];
        int64_t further_ms[LEAF_THRESHOLDS_MAX];
        CHECK(version < contract_set_versions(d->joined[i], leaf->tenant, versions));
        size_t further = contract_thresholds(versions[version], leaf, further_ms);
        for (size_t k = 0; k < further; k++)
            count = contract_add_threshold(all_ms, count, further_ms[k]);
    }
    CHECK(count <= LEAF_THRESHOLDS_MAX);
    memcpy(leaf->thresholds_ms, all_ms, count * sizeof(*all_ms));
    return count;
}

/* What its contract says of it whatever happens there, so that no event need ask. */
static void look_ahead(struct leaf *leaf) {
    const struct contract *c = leaf->contract;
    for (enum clock_kind k = 0; k < CLOCK_KIND_COUNT; k++) {
        leaf->clocks[k] = clock_rule_place(c, contract_clock(c, k, leaf));
        leaf->clocks_anywhere[k] = clock_rule_place(c, contract_clock_anywhere(c, k, leaf));
    }
    for (enum miss_kind k = 0; k < MISS_KIND_COUNT; k++)
        leaf->misses |= (uint8_t)(miss_is_wanted(&(struct miss){.kind = k}, leaf) << k);
    for (size_t t = 0; t < leaf->threshold_count; t++) {
        const struct miss late = {.kind = MISS_LATE, .wait_ms = leaf->thresholds_ms[t]};
        leaf->late_misses |= (uint8_t)(miss_is_wanted(&late, leaf) << t);
    }
}

static uint32_t add_version(struct leaf_dict *d, const struct leaf *key,
                            const struct contract *contract, size_t version) {
    uint32_t id = pool_get(&d->leaves);
    struct leaf *leaf = pool_at(&d->leaves, id);
    copy_names(leaf, key);
    leaf->channel = key->channel;
    leaf->priority = key->priority;
    leaf->direction = key->direction;
    leaf->version = (uint8_t)version;
    leaf->contract = contract;
    leaf->threshold_count = (uint8_t)thresholds_of(d, leaf, version);
    look_ahead(leaf);
    return id;
}

/* Those of all versions have ids in a row; the index has the first. `plain`: the first id without
 * reason, or LEAF_NONE where that is this one. */
static uint32_t add(struct leaf_dict *d, uint64_t hash, const struct leaf *key, uint32_t plain) {
    const struct contract *versions[CONTRACT_VERSIONS_MAX];
    size_t count = contract_set_versions(d->contracts, key->tenant, versions);
    uint32_t first = d->leaves.used;
    for (size_t v = 0; v < count; v++) {
        CHECK(add_version(d, key, versions[v], v) == first + v);
        struct leaf *leaf = pool_at(&d->leaves, first + (uint32_t)v);
        leaf->plain = (plain == LEAF_NONE ? first : plain) + (uint32_t)v;
    }
    table_insert(&d->index, hash, first);
    d->reasoned += key->reason.size > 0 ? (uint32_t)count : 0;
    return first;
}

bool leaf_dict_join(struct leaf_dict *d, const struct contract_set *contracts) {
    int64_t thresholds_ms[CONTRACT_THRESHOLDS_MAX];
    size_t count = contract_set_thresholds(d->contracts, thresholds_ms, 0);
    for (size_t i = 0; i < d->joined_count; i++)
        count = contract_set_thresholds(d->joined[i], thresholds_ms, count);
    CHECK(d->leaves.used == 0);
    if (contract_set_thresholds(contracts, thresholds_ms, count) > LEAF_THRESHOLDS_MAX)
        return false;
    d->joined = realloc(d->joined, (d->joined_count + 1) * sizeof(struct contract_set *));
    CHECK(d->joined);
    d->joined[d->joined_count++] = contracts;
    return true;
}

/* The next id is another version of the same names. */
static bool has_next(const struct leaf_dict *d, uint32_t id) {
    return id + 1 < d->leaves.used && leaf_dict_at(d, id + 1)->version > 0;
}

uint32_t leaf_dict_at_time(const struct leaf_dict *d, uint32_t id, int64_t at) {
    id -= leaf_dict_at(d, id)->version;
    while (has_next(d, id) && leaf_dict_at(d, id + 1)->contract->effective_at <= at)
        id++;
    return id;
}

static uint32_t of_version(const struct leaf_dict *d, uint32_t first, uint8_t version) {
    CHECK(leaf_dict_at(d, first + version)->version == version);
    return first + version;
}

/* The first id of these names, or of the tenant's. */
static uint32_t intern_whole(struct leaf_dict *d, struct leaf *wanted) {
    uint64_t hash = hash_of(wanted);
    uint32_t id = table_find(&d->index, hash, has_names, d, wanted);
    if (id == TABLE_NONE && d->leaves.used - d->reasoned < d->limit)
        id = add(d, hash, wanted, LEAF_NONE);
    if (id != TABLE_NONE)
        return id;
    d->refused++;
    wanted->vendor = wanted->site = wanted->queue = (struct slice){0};
    hash = hash_of(wanted);
    id = table_find(&d->index, hash, has_names, d, wanted);
    return id != TABLE_NONE ? id : add(d, hash, wanted, LEAF_NONE);
}

/* Reasons never cost another leaf its place. */
static uint32_t intern_reason(struct leaf_dict *d, const struct leaf *wanted) {
    uint64_t hash = hash_of(wanted);
    uint32_t id = table_find(&d->index, hash, has_names, d, wanted);
    if (id != TABLE_NONE)
        return id;
    struct leaf without = *wanted;
    without.reason = (struct slice){NULL, 0};
    id = intern_whole(d, &without);
    struct leaf *base = pool_at(&d->leaves, id);
    /* The tenant's leaf: beside it the reason would be of other names. */
    bool lost = !slice_equal(without.queue, wanted->queue) ||
                !slice_equal(without.site, wanted->site) ||
                !slice_equal(without.vendor, wanted->vendor);
    if (lost || base->reason_count == LEAF_REASONS_MAX || d->reasoned >= d->limit / 2) {
        d->refused_reasons++;
        return id;
    }
    base->reason_count++;
    return add(d, hash, wanted, id);
}

static uint64_t end_of(struct slice s) {
    uint32_t end = 0;
    if (s.size < sizeof(end))
        return s.size > 0 ? (unsigned char)s.at[s.size - 1] : 0;
    memcpy(&end, s.at + s.size - sizeof(end), sizeof(end));
    return end;
}

/* Where a leaf of such names may stand; names mostly differ at their end. By golden sections, so
 * that every bit of the ends reaches the high ones. */
static uint32_t *near_of(struct leaf_dict *d, const struct leaf *key) {
    uint64_t place = end_of(key->queue) * UINT64_C(0x9E3779B97F4A7C15);
    place = (place ^ place >> 32 ^ end_of(key->site)) * UINT64_C(0x9E3779B97F4A7C15);
    place ^= end_of(key->reason) << 8 ^ (uint64_t)key->channel << 4 ^ key->priority;
    return &d->near[place * UINT64_C(0x9E3779B97F4A7C15) >> (64 - NEAR_BITS)];
}

uint32_t leaf_dict_intern(struct leaf_dict *d, const struct leaf *key) {
    struct leaf wanted = *key;
    if (wanted.direction == DIRECTION_UNKNOWN)
        wanted.direction = DIRECTION_INBOUND;
    uint32_t *near = near_of(d, &wanted);
    if (*near >= d->leaves.used || !has_names(d, *near, &wanted))
        *near = wanted.reason.size > 0 ? intern_reason(d, &wanted) : intern_whole(d, &wanted);
    return of_version(d, *near, key->version);
}

uint32_t leaf_dict_plain(const struct leaf_dict *d, uint32_t id) {
    return leaf_dict_at(d, id)->plain;
}

const struct leaf *leaf_dict_at(const struct leaf_dict *d, uint32_t id) {
    return pool_at(&d->leaves, id);
}

const struct contract_set *leaf_dict_contracts(const struct leaf_dict *d) {
    return d->contracts;
}

uint32_t leaf_dict_count(const struct leaf_dict *d) {
    return d->leaves.used;
}

uint64_t leaf_dict_refused(const struct leaf_dict *d) {
    return d->refused;
}

uint64_t leaf_dict_refused_reasons(const struct leaf_dict *d) {
    return d->refused_reasons;
}

int leaf_compare(const struct leaf *a, const struct leaf *b) {
    const struct slice names_a[] = {a->tenant, a->vendor, a->site, a->queue, a->reason};
    const struct slice names_b[] = {b->tenant, b->vendor, b->site, b->queue, b->reason};
    for (size_t i = 0; i < sizeof(names_a) / sizeof(names_a[0]); i++) {
        int order = slice_compare(names_a[i], names_b[i]);
        if (order != 0)
            return order;
    }
    if (a->channel != b->channel)
        return a->channel < b->channel ? -1 : 1;
    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    if (a->direction != b->direction)
        return a->direction < b->direction ? -1 : 1;
    return (a->version > b->version) - (a->version < b->version);
}

static int compare_ids(const void *left, const void *right, void *context) {
    const struct leaf_dict *d = context;
    return leaf_compare(leaf_dict_at(d, *(const uint32_t *)left),
                        leaf_dict_at(d, *(const uint32_t *)right));
}

/* Puts the sorted ids of `added` between those that stand there, from the end on. */
static void merge(struct leaf_dict *d, const uint32_t *added, uint32_t count) {
    uint32_t old = d->ranked;
    for (uint32_t place = d->ranked + count; count > 0;) {
        bool is_old = old > 0 && compare_ids(&d->sorted[old - 1], &added[count - 1], d) > 0;
        d->sorted[--place] = is_old ? d->sorted[--old] : added[--count];
    }
}

static void rank_added(struct leaf_dict *d) {
    uint32_t count = d->leaves.used - d->ranked;
    uint32_t *added = malloc(count * sizeof(*added));
    d->sorted = realloc(d->sorted, d->leaves.used * sizeof(*d->sorted));
    d->ranks = realloc(d->ranks, d->leaves.used * sizeof(*d->ranks));
    CHECK(added && d->sorted && d->ranks);
    for (uint32_t i = 0; i < count; i++)
        added[i] = d->ranked + i;
    qsort_r(added, count, sizeof(*added), compare_ids, d);
    merge(d, added, count);
    free(added);
    d->ranked = d->leaves.used;
    for (uint32_t place = 0; place < d->ranked; place++)
        d->ranks[d->sorted[place]] = place;
}

const uint32_t *leaf_dict_ranks(struct leaf_dict *d) {
    if (d->ranked < d->leaves.used)
        rank_added(d);
    return d->ranks;
}
