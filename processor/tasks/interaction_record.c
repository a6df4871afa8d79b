#include "tasks/interaction_record.h"

#include <stdlib.h>

#include "base/check.h"

void record_store_init(struct record_store *s, struct leaf_dict *leaves) {
    pool_init(&s->records, sizeof(struct record));
    pool_init(&s->recents, sizeof(struct recent));
    table_init(&s->index, 1024);
    s->leaves = leaves;
}

static void recent_deinit(struct recent *n) {
    if (n->tail != n->few)
        free(n->tail);
    while (n->kept) {
        struct kept *next = n->kept->next;
        free(n->kept);
        n->kept = next;
    }
}

static void record_deinit(struct record_store *s, struct record *r) {
    struct recent *n = record_recent(s, r);
    if (n)
        recent_deinit(n);
    if (r->id_size > RECORD_ID_INLINE)
        free(r->id.far);
}

void record_store_deinit(struct record_store *s) {
    size_t place = 0;
    for (uint32_t h; (h = table_next(&s->index, &place)) != TABLE_NONE;)
        record_deinit(s, record_at(s, h));
    table_deinit(&s->index);
    pool_deinit(&s->recents);
    pool_deinit(&s->records);
}

uint64_t record_hash(struct slice tenant, struct slice id) {
    return slice_hash(id, slice_hash(tenant, tenant.size));
}

struct slice record_id(const struct record *r) {
    return (struct slice){r->id_size > RECORD_ID_INLINE ? r->id.far : r->id.near, r->id_size};
}

struct slice record_tenant(const struct record_store *s, const struct record *r) {
    return leaf_dict_at(s->leaves, r->tenant_leaf)->tenant;
}

struct wanted {
    struct slice tenant, id;
};

static bool is_wanted(const void *context, uint32_t handle, const void *key) {
    const struct record_store *s = context;
    const struct wanted *wanted = key;
    const struct record *r = record_at(s, handle);
    return slice_equal(record_id(r), wanted->id) &&
           slice_equal(record_tenant(s, r), wanted->tenant);
}

uint32_t record_find(const struct record_store *s, uint64_t hash, struct slice tenant,
                     struct slice id) {
    struct wanted wanted = {tenant, id};
    uint32_t handle = table_find(&s->index, hash, is_wanted, s, &wanted);
    return handle == TABLE_NONE ? RECORD_NONE : handle;
}

uint32_t record_add(struct record_store *s, uint64_t hash, uint32_t tenant_leaf, struct slice id) {
    uint32_t handle = pool_get(&s->records);
    struct record *r = record_at(s, handle);
    r->hash = hash;
    r->timer.slot = WHEEL_NONE;
    r->gauge_leaf[GAUGE_WAITING] = r->gauge_leaf[GAUGE_OPEN] = LEAF_NONE;
    r->recent = POOL_NONE;
    r->tenant_leaf = tenant_leaf;
    CHECK(id.size <= UINT32_MAX);
    r->id_size = (uint32_t)id.size;
    if (id.size > RECORD_ID_INLINE)
        r->id.far = (char *)(uintptr_t)slice_copy(id).at;
    else
        memcpy(r->id.near, id.at, id.size);
    interaction_init(&r->base);
    table_insert(&s->index, hash, handle);
    return handle;
}

void record_drop(struct record_store *s, uint32_t handle) {
    struct record *r = record_at(s, handle);
    CHECK(r->timer.slot == WHEEL_NONE && r->gauge_leaf[GAUGE_WAITING] == LEAF_NONE &&
          r->gauge_leaf[GAUGE_OPEN] == LEAF_NONE && !r->closed_listed);
    table_remove(&s->index, r->hash, handle);
    record_deinit(s, r);
    if (r->recent != POOL_NONE)
        pool_put(&s->recents, r->recent);
    pool_put(&s->records, handle);
}

int record_compare(const struct record_store *s, const struct record *a, const struct record *b) {
    int order = slice_compare(record_tenant(s, a), record_tenant(s, b));
    return order != 0 ? order : slice_compare(record_id(a), record_id(b));
}

struct recent *record_recent(const struct record_store *s, const struct record *r) {
    return r->recent == POOL_NONE ? NULL : pool_at(&s->recents, r->recent);
}

const struct interaction *record_now(const struct record_store *s, const struct record *r) {
    const struct recent *n = record_recent(s, r);
    return n ? &n->now : &r->base;
}

struct recent *record_warm(struct record_store *s, struct record *r) {
    if (r->recent != POOL_NONE)
        return record_recent(s, r);
    r->recent = pool_get(&s->recents);
    struct recent *n = record_recent(s, r);
    n->now = r->base;
    n->tail = n->few;
    n->capacity = RECENT_FEW;
    return n;
}

void record_cool(struct record_store *s, struct record *r) {
    struct recent *n = record_recent(s, r);
    CHECK(n && n->count == 0);
    recent_deinit(n);
    pool_put(&s->recents, r->recent);
    r->recent = POOL_NONE;
}
