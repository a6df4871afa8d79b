/* What happened in one span of time, packed: ascending keys with signed integers, none of them 0.
 * Most panes hold a few dozen small numbers, and there are many panes: bytes count. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

struct pane_entry {
    uint32_t key;
    int64_t value;
};

struct pane {
    int64_t at;  /* start of the span, epoch ms */
    char *bytes; /* owned; varint key difference, zigzag value */
    uint32_t size;
    uint32_t capacity;
};

/* Working memory of merges; one serves any number of panes. */
struct pane_scratch {
    struct pane_entry *entries; /* owned */
    size_t capacity;
    struct buf bytes;
};

void pane_scratch_init(struct pane_scratch *s);
void pane_scratch_deinit(struct pane_scratch *s);

void pane_init(struct pane *p, int64_t at);
void pane_deinit(struct pane *p);

/* Adds entries (ascending keys, each once) to what is there; sums of 0 leave no trace. */
void pane_add(struct pane *p, const struct pane_entry *entries, size_t count,
              struct pane_scratch *scratch);

/* Adds all of another pane; its memory is left as it is. */
void pane_merge(struct pane *p, const struct pane *other, struct pane_scratch *scratch);

/* Walks the entries: `struct pane_reader r = pane_read(p); while (pane_next(&r, &e)) ...` */
struct pane_reader {
    const unsigned char *at, *end;
    uint32_t key;
};

static inline struct pane_reader pane_read(const struct pane *p) {
    const unsigned char *at = (const unsigned char *)(p->bytes ? p->bytes : "");
    return (struct pane_reader){at, at + p->size, 0};
}

static inline uint64_t pane_varint(struct pane_reader *r) {
    uint64_t value = *r->at & 0x7Fu;
    for (unsigned shift = 7; *r->at++ & 0x80; shift += 7)
        value |= (uint64_t)(*r->at & 0x7Fu) << shift;
    return value;
}

static inline bool pane_next(struct pane_reader *r, struct pane_entry *e) {
    if (r->at == r->end)
        return false;
    r->key += (uint32_t)pane_varint(r);
    uint64_t zigzag = pane_varint(r);
    e->key = r->key;
    e->value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    return true;
}

/* Bytes for the saved state, and back: the cursor tells when they are not those of a pane whose
 * keys are all below key_limit. */
void pane_save(const struct pane *p, struct buf *b);
void pane_load(struct pane *p, struct cursor *c, uint32_t key_limit);
