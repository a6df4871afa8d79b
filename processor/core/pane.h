/* What happened in one span of time, packed: ascending keys with signed integers, none of them 0.
 * Most panes hold a few dozen small numbers, and there are many panes: bytes count. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

/* An entry is a varint, 4 * key difference + code. Code 0, 1, 2 is a value of 1, 2, 3, which most
 * samples of a bucket are; after code 3 the value follows as a zigzag varint. */
#define PANE_CODE_BITS 2
#define PANE_CODE_MOST 3

struct pane_entry {
    uint32_t key;
    int64_t value;
};

#define PANE_NEAR 8 /* so many bytes have room in the pane itself: those of a rule are no more */

struct pane {
    int64_t at; /* start of the span, epoch ms */
    union {
        char near[PANE_NEAR];
        char *far; /* owned */
    } bytes;
    uint32_t size;
    uint32_t capacity; /* of `far`; 0: they are near */
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

/* Entries (ascending keys, each once) as bytes, appended; those of 0 leave no trace. */
void pane_pack(const struct pane_entry *entries, size_t count, struct buf *b);

/* Adds entries (ascending keys, each once) to what is there; sums of 0 leave no trace. */
void pane_add(struct pane *p, const struct pane_entry *entries, size_t count,
              struct pane_scratch *scratch);

/* Adds packed entries. */
void pane_add_packed(struct pane *p, struct slice packed, struct pane_scratch *scratch);

/* Room in scratch->entries. */
void pane_scratch_reserve(struct pane_scratch *s, size_t count);

/* Walks the entries: `struct pane_reader r = pane_read(p); while (pane_next(&r, &e)) ...` */
struct pane_reader {
    const unsigned char *at, *end;
    uint32_t key;
};

static inline struct pane_reader pane_read_packed(struct slice packed) {
    const unsigned char *at = (const unsigned char *)(packed.at ? packed.at : "");
    return (struct pane_reader){at, at + packed.size, 0};
}

/* Valid until the pane changes or moves. */
static inline struct slice pane_packed(const struct pane *p) {
    return (struct slice){p->capacity > 0 ? p->bytes.far : p->bytes.near, p->size};
}

static inline struct pane_reader pane_read(const struct pane *p) {
    return pane_read_packed(pane_packed(p));
}

static inline uint64_t pane_varint(struct pane_reader *r) {
    uint64_t value = *r->at++;
    if (value < 0x80)
        return value;
    value &= 0x7Fu;
    for (unsigned shift = 7;; shift += 7) {
        uint64_t byte = *r->at++;
        value |= (byte & 0x7Fu) << shift;
        if (byte < 0x80)
            return value;
    }
}

static inline bool pane_next(struct pane_reader *r, struct pane_entry *e) {
    if (r->at == r->end)
        return false;
    uint64_t head = pane_varint(r);
    r->key += (uint32_t)(head >> PANE_CODE_BITS);
    e->key = r->key;
    e->value = (int64_t)(head & PANE_CODE_MOST) + 1;
    if (e->value > PANE_CODE_MOST) {
        uint64_t zigzag = pane_varint(r);
        e->value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    }
    return true;
}

/* LEB128 into memory that is there; returns what follows. */
static inline unsigned char *pane_put_varint(unsigned char *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

/* Takes packed entries into a pane just made; the cursor tells when they are not those of a pane
 * whose keys are all below key_limit. */
void pane_load(struct pane *p, struct cursor *c, uint32_t key_limit);
