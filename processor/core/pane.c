#include "core/pane.h"

#include <stdlib.h>

#include "base/check.h"

#define GRAIN 16 /* bytes; malloc's blocks are multiples of it, */
#define HEAD 8   /* with so much of its own in each */

void pane_scratch_init(struct pane_scratch *s) {
    *s = (struct pane_scratch){0};
    buf_init(&s->bytes);
}

void pane_scratch_deinit(struct pane_scratch *s) {
    free(s->entries);
    buf_deinit(&s->bytes);
}

void pane_init(struct pane *p, int64_t at) {
    *p = (struct pane){.at = at};
}

void pane_deinit(struct pane *p) {
    if (p->capacity > 0)
        free(p->bytes.far);
    *p = (struct pane){0};
}

static void take_bytes(struct pane *p, const void *bytes, size_t size) {
    CHECK(size < UINT32_MAX - 2 * GRAIN);
    if (size > PANE_NEAR && size > p->capacity) {
        char *far = p->capacity > 0 ? p->bytes.far : NULL;
        p->capacity = (uint32_t)((size + HEAD + GRAIN - 1) / GRAIN * GRAIN - HEAD);
        p->bytes.far = realloc(far, p->capacity);
        CHECK(p->bytes.far);
    }
    p->size = (uint32_t)size;
    if (size > 0)
        memcpy(p->capacity > 0 ? p->bytes.far : p->bytes.near, bytes, size);
}

/* Where entries are written: room for what may come is reserved before. */
struct pane_writer {
    unsigned char *at;
    uint32_t key;
};

#define ENTRY_BYTES_MOST 15 /* 5 of the key, 10 of the value */

static inline void put_entry(struct pane_writer *w, struct pane_entry e) {
    if (e.value == 0)
        return;
    bool small = e.value > 0 && e.value <= PANE_CODE_MOST;
    uint64_t code = small ? (uint64_t)e.value - 1 : PANE_CODE_MOST;
    w->at = pane_put_varint(w->at, (uint64_t)(e.key - w->key) << PANE_CODE_BITS | code);
    if (!small)
        w->at = pane_put_varint(w->at, (uint64_t)e.value << 1 ^ (e.value < 0 ? UINT64_MAX : 0));
    w->key = e.key;
}

void pane_pack(const struct pane_entry *entries, size_t count, struct buf *b) {
    if (count == 0)
        return;
    struct pane_writer w = {(unsigned char *)buf_reserve(b, count * ENTRY_BYTES_MOST), 0};
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || entries[i - 1].key < entries[i].key);
        put_entry(&w, entries[i]);
    }
    b->size = (size_t)((char *)w.at - b->at);
}

/* A pane on its way into another: the entry that is next, and what follows it. */
struct pane_walk {
    struct pane_reader reader;
    struct pane_entry next;
    bool more;
};

/* Everything below a key. The first is written anew, because what stands before it may be another
 * entry now; of those that follow it the bytes are the same. */
static void copy_below(struct pane_walk *walk, uint64_t key, struct pane_writer *w) {
    if (!walk->more || walk->next.key >= key)
        return;
    put_entry(w, walk->next);
    const unsigned char *from = walk->reader.at;
    const unsigned char *to = from;
    while ((walk->more = pane_next(&walk->reader, &walk->next)) && walk->next.key < key) {
        w->key = walk->next.key;
        to = walk->reader.at;
    }
    memcpy(w->at, from, (size_t)(to - from));
    w->at += to - from;
}

void pane_add(struct pane *p, const struct pane_entry *entries, size_t count,
              struct pane_scratch *scratch) {
    struct buf *out = &scratch->bytes;
    buf_reset(out);
    struct pane_writer w = {
        (unsigned char *)buf_reserve(out, p->size + count * ENTRY_BYTES_MOST + ENTRY_BYTES_MOST),
        0};
    struct pane_walk walk = {.reader = pane_read(p)};
    walk.more = pane_next(&walk.reader, &walk.next);
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || entries[i - 1].key < entries[i].key);
        copy_below(&walk, entries[i].key, &w);
        struct pane_entry sum = entries[i];
        if (walk.more && walk.next.key == sum.key) {
            sum.value += walk.next.value;
            walk.more = pane_next(&walk.reader, &walk.next);
        }
        put_entry(&w, sum);
    }
    copy_below(&walk, UINT64_MAX, &w);
    take_bytes(p, out->at, (size_t)((char *)w.at - out->at));
}

void pane_scratch_reserve(struct pane_scratch *s, size_t count) {
    if (count <= s->capacity)
        return;
    s->capacity = count * 2;
    s->entries = realloc(s->entries, s->capacity * sizeof(*s->entries));
    CHECK(s->entries);
}

static void merge_packed(struct pane *p, struct slice packed, struct pane_scratch *scratch) {
    pane_scratch_reserve(scratch, packed.size + 1); /* an entry takes at least one byte */
    struct pane_reader reader = pane_read_packed(packed);
    size_t count = 0;
    while (pane_next(&reader, &scratch->entries[count]))
        count++;
    pane_add(p, scratch->entries, count, scratch);
}

void pane_add_packed(struct pane *p, struct slice packed, struct pane_scratch *scratch) {
    if (p->size == 0)
        take_bytes(p, packed.at, packed.size);
    else
        merge_packed(p, packed, scratch);
}

/* What pane_next trusts: whole varints, ascending keys below the limit, no zeros, each value in its
 * one form. */
static bool well_formed(struct slice bytes, uint32_t key_limit) {
    struct cursor c = cursor_of(bytes);
    uint64_t key = 0;
    bool first = true;
    while (cursor_left(&c) > 0) {
        uint64_t head = cursor_varint(&c);
        uint64_t step = head >> PANE_CODE_BITS;
        int64_t value = (int64_t)(head & PANE_CODE_MOST) + 1;
        bool ascends = step < key_limit && (step > 0 || first);
        bool plain = true;
        if (value > PANE_CODE_MOST) {
            value = cursor_zigzag(&c);
            plain = value < 0 || value > PANE_CODE_MOST;
        }
        first = false;
        key += step;
        if (c.failed || !ascends || key >= key_limit || !plain)
            return false;
    }
    return true;
}

void pane_load(struct pane *p, struct cursor *c, uint32_t key_limit) {
    struct slice bytes = cursor_slice(c);
    if (c->failed || !well_formed(bytes, key_limit)) {
        cursor_fail(c);
        bytes = (struct slice){0};
    }
    take_bytes(p, bytes.at, bytes.size);
}
