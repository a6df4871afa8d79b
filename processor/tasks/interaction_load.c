#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_pack.h"
#include "tasks/interaction_parts.h"

/* A count cannot be larger than the bytes that are left: no bomb. */
static size_t read_count(struct cursor *in) {
    uint64_t count = cursor_varint(in);
    if (count > cursor_left(in)) {
        cursor_fail(in);
        return 0;
    }
    return (size_t)count;
}

static uint32_t read_leaf(struct cursor *in, struct leaf_dict *leaves) {
    struct leaf key = {.tenant = cursor_slice(in),
                       .vendor = cursor_slice(in),
                       .site = cursor_slice(in),
                       .queue = cursor_slice(in)};
    key.channel = cursor_u8(in);
    key.priority = cursor_u8(in);
    key.direction = cursor_u8(in);
    if (key.channel >= CHANNEL_COUNT || key.priority >= PRIORITY_COUNT ||
        key.direction >= DIRECTION_COUNT)
        cursor_fail(in);
    return in->failed ? LEAF_NONE : leaf_dict_intern(leaves, &key);
}

static uint32_t *read_leaves(struct pack *p) {
    p->leaf_count = read_count(p->in);
    uint32_t *ids = calloc(p->leaf_count + 1, sizeof(*ids));
    CHECK(ids);
    for (size_t k = 0; k < p->leaf_count; k++)
        ids[k] = read_leaf(p->in, p->leaves);
    p->ids = ids;
    return ids;
}

static void reverse(struct kept **list) {
    struct kept *reversed = NULL;
    while (*list) {
        struct kept *first = *list;
        *list = first->next;
        first->next = reversed;
        reversed = first;
    }
    *list = reversed;
}

static void read_kept(struct pack *p, struct recent *n) {
    size_t count = read_count(p->in);
    for (size_t k = 0; k < count && !p->in->failed; k++) {
        struct moment m = {.identity = cursor_u64(p->in)};
        m.revision = (int32_t)cursor_varint(p->in);
        struct record_place place = {0};
        pack_place(p, &place);
        if (!p->in->failed)
            tail_keep(n, &m, &place);
    }
    reverse(&n->kept);
}

/* An interaction and all that was said of it belong to one tenant, and so to one contract. */
static void expect_tenant(struct pack *p, uint32_t leaf, struct slice tenant) {
    if (leaf != LEAF_NONE && !slice_equal(leaf_dict_at(p->leaves, leaf)->tenant, tenant))
        cursor_fail(p->in);
}

/* What is now follows from the base, the tail and the clock. */
static void read_recent(struct pack *p, struct interaction_task *t, struct record *r) {
    struct recent *n = record_warm(&t->store, r);
    size_t count = read_count(p->in);
    if (count > MOMENTS_MAX)
        cursor_fail(p->in);
    for (size_t k = 0; k < count && !p->in->failed; k++) {
        struct moment m = {0};
        pack_moment(p, &m);
        expect_tenant(p, m.leaf, record_tenant(&t->store, r));
        if (!p->in->failed)
            tail_insert(n, &m);
    }
    read_kept(p, n);
    if (p->in->failed)
        return;
    struct fold fold = {.leaves = t->store.leaves, .ledger.sign = 1};
    n->plain = fold_all(&fold, &n->now, n->tail, n->count, t->clock);
}

static void read_record(struct pack *p, struct interaction_task *t) {
    uint32_t tenant_leaf;
    struct interaction base;
    interaction_init(&base);
    pack_leaf(p, &tenant_leaf);
    struct slice id = cursor_slice(p->in);
    pack_interaction(p, &base);
    bool recent = cursor_u8(p->in) != 0;
    if (tenant_leaf == LEAF_NONE || id.size == 0)
        cursor_fail(p->in);
    if (p->in->failed)
        return;
    struct slice tenant = leaf_dict_at(t->store.leaves, tenant_leaf)->tenant;
    expect_tenant(p, base.leaf, tenant);
    if (base.visit.number > 0)
        expect_tenant(p, base.visit.leaf, tenant);
    uint64_t hash = record_hash(tenant, id);
    if (record_find(&t->store, hash, tenant, id) != RECORD_NONE)
        cursor_fail(p->in);
    if (p->in->failed)
        return;
    struct record *r = record_at(&t->store, record_add(&t->store, hash, tenant_leaf, id));
    r->base = base;
    if (recent)
        read_recent(p, t, r);
}

/* The order of the list of closed interactions, which takes at once what comes in it. */
static int compare_times(const void *left, const void *right, void *context) {
    const struct record_store *s = context;
    const struct record *a = record_at(s, *(const uint32_t *)left);
    const struct record *b = record_at(s, *(const uint32_t *)right);
    if (a->base.last_at != b->base.last_at)
        return a->base.last_at < b->base.last_at ? -1 : 1;
    return record_compare(s, a, b);
}

/* Heaps, lists, wheel and counts follow from the records. */
static void link_records(struct interaction_task *t) {
    size_t count = 0, place = 0;
    uint32_t *handles = calloc((size_t)t->store.records.used + 1, sizeof(*handles));
    CHECK(handles);
    for (uint32_t h; (h = table_next(&t->store.index, &place)) != TABLE_NONE;)
        handles[count++] = h;
    qsort_r(handles, count, sizeof(*handles), compare_times, &t->store);
    for (size_t k = 0; k < count; k++) {
        change_link(t, handles[k], settle_due_at(t, record_at(&t->store, handles[k])));
        closed_update(t, handles[k]);
    }
    free(handles);
}

/* An empty wheel takes over the time at once. */
static void set_wheel(struct interaction_task *t) {
    if (t->clock != INSTANT_NONE)
        CHECK(wheel_take(t->wheel, t->clock) == WHEEL_NONE);
}

bool interaction_task_load(struct interaction_task *t, struct slice bytes, struct err *err) {
    struct cursor in = cursor_of(bytes);
    struct pack p = {.in = &in, .leaves = t->store.leaves};
    CHECK(t->store.records.used == 0 && t->clock == INSTANT_NONE);
    uint8_t version = cursor_u8(&in);
    if (version != SAVED_VERSION)
        return err_set(err,
                       "the interaction task's saved state has version %u; this program "
                       "reads %u",
                       version, SAVED_VERSION);
    pack_instant(&p, &t->clock);
    pack_instant(&p, &t->newest_log_at);
    t->ended = cursor_u8(&in) != 0;
    struct slice topic = cursor_slice(&in);
    if (topic.size > 0)
        t->topic = (char *)(uintptr_t)slice_copy(topic).at;
    set_wheel(t);
    uint32_t *ids = read_leaves(&p);
    size_t records = read_count(&in);
    for (size_t k = 0; k < records && !in.failed; k++)
        read_record(&p, t);
    free(ids);
    if (!in.failed)
        graves_load(&t->graves, &in);
    if (in.failed || cursor_left(&in) > 0)
        return err_set(err,
                       "the interaction task's saved state of %zu bytes is damaged near "
                       "byte %zu",
                       bytes.size, bytes.size - cursor_left(&in));
    link_records(t);
    return true;
}
