#include "core/item_caps.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/alert.h"

#define SEED UINT64_C(0x6974656d636170)

void item_caps_init(struct item_caps *caps, uint32_t limit) {
    *caps = (struct item_caps){.limit = limit};
    pool_init(&caps->pool, sizeof(struct item_cap));
    table_init(&caps->table, 64);
}

static struct item_cap *at(const struct item_caps *caps, uint32_t handle) {
    return pool_at(&caps->pool, handle);
}

static void free_scope(struct item_cap *cap) {
    free((void *)(uintptr_t)cap->scope.at);
}

void item_caps_deinit(struct item_caps *caps) {
    size_t place = 0;
    for (uint32_t h; (h = table_next(&caps->table, &place)) != TABLE_NONE;)
        free_scope(at(caps, h));
    pool_deinit(&caps->pool);
    table_deinit(&caps->table);
}

static uint64_t hash_of(const struct item_cap *cap) {
    return slice_hash(cap->scope, SEED + (uint64_t)cap->minute_at + cap->kind);
}

static int compare(const struct item_cap *a, const struct item_cap *b) {
    if (a->minute_at != b->minute_at)
        return a->minute_at < b->minute_at ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return slice_compare(a->scope, b->scope);
}

static bool is_key(const void *context, uint32_t handle, const void *key) {
    return compare(at(context, handle), key) == 0;
}

static int by_key(const void *a, const void *b) {
    return compare(*(struct item_cap *const *)a, *(struct item_cap *const *)b);
}

static struct item_cap **sorted(const struct item_caps *caps, bool all, size_t *count) {
    struct item_cap **list = calloc(caps->table.used + 1, sizeof(struct item_cap *));
    CHECK(list);
    size_t place = 0;
    *count = 0;
    for (uint32_t h; (h = table_next(&caps->table, &place)) != TABLE_NONE;)
        if (all || at(caps, h)->more != at(caps, h)->said)
            list[(*count)++] = at(caps, h);
    qsort(list, *count, sizeof(struct item_cap *), by_key);
    return list;
}

struct item_cap **item_caps_unsaid(const struct item_caps *caps, size_t *count) {
    return sorted(caps, false, count);
}

static void forget_one(struct item_caps *caps, const struct item_cap *cap) {
    uint64_t hash = hash_of(cap);
    uint32_t handle = table_find(&caps->table, hash, is_key, caps, cap);
    CHECK(handle != TABLE_NONE);
    caps->unsaid -= cap->more != cap->said;
    table_remove(&caps->table, hash, handle);
    free_scope(at(caps, handle));
    pool_put(&caps->pool, handle);
}

static void forget_older_half(struct item_caps *caps) {
    size_t count;
    struct item_cap **list = sorted(caps, true, &count);
    for (size_t i = 0; i < count / 2; i++)
        forget_one(caps, list[i]);
    caps->forgotten += count / 2;
    free(list);
}

static struct item_cap *insert(struct item_caps *caps, const struct item_cap *key) {
    uint32_t handle = pool_get(&caps->pool);
    struct item_cap *cap = at(caps, handle);
    *cap = *key;
    cap->scope = slice_copy(key->scope);
    table_insert(&caps->table, hash_of(cap), handle);
    return cap;
}

struct item_cap *item_caps_get(struct item_caps *caps, uint8_t kind, struct slice scope,
                               int64_t condition_at) {
    struct item_cap key = {
        .kind = kind, .scope = scope, .minute_at = instant_floor(condition_at, MINUTE_MS)};
    uint32_t handle = table_find(&caps->table, hash_of(&key), is_key, caps, &key);
    if (handle != TABLE_NONE)
        return at(caps, handle);
    if (caps->table.used >= caps->limit)
        forget_older_half(caps);
    return insert(caps, &key);
}

void item_caps_more(struct item_caps *caps, struct item_cap *cap) {
    caps->unsaid += cap->more == cap->said;
    cap->more++;
}

void item_caps_said(struct item_caps *caps, struct item_cap *cap) {
    caps->unsaid -= cap->more != cap->said;
    cap->said = cap->more;
}

void item_caps_forget(struct item_caps *caps, int64_t before_at) {
    size_t count;
    struct item_cap **list = sorted(caps, true, &count);
    for (size_t i = 0; i < count && list[i]->minute_at < before_at; i++)
        if (list[i]->more == list[i]->said)
            forget_one(caps, list[i]);
    free(list);
}

void item_caps_save(const struct item_caps *caps, struct buf *b) {
    size_t count;
    struct item_cap **list = sorted(caps, true, &count);
    buf_put_varint(b, count);
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(b, list[i]->kind);
        buf_put_slice(b, list[i]->scope);
        buf_put_zigzag(b, list[i]->minute_at);
        buf_put_varint(b, (uint64_t)list[i]->told);
        buf_put_varint(b, (uint64_t)list[i]->more);
        buf_put_varint(b, (uint64_t)list[i]->said);
        buf_put(b, list[i]->bearer, ITEM_CAP_BEARER_SIZE);
    }
    free(list);
}

static bool is_sound(const struct item_cap *cap) {
    return cap->kind < ALERT_KIND_COUNT && cap->minute_at % MINUTE_MS == 0 && cap->told >= 0 &&
           cap->said >= 0 && cap->more >= cap->said;
}

static void load_one(struct item_caps *caps, struct cursor *c) {
    struct item_cap cap = {.kind = cursor_u8(c)};
    cap.scope = cursor_slice(c);
    cap.minute_at = cursor_zigzag(c);
    cap.told = (int64_t)cursor_varint(c);
    cap.more = (int64_t)cursor_varint(c);
    cap.said = (int64_t)cursor_varint(c);
    struct slice bearer = cursor_bytes(c, ITEM_CAP_BEARER_SIZE);
    if (c->failed || !is_sound(&cap) ||
        table_find(&caps->table, hash_of(&cap), is_key, caps, &cap) != TABLE_NONE) {
        cursor_fail(c);
        return;
    }
    memcpy(cap.bearer, bearer.at, ITEM_CAP_BEARER_SIZE);
    insert(caps, &cap);
    caps->unsaid += cap.more != cap.said;
}

void item_caps_load(struct item_caps *caps, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > caps->limit)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++)
        load_one(caps, c);
}
