#include "codec/plan_usual.h"

/* Each field has one byte at least, so there are always bytes for those that are to come: only what
 * has more than one must ask whether enough is left for the rest. */
#define POSITION(field, kind, null, member, symbols) POSITION_##field,
enum position { EVENT_SLOTS(POSITION) POSITION_END };
#define REST(field) ((size_t)POSITION_END - 1 - POSITION_##field)
_Static_assert(EVENT_TYPE_COUNT <= PLAN_SMALL_MAX, "enums have one byte");

INLINE bool read_TEXT(struct place *p, struct slice *text, unsigned symbols, size_t rest) {
    (void)symbols;
    unsigned size = as_small(*p->at);
    if (LIKELY(size <= PLAN_SMALL_MAX && size + 1 + rest <= room(p))) {
        *text = (struct slice){(const char *)p->at + 1, size};
        p->at += size + 1;
        return is_text(*text);
    }
    return read_text(p, text) == FAULT_NONE && room(p) >= rest;
}

INLINE bool read_LONG(struct place *p, int64_t *value, unsigned symbols, size_t rest) {
    (void)symbols;
    return take_long(p, value) == FAULT_NONE && room(p) >= rest;
}

INLINE bool read_INT(struct place *p, int32_t *value, unsigned symbols, size_t rest) {
    (void)symbols, (void)rest;
    unsigned small = as_small(*p->at++);
    *value = (int32_t)small;
    return small <= PLAN_SMALL_MAX;
}

INLINE bool read_ENUM(struct place *p, uint8_t *symbol, unsigned symbols, size_t rest) {
    (void)rest;
    unsigned index = as_small(*p->at++);
    *symbol = (uint8_t)index;
    return index < symbols;
}

INLINE bool read_FLAG(struct place *p, uint8_t *flag, unsigned symbols, size_t rest) {
    (void)symbols, (void)rest;
    *flag = *p->at++;
    return *flag <= 1;
}

INLINE bool pass_null(struct place *p) {
    if (*p->at != 0)
        return false;
    p->at++;
    return true;
}

/* To a value that is there. */
INLINE bool pass_branch(struct place *p, size_t rest) {
    bool there = *p->at == 2 && room(p) >= rest + 2;
    p->at++;
    return there;
}

#define read_TRISTATE read_FLAG
#define NEVER(field, read) (read)
#define MAYBE(field, read) (pass_null(&at) || (pass_branch(&at, REST(field)) && (read)))
#define READ(field, kind, null, member, symbols)                                                   \
    if (UNLIKELY(!null(field, read_##kind(&at, (void *)&ev->member, symbols, REST(field)))))       \
        return false;

bool plan_usual_read(struct place *p, struct event *ev) {
    struct place at = *p;
    if (UNLIKELY(room(&at) < POSITION_END))
        return false;
    EVENT_SLOTS(READ)
    *p = at;
    return true;
}

bool plan_usual_null(size_t slot) {
    enum { NEVER_NULL, MAYBE_NULL };
#define NULL_OF(field, kind, null, member, symbols) null##_NULL,
    static const uint8_t nulls[] = {EVENT_SLOTS(NULL_OF)};
    return nulls[slot] == MAYBE_NULL;
}
