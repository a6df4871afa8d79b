#include "core/pane.h"

#include <stdlib.h>

#include "base/check.h"

#define GRAIN 16 /* bytes; what malloc rounds up to anyway */

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
    free(p->bytes);
    *p = (struct pane){0};
}

static void take_bytes(struct pane *p, const void *bytes, size_t size) {
    CHECK(size < UINT32_MAX - GRAIN);
    if (size > p->capacity) {
        p->capacity = (uint32_t)((size + GRAIN - 1) / GRAIN * GRAIN);
        p->bytes = realloc(p->bytes, p->capacity);
        CHECK(p->bytes);
    }
    p->size = (uint32_t)size;
    if (size > 0)
        memcpy(p->bytes, bytes, size);
}

/* Where entries are written: room for what may come is reserved before. */
struct pane_writer {
    unsigned char *at;
    uint32_t key;
};

#define ENTRY_BYTES_MOST 15 /* 5 of the key, 10 of the value */

static void put_varint(struct pane_writer *w, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *w->at++ = (unsigned char)(value | 0x80);
    *w->at++ = (unsigned char)value;
}

static void put_entry(struct pane_writer *w, struct pane_entry e) {
    if (e.value == 0)
        return;
    put_varint(w, e.key - w->key);
    put_varint(w, (uint64_t)e.value << 1 ^ (e.value < 0 ? UINT64_MAX : 0));
    w->key = e.key;
}

void pane_pack(const struct pane_entry *entries, size_t count, struct buf *b) {
    struct pane_writer w = {(unsigned char *)buf_reserve(b, count * ENTRY_BYTES_MOST), 0};
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || entries[i - 1].key < entries[i].key);
        put_entry(&w, entries[i]);
    }
    b->size = (size_t)((char *)w.at - b->at);
}

void pane_add(struct pane *p, const struct pane_entry *entries, size_t count,
              struct pane_scratch *scratch) {
    struct buf *out = &scratch->bytes;
    buf_reset(out);
    struct pane_writer w = {
        (unsigned char *)buf_reserve(out, p->size + count * ENTRY_BYTES_MOST + ENTRY_BYTES_MOST),
        0};
    struct pane_reader reader = pane_read(p);
    struct pane_entry mine;
    bool more = pane_next(&reader, &mine);
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || entries[i - 1].key < entries[i].key);
        for (; more && mine.key < entries[i].key; more = pane_next(&reader, &mine))
            put_entry(&w, mine);
        struct pane_entry sum = entries[i];
        if (more && mine.key == sum.key) {
            sum.value += mine.value;
            more = pane_next(&reader, &mine);
        }
        put_entry(&w, sum);
    }
    for (; more; more = pane_next(&reader, &mine))
        put_entry(&w, mine);
    take_bytes(p, out->at, (size_t)((char *)w.at - out->at));
}

void pane_scratch_reserve(struct pane_scratch *s, size_t count) {
    if (count <= s->capacity)
        return;
    s->capacity = count * 2;
    s->entries = realloc(s->entries, s->capacity * sizeof(*s->entries));
    CHECK(s->entries);
}

void pane_add_packed(struct pane *p, struct slice packed, struct pane_scratch *scratch) {
    if (p->size == 0) {
        take_bytes(p, packed.at, packed.size);
        return;
    }
    pane_scratch_reserve(scratch, packed.size / 2 + 1); /* an entry takes at least two bytes */
    struct pane_reader reader = pane_read_packed(packed);
    size_t count = 0;
    while (pane_next(&reader, &scratch->entries[count]))
        count++;
    pane_add(p, scratch->entries, count, scratch);
}

void pane_save(const struct pane *p, struct buf *b) {
    buf_put_zigzag(b, p->at);
    buf_put_slice(b, (struct slice){p->bytes, p->size});
}

/* What pane_next trusts: whole varints, ascending keys below the limit, no zeros. */
static bool well_formed(struct slice bytes, uint32_t key_limit) {
    struct cursor c = cursor_of(bytes);
    uint64_t key = 0;
    bool first = true;
    while (cursor_left(&c) > 0) {
        uint64_t step = cursor_varint(&c);
        int64_t value = cursor_zigzag(&c);
        bool ascends = step < key_limit && (step > 0 || first);
        first = false;
        key += step;
        if (c.failed || !ascends || key >= key_limit || value == 0)
            return false;
    }
    return true;
}

void pane_load(struct pane *p, struct cursor *c, uint32_t key_limit) {
    int64_t at = cursor_zigzag(c);
    struct slice bytes = cursor_slice(c);
    if (c->failed || !well_formed(bytes, key_limit)) {
        cursor_fail(c);
        bytes = (struct slice){0};
    }
    pane_init(p, at);
    take_bytes(p, bytes.at, bytes.size);
}
