#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_parts.h"

/* The places of a tenant's rules in the contract, by the places that they had when it was saved. */
struct rules {
    uint16_t *now; /* CLOCK_NO_RULE: it is gone */
    size_t count;
    bool moved;
};

/* One that is closed, for the list. */
struct closed {
    int64_t last_at;
    uint32_t handle;
    bool in_order;
};

struct loading {
    struct interaction_task *task;
    struct record_store *store;
    struct cursor in;
    struct rules *rules;   /* by the place of a tenant's first leaf */
    struct closed *closed; /* those that were read */
    size_t closed_count;
};

/* A count cannot be larger than the bytes that are left: no bomb. */
static size_t read_count(struct cursor *in) {
    uint64_t count = cursor_varint(in);
    if (count > cursor_left(in)) {
        cursor_fail(in);
        return 0;
    }
    return (size_t)count;
}

static uint32_t read_leaf(struct cursor *in, struct leaf_dict *leaves, int64_t clock) {
    struct leaf key = {.tenant = cursor_slice(in),
                       .vendor = cursor_slice(in),
                       .site = cursor_slice(in),
                       .queue = cursor_slice(in)};
    key.channel = cursor_u8(in);
    key.priority = cursor_u8(in);
    key.direction = cursor_u8(in);
    key.reason = cursor_slice(in);
    if (key.channel >= CHANNEL_COUNT || key.priority >= PRIORITY_COUNT ||
        key.direction >= DIRECTION_COUNT)
        cursor_fail(in);
    return in->failed ? LEAF_NONE
                      : leaf_dict_at_time(leaves, leaf_dict_intern(leaves, &key), clock);
}

static void read_leaves(struct loading *l) {
    size_t count = read_count(&l->in);
    for (size_t k = 0; k < count && !l->in.failed; k++) {
        uint32_t leaf = read_leaf(&l->in, l->store->leaves, l->task->clock);
        if (leaf != LEAF_NONE)
            names_add(&l->store->names, leaf);
    }
}

static const struct leaf *leaf_at(const struct loading *l, uint32_t place) {
    return leaf_dict_at(l->store->leaves, names_leaf(&l->store->names, place));
}

static uint16_t rule_named(const struct contract *c, uint8_t kind, struct slice name) {
    for (size_t k = 0; k < c->clock_count; k++) {
        if (c->clocks[k].kind == kind && slice_equal(c->clocks[k].name, name))
            return (uint16_t)k;
    }
    return CLOCK_NO_RULE;
}

static struct rules read_tenant_rules(struct cursor *in, const struct contract *c) {
    struct rules rules = {.count = read_count(in)};
    rules.now = calloc(rules.count + 1, sizeof(*rules.now));
    CHECK(rules.now);
    for (size_t k = 0; k < rules.count; k++) {
        uint8_t kind = cursor_u8(in);
        struct slice name = cursor_slice(in);
        rules.now[k] = in->failed ? CLOCK_NO_RULE : rule_named(c, kind, name);
        rules.moved |= rules.now[k] != k;
    }
    return rules;
}

static void read_rules(struct loading *l) {
    uint32_t count = l->store->names.count;
    l->rules = calloc((size_t)count + 1, sizeof(*l->rules));
    CHECK(l->rules);
    for (uint32_t place = 0; place < count && !l->in.failed; place++) {
        bool first = cursor_u8(&l->in) != 0;
        if (first != names_is_first(&l->store->names, place))
            cursor_fail(&l->in);
        else if (first)
            l->rules[place] = read_tenant_rules(&l->in, leaf_at(l, place)->contract);
    }
}

static void read_place(struct cursor *in, struct record_place *place) {
    place->topic = cursor_slice(in);
    place->partition = (int32_t)cursor_zigzag(in);
    place->offset = cursor_zigzag(in);
    place->log_at = cursor_zigzag(in);
    place->key = cursor_slice(in);
    place->value = cursor_slice(in);
    place->schema_id = (int32_t)cursor_zigzag(in);
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

static void read_kept(struct cursor *in, struct recent *n) {
    size_t count = read_count(in);
    for (size_t k = 0; k < count && !in->failed; k++) {
        struct moment m = {.identity = cursor_u64(in)};
        m.revision = (int32_t)cursor_varint(in);
        struct record_place place = {0};
        read_place(in, &place);
        if (!in->failed)
            tail_keep(n, &m, &place);
    }
    reverse(&n->kept);
}

/* An interaction and all that was said of it belong to one tenant, and so to one contract. */
static bool is_of_tenant(const struct loading *l, uint32_t leaf, const struct leaf *tenant_leaf) {
    const struct leaf *other = leaf_dict_at(l->store->leaves, leaf);
    return other->contract == tenant_leaf->contract &&
           slice_equal(other->tenant, tenant_leaf->tenant);
}

/* How many moments there are in so many words; fails on what is none. */
static uint32_t read_moments(struct loading *l, const struct leaf *tenant_leaf) {
    struct moment *moments = l->task->after;
    size_t left = cursor_u32(&l->in);
    uint32_t count = 0;
    if (left > (size_t)MOMENTS_MAX * PACKED_MOMENT_MAX) {
        cursor_fail(&l->in);
        return 0;
    }
    uint64_t words[MOMENTS_MAX * PACKED_MOMENT_MAX];
    const uint64_t *at = words;
    struct slice bytes = cursor_bytes(&l->in, left * sizeof(*words));
    if (bytes.size > 0)
        memcpy(words, bytes.at, bytes.size);
    while (left > 0 && !l->in.failed) {
        if (count == MOMENTS_MAX || !packed_moment_is_whole(&l->store->names, at, left)) {
            cursor_fail(&l->in);
            break;
        }
        size_t size = unpack_moment(&l->store->names, at, &moments[count]);
        if (!is_of_tenant(l, moments[count].leaf, tenant_leaf) ||
            (count > 0 && moments[count].event_at < moments[count - 1].event_at))
            cursor_fail(&l->in);
        count++;
        at += size;
        left -= size;
    }
    return count;
}

/* What is now follows from the base, the tail and the clock. */
static void read_recent(struct loading *l, struct record *r, const struct leaf *tenant_leaf) {
    struct interaction_task *t = l->task;
    struct recent *n = record_warm(l->store, r);
    uint32_t count = read_moments(l, tenant_leaf);
    read_kept(&l->in, n);
    if (l->in.failed)
        return;
    struct fold fold = {.leaves = l->store->leaves, .ledger.sign = 1};
    n->plain = fold_all(&fold, &n->now, t->after, count, t->clock);
    recent_look_ahead(l->store, n);
    tail_write(l->store, n, t->after, count);
}

/* Rules are found where they are now; one that the contract does not have is no rule. True when one
 * had another place. */
static bool find_rules(struct loading *l, const struct rules *rules, struct interaction *base) {
    bool moved = false;
    for (enum track t = 0; t < base->tracks; t++) {
        struct clock *c = &base->clocks[t];
        if (c->state == CLOCK_OFF)
            continue;
        if (c->rule >= rules->count) {
            cursor_fail(&l->in);
            return false;
        }
        uint16_t rule = rules->now[c->rule];
        moved |= rule != c->rule;
        c->rule = rule;
        if (rule == CLOCK_NO_RULE ||
            leaf_dict_at(l->store->leaves, base->leaf)->contract->clocks[rule].kind !=
                track_kind(t))
            cursor_fail(&l->in);
    }
    return moved;
}

/* The names that a body begins with, of bytes that somebody else may have written. */
static bool read_names(struct loading *l, struct slice body, uint32_t *place, struct slice *id,
                       struct interaction *base) {
    struct cursor in = cursor_of(body);
    uint64_t tenant_place = cursor_varint(&in);
    *id = cursor_slice(&in);
    unpack_interaction(&l->store->names, &in, l->store->tracks, base);
    if (in.failed || cursor_left(&in) > 0 || tenant_place >= l->store->names.count ||
        id->size == 0 || id->size > EVENT_TEXT_MAX)
        return false;
    *place = (uint32_t)tenant_place;
    const struct leaf *leaf = leaf_at(l, *place);
    return base->phase == PHASE_NEW ||
           (is_of_tenant(l, base->leaf, leaf) &&
            (base->visit.number == 0 || is_of_tenant(l, base->visit.leaf, leaf)));
}

/* Timer, gauges and lists follow from the record. */
static void link_record(struct loading *l, uint32_t handle, const struct interaction *base) {
    struct interaction_task *t = l->task;
    const struct record *r = record_at(l->store, handle);
    const struct interaction *now = base;
    if (record_is_warm(r))
        now = &record_recent(l->store, r)->now;
    change_appear(t, now);
    bool closed = !record_is_warm(r) && !interaction_is_open(now);
    bool in_order = closed && settle_is_in_order(now);
    change_arm(t, handle, in_order ? INSTANT_MAX : settle_due_at(t, r, now));
    if (closed)
        l->closed[l->closed_count++] = (struct closed){now->last_at, handle, in_order};
}

static void read_record(struct loading *l) {
    uint32_t head = cursor_u32(&l->in), place = 0;
    struct slice body = cursor_bytes(&l->in, head >> 1), id;
    struct interaction base;
    if (l->in.failed || body.size > UINT16_MAX || !read_names(l, body, &place, &id, &base)) {
        cursor_fail(&l->in);
        return;
    }
    struct slice tenant = leaf_at(l, place)->tenant;
    uint64_t hash = record_hash(tenant, id);
    bool moved = find_rules(l, &l->rules[l->store->names.firsts[place]], &base);
    if (record_find(l->store, hash, tenant, id) != RECORD_NONE)
        cursor_fail(&l->in);
    if (l->in.failed)
        return;
    uint32_t handle = record_add_body(l->store, hash, body);
    struct record *r = record_at(l->store, handle);
    if (moved)
        record_write(l->store, r, &base);
    if (head & 1)
        read_recent(l, r, leaf_at(l, place));
    if (!l->in.failed)
        link_record(l, handle, &base);
}

static int compare_closed(const void *left, const void *right, void *context) {
    const struct closed *a = left, *b = right;
    const struct record_store *s = context;
    if (a->last_at != b->last_at)
        return a->last_at < b->last_at ? -1 : 1;
    return record_compare(s, record_at(s, a->handle), record_at(s, b->handle));
}

static void read_records(struct loading *l) {
    size_t count = read_count(&l->in);
    record_store_expect(l->store, count);
    l->closed = malloc((count + 1) * sizeof(*l->closed));
    CHECK(l->closed);
    for (size_t k = 0; k < count && !l->in.failed; k++)
        read_record(l);
    /* The list takes at once what comes in its order. */
    qsort_r(l->closed, l->closed_count, sizeof(*l->closed), compare_closed, l->store);
    for (size_t k = 0; k < l->closed_count && !l->in.failed; k++)
        closed_add(l->task, l->closed[k].handle, l->closed[k].last_at, l->closed[k].in_order);
}

/* An empty wheel takes over the time at once. */
static void set_wheel(struct interaction_task *t) {
    int64_t due_at;
    uint32_t *due;
    if (t->clock != INSTANT_NONE)
        CHECK(wheel_take_instant(t->wheel, t->clock, &due_at, &due) == 0);
}

static void read_all(struct loading *l) {
    struct interaction_task *t = l->task;
    t->clock = cursor_zigzag(&l->in);
    t->newest_log_at = cursor_zigzag(&l->in);
    t->ended = cursor_u8(&l->in) != 0;
    struct slice topic = cursor_slice(&l->in);
    if (topic.size > 0)
        t->topic = (char *)(uintptr_t)slice_copy(topic).at;
    if (t->clock != INSTANT_NONE && (t->clock < 0 || t->clock > EVENT_CLOCK_MAX)) {
        cursor_fail(&l->in);
        return;
    }
    set_wheel(t);
    contracts_look_ahead(t);
    read_leaves(l);
    read_rules(l);
    read_records(l);
    if (!l->in.failed)
        graves_load(&t->graves, &l->in);
}

bool interaction_task_load(struct interaction_task *t, struct slice bytes, struct err *err) {
    CHECK(t->store.records.used == 0 && t->clock == INSTANT_NONE);
    struct loading l = {.task = t, .store = &t->store, .in = cursor_of(bytes)};
    uint8_t version = cursor_u8(&l.in);
    if (version != SAVED_VERSION)
        return err_set(err,
                       "the interaction task's saved state has version %u; this program "
                       "reads %u",
                       version, SAVED_VERSION);
    read_all(&l);
    for (uint32_t k = 0; k < t->store.names.count && l.rules; k++)
        free(l.rules[k].now);
    free(l.rules);
    free(l.closed);
    if (l.in.failed || cursor_left(&l.in) > 0)
        return err_set(err,
                       "the interaction task's saved state of %zu bytes is damaged near "
                       "byte %zu",
                       bytes.size, bytes.size - cursor_left(&l.in));
    return true;
}
