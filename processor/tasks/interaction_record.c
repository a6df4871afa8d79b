#include "tasks/interaction_record.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"

/* A body: the place of a leaf of its tenant, the id with its size, the base. That is packed but
 * where few are kept, whose memory is worth less than the time. */
#define VARINT_MAX 5u
#define UNPACKED_MOST 512u

static size_t recent_size(uint8_t tracks) {
    return offsetof(struct recent, now) + interaction_size(tracks);
}

void record_store_init(struct record_store *s, struct leaf_dict *leaves) {
    s->tracks = interaction_tracks(leaf_dict_contracts(leaves));
    pool_init(&s->records, sizeof(struct record));
    pool_init(&s->recents, recent_size(s->tracks));
    slab_init(&s->bytes);
    table_init(&s->index, 1024);
    names_init(&s->names, leaves);
    s->leaves = leaves;
}

/* To where there is room for as many clocks. */
static void move_recent(const struct record_store *s, struct record *r, struct pool *to,
                        uint8_t tracks) {
    uint32_t handle = pool_get(to);
    struct recent *n = pool_at(to, handle);
    memcpy(n, record_recent(s, r), recent_size(s->tracks));
    n->now.tracks = tracks;
    r->as.recent = handle;
}

void record_store_set_leaves(struct record_store *s, struct leaf_dict *leaves) {
    uint8_t tracks = interaction_tracks(leaf_dict_contracts(leaves));
    s->leaves = leaves;
    if (tracks <= s->tracks)
        return;
    struct pool recents;
    size_t place = 0;
    pool_init(&recents, recent_size(tracks));
    for (uint32_t h; (h = table_next(&s->index, &place)) != TABLE_NONE;) {
        if (record_is_warm(record_at(s, h)))
            move_recent(s, record_at(s, h), &recents, tracks);
    }
    pool_deinit(&s->recents);
    s->recents = recents;
    s->tracks = tracks;
}

void record_store_expect(struct record_store *s, size_t count) {
    CHECK(s->index.used == 0);
    table_deinit(&s->index);
    table_init(&s->index, count);
}

static void recent_deinit(struct recent *n) {
    while (n->kept) {
        struct kept *next = n->kept->next;
        free(n->kept);
        n->kept = next;
    }
}

void record_store_deinit(struct record_store *s) {
    size_t place = 0;
    for (uint32_t h; (h = table_next(&s->index, &place)) != TABLE_NONE;) {
        if (record_is_warm(record_at(s, h)))
            recent_deinit(record_recent(s, record_at(s, h)));
    }
    table_deinit(&s->index);
    names_deinit(&s->names);
    slab_deinit(&s->bytes);
    pool_deinit(&s->recents);
    pool_deinit(&s->records);
}

uint64_t record_hash(struct slice tenant, struct slice id) {
    return slice_hash(id, slice_hash(tenant, tenant.size));
}

static inline struct slice body_of(const struct record_store *s, const struct record *r) {
    return (struct slice){slab_at(&s->bytes, r->body), r->body_size};
}

static inline uint32_t get_size(struct cursor *in) {
    if (in->at < in->end && *in->at < 0x80)
        return *in->at++;
    return (uint32_t)cursor_varint(in);
}

static inline struct record_names get_names(const struct record_store *s, struct cursor *in) {
    uint32_t leaf = names_leaf(&s->names, get_size(in));
    uint32_t size = get_size(in);
    return (struct record_names){cursor_bytes(in, size), leaf};
}

struct record_names record_names(const struct record_store *s, const struct record *r) {
    struct cursor in = cursor_of(body_of(s, r));
    return get_names(s, &in);
}

struct slice record_id(const struct record_store *s, const struct record *r) {
    return record_names(s, r).id;
}

struct slice record_tenant(const struct record_store *s, const struct record *r) {
    return leaf_dict_at(s->leaves, record_names(s, r).tenant_leaf)->tenant;
}

/* The base's first byte. */
static inline struct cursor base_of(const struct record_store *s, const struct record *r) {
    struct cursor in = cursor_of(body_of(s, r));
    get_names(s, &in);
    return in;
}

static struct packed_head unpacked_head(const uint8_t *base) {
    struct packed_head head;
    memcpy(&head.last_at, base + offsetof(struct interaction, last_at), sizeof(head.last_at));
    memcpy(&head.leaf, base + offsetof(struct interaction, leaf), sizeof(head.leaf));
    return head;
}

struct packed_head record_head(const struct record_store *s, const struct record *r) {
    struct cursor in = base_of(s, r);
    return r->unpacked ? unpacked_head(in.at) : unpack_head(&s->names, &in);
}

/* What means nothing is left out where it is packed, and is the same here. */
static void read_unpacked(struct cursor *in, uint8_t tracks, struct interaction *to) {
    struct slice bytes = cursor_bytes(in, interaction_size(tracks));
    if (in->failed)
        return;
    memcpy(to, bytes.at, bytes.size);
    if (to->leg.started_at == INSTANT_NONE)
        interaction_forget_leg(to);
    if (to->record.at == INSTANT_NONE)
        interaction_forget_record(to);
}

void record_read(const struct record_store *s, const struct record *r, struct interaction *base) {
    struct cursor in = base_of(s, r);
    if (r->unpacked)
        read_unpacked(&in, s->tracks, base);
    else
        unpack_interaction(&s->names, &in, s->tracks, base);
    CHECK(!in.failed);
}

static void set_body(struct record_store *s, struct record *r, struct slice body, size_t room) {
    CHECK(body.size <= UINT16_MAX);
    r->body = slab_get(&s->bytes, room);
    r->body_size = (uint16_t)body.size;
    memcpy(slab_at(&s->bytes, r->body), body.at, body.size);
}

/* Replaces all from `from` on. */
static void set_end(struct record_store *s, struct record *r, size_t from, const void *end,
                    size_t end_size) {
    size_t size = from + end_size;
    if (slab_room_for(size) != slab_room(r->body)) {
        uint32_t old = r->body;
        set_body(s, r, (struct slice){slab_at(&s->bytes, old), from}, size);
        slab_put(&s->bytes, old);
    }
    memcpy((char *)slab_at(&s->bytes, r->body) + from, end, end_size);
    r->body_size = (uint16_t)size;
}

static size_t names_size(const struct record_store *s, const struct record *r) {
    struct cursor in = base_of(s, r);
    return r->body_size - cursor_left(&in);
}

static bool has_few(const struct record_store *s) {
    return s->records.used <= UNPACKED_MOST;
}

static void write_packed(struct record_store *s, struct record *r, const struct interaction *base) {
    unsigned char packed[PACKED_INTERACTION_MAX];
    size_t size = pack_interaction(&s->names, base, packed);
    CHECK(size <= sizeof(packed));
    set_end(s, r, names_size(s, r), packed, size);
    r->unpacked = false;
}

void record_write(struct record_store *s, struct record *r, const struct interaction *base) {
    pack_names(&s->names, base);
    if (!has_few(s)) {
        write_packed(s, r, base);
        return;
    }
    set_end(s, r, names_size(s, r), base, interaction_size(s->tracks));
    r->unpacked = true;
}

void record_pack(struct record_store *s, struct record *r) {
    struct interaction base;
    if (!r->unpacked)
        return;
    record_read(s, r, &base);
    write_packed(s, r, &base);
}

struct slice record_packed(const struct record_store *s, const struct record *r, char *scratch) {
    struct slice body = body_of(s, r);
    if (!r->unpacked)
        return body;
    struct interaction base;
    size_t size = names_size(s, r);
    record_read(s, r, &base);
    memcpy(scratch, body.at, size);
    size += pack_interaction(&s->names, &base, (unsigned char *)scratch + size);
    CHECK(size <= RECORD_PACKED_MAX);
    return (struct slice){scratch, size};
}

#define CACHE_LINE 64

void record_prefetch(const struct record_store *s, const struct record *r) {
    __builtin_prefetch(slab_at(&s->bytes, r->body));
    if (!record_is_warm(r))
        return;
    const char *recent = (const char *)record_recent(s, r);
    const char *end = recent + s->recents.record_size;
    for (; recent < end; recent += CACHE_LINE)
        __builtin_prefetch(recent);
}

/* Each pass asks for what the one before it has brought: of all side by side. */
void record_expect(const struct record_store *s, const uint64_t *hashes, size_t count) {
    uint32_t handles[RECORD_EXPECT_MAX];
    CHECK(count <= RECORD_EXPECT_MAX);
    for (size_t k = 0; k < count; k++)
        table_prefetch(&s->index, hashes[k]);
    for (size_t k = 0; k < count; k++) {
        handles[k] = table_guess(&s->index, hashes[k]);
        if (handles[k] != TABLE_NONE)
            __builtin_prefetch(record_at(s, handles[k]));
    }
    for (size_t k = 0; k < count; k++) {
        if (handles[k] != TABLE_NONE)
            record_prefetch(s, record_at(s, handles[k]));
    }
    for (size_t k = 0; k < count; k++) {
        const struct record *r = handles[k] != TABLE_NONE ? record_at(s, handles[k]) : NULL;
        if (!r || !record_is_warm(r) || record_recent(s, r)->tail == SLAB_NONE)
            continue;
        const char *tail = slab_at(&s->bytes, record_recent(s, r)->tail);
        for (size_t at = 0; at < record_recent(s, r)->words * sizeof(uint64_t); at += CACHE_LINE)
            __builtin_prefetch(tail + at);
    }
}

struct wanted {
    struct slice tenant, id;
};

static bool is_wanted(const void *context, uint32_t handle, const void *key) {
    const struct record_store *s = context;
    const struct wanted *wanted = key;
    struct record_names names = record_names(s, record_at(s, handle));
    return slice_equal(names.id, wanted->id) &&
           slice_equal(leaf_dict_at(s->leaves, names.tenant_leaf)->tenant, wanted->tenant);
}

uint32_t record_find(const struct record_store *s, uint64_t hash, struct slice tenant,
                     struct slice id) {
    struct wanted wanted = {tenant, id};
    uint32_t handle = table_find(&s->index, hash, is_wanted, s, &wanted);
    return handle == TABLE_NONE ? RECORD_NONE : handle;
}

/* With room for more bytes than these. */
static uint32_t add(struct record_store *s, uint64_t hash, struct slice body, size_t room) {
    uint32_t handle = pool_get(&s->records);
    set_body(s, record_at(s, handle), body, room);
    table_insert(&s->index, hash, handle);
    return handle;
}

uint32_t record_add_body(struct record_store *s, uint64_t hash, struct slice body) {
    return add(s, hash, body, body.size);
}

static size_t put_varint(char *to, uint32_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        to[size++] = (char)(value | 0x80);
    to[size++] = (char)value;
    return size;
}

uint32_t record_add(struct record_store *s, uint64_t hash, uint32_t tenant_leaf, struct slice id) {
    char body[EVENT_TEXT_MAX + 2 * VARINT_MAX + 1];
    CHECK(id.size <= EVENT_TEXT_MAX);
    size_t size = put_varint(body, names_place(&s->names, tenant_leaf));
    size += put_varint(body + size, (uint32_t)id.size);
    memcpy(body + size, id.at, id.size);
    size += id.size;
    size_t room = size + (has_few(s) ? interaction_size(s->tracks) : 1);
    body[size++] = PHASE_NEW;
    return add(s, hash, (struct slice){body, size}, room);
}

void record_drop(struct record_store *s, uint32_t handle, uint64_t hash) {
    const struct record *r = record_at(s, handle);
    CHECK(!wheel_node_is_armed(&r->timer) && r->form == RECORD_COLD);
    table_remove(&s->index, hash, handle);
    slab_put(&s->bytes, r->body);
    pool_put(&s->records, handle);
}

int record_compare(const struct record_store *s, const struct record *a, const struct record *b) {
    struct record_names names_a = record_names(s, a), names_b = record_names(s, b);
    int order = 0;
    if (names_a.tenant_leaf != names_b.tenant_leaf)
        order = slice_compare(leaf_dict_at(s->leaves, names_a.tenant_leaf)->tenant,
                              leaf_dict_at(s->leaves, names_b.tenant_leaf)->tenant);
    return order != 0 ? order : slice_compare(names_a.id, names_b.id);
}

void recent_look(const struct record_store *s, struct recent *n, const struct interaction *base) {
    struct fold fold = {.leaves = s->leaves};
    n->base_next_at = base->phase == PHASE_NEW ? INSTANT_MAX : fold_next_at(&fold, base);
}

struct recent *record_begin(struct record_store *s, struct record *r) {
    CHECK(r->form == RECORD_COLD);
    r->form = RECORD_WARM;
    r->as.recent = pool_get_dirty(&s->recents);
    struct recent *n = record_recent(s, r);
    record_read(s, r, &n->now);
    recent_look(s, n, &n->now);
    n->next_at = n->base_next_at;
    n->kept = NULL;
    n->tail = SLAB_NONE;
    n->words = n->last = n->count = 0;
    n->plain = n->impossible = false;
    return n;
}

void record_cool(struct record_store *s, struct record *r) {
    struct recent *n = record_recent(s, r);
    CHECK(n->count == 0);
    recent_deinit(n);
    if (n->tail != SLAB_NONE)
        slab_put(&s->bytes, n->tail);
    pool_put(&s->recents, r->as.recent);
    r->form = RECORD_COLD;
}
