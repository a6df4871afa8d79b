/* Runs the program that plan.c wrote. */
#include <stdio.h>

#include "base/check.h"
#include "codec/plan_bytes.h"
#include "codec/plan_usual.h"

#define FAULT_TEXT(symbol, text) text,
static const char *const fault_texts[] = {FAULTS(FAULT_TEXT)};

/* A routine's call, or a collection that is being walked. */
struct level {
    uint32_t back; /* CALL: where it returns to; BLOCKS: its body */
    uint32_t end;  /* BLOCKS: where it goes on afterwards */
    uint64_t left; /* elements of the block, this one included */
};

struct run {
    struct place place;
    uint64_t budget; /* elements and calls that may still come */
    uint32_t pc;
    uint32_t depth;
    struct level levels[PLAN_DEPTH_MAX];
};

static enum fault read_double(struct place *p, uint32_t theirs, double *value) {
    size_t size = theirs == SCHEMA_KIND_DOUBLE ? 8 : 4;
    int64_t whole = 0;
    if (theirs != SCHEMA_KIND_DOUBLE && theirs != SCHEMA_KIND_FLOAT) {
        enum fault fault = theirs == SCHEMA_KIND_INT ? read_int(p, &whole) : take_long(p, &whole);
        *value = (double)whole;
        return fault;
    }
    if (size > (size_t)(p->end - p->at))
        return FAULT_CUT;
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)p->at[i] << (8 * i);
    p->at += size;
    uint32_t low = (uint32_t)bits;
    float single;
    memcpy(&single, &low, sizeof(single));
    if (size == 4)
        *value = (double)single;
    else
        memcpy(value, &bits, sizeof(bits));
    return FAULT_NONE;
}

/* An index below `count`; negative ones are too large as unsigned. */
static inline enum fault take_index(struct place *p, uint32_t count, enum fault wrong,
                                    uint32_t *index) {
    int64_t value;
    enum fault fault = take_long(p, &value);
    if (UNLIKELY(fault))
        return fault;
    if (UNLIKELY((uint64_t)value >= count))
        return wrong;
    *index = (uint32_t)value;
    return FAULT_NONE;
}

static inline enum fault charge(struct run *r, uint64_t elements) {
    if (UNLIKELY(elements > r->budget))
        return FAULT_BUDGET;
    r->budget -= elements;
    return FAULT_NONE;
}

/* The next block that must be walked; those that say their size in bytes are leapt over. */
static enum fault next_block(struct run *r, struct level *level) {
    for (;;) {
        int64_t count;
        enum fault fault = take_long(&r->place, &count);
        if (fault)
            return fault;
        if (count >= 0) {
            level->left = (uint64_t)count;
            r->pc = count > 0 ? level->back : level->end;
            r->depth -= count == 0;
            return charge(r, level->left);
        }
        struct slice block;
        fault = take_bytes(&r->place, &block); /* its size, and the block itself */
        if (fault)
            return fault;
    }
}

static enum fault push(struct run *r, struct level level) {
    if (UNLIKELY(r->depth == PLAN_DEPTH_MAX))
        return FAULT_DEPTH;
    r->levels[r->depth++] = level;
    return FAULT_NONE;
}

static enum fault skip_blocks(struct run *r, const struct plan_op *op) {
    enum fault fault = push(r, (struct level){.back = r->pc, .end = op->b});
    return fault ? fault : next_block(r, &r->levels[r->depth - 1]);
}

static enum fault loop(struct run *r) {
    CHECK(r->depth > 0);
    struct level *level = &r->levels[r->depth - 1];
    if (--level->left == 0)
        return next_block(r, level);
    r->pc = level->back;
    return FAULT_NONE;
}

static enum fault call(struct run *r, const struct plan_op *op) {
    enum fault fault = push(r, (struct level){.back = r->pc});
    r->pc = op->a;
    return fault ? fault : charge(r, 1);
}

static enum fault skip_varints(struct run *r, uint32_t count) {
    enum fault fault = FAULT_NONE;
    int64_t ignored;
    while (count-- > 0 && !fault)
        fault = take_long(&r->place, &ignored);
    return fault;
}

static enum fault skip_strings(struct run *r, uint32_t count) {
    enum fault fault = FAULT_NONE;
    struct slice ignored;
    while (count-- > 0 && !fault)
        fault = take_bytes(&r->place, &ignored);
    return fault;
}

/* The operations that only move on in the bytes or in the program. */
static enum fault run_other(const struct plan *p, struct run *r, const struct plan_op *op) {
    enum fault fault = FAULT_NONE;
    uint32_t index = 0;
    switch ((enum plan_code)op->code) {
    case PLAN_UNION: /* a: first of b entries in jumps */
        fault = take_index(&r->place, op->b, FAULT_BRANCH, &index);
        if (!fault)
            r->pc = p->jumps[op->a + index];
        return fault;
    case PLAN_JUMP: /* a: to where */ r->pc = op->a; return FAULT_NONE;
    case PLAN_REFUSE: /* a: the writer's kind */ return FAULT_REFUSED;
    case PLAN_SKIP_VARINTS: /* a: how many */ return skip_varints(r, op->a);
    case PLAN_SKIP_STRINGS: /* a: how many */ return skip_strings(r, op->a);
    case PLAN_SKIP_FIXED: /* a: bytes */ return skip_fixed(&r->place, op->a);
    case PLAN_BLOCKS: /* b: where it ends; the body follows */ return skip_blocks(r, op);
    case PLAN_LOOP: return loop(r);
    case PLAN_CALL: /* a: the routine */ return call(r, op);
    case PLAN_RETURN:
        CHECK(r->depth > 0);
        r->pc = r->levels[--r->depth].back;
        return FAULT_NONE;
    default: UNREACHABLE("no such operation");
    }
}

/* Most fields that may be null are, in a row: as many at once as there are in the plan and in the
 * bytes. */
static inline const struct plan_op *pass_nulls(const struct plan *p, struct place *at,
                                               const struct plan_op *op) {
    uint64_t others = room(at) >= 8 ? peek_eight(at) ^ op->a * 2 * UINT64_C(0x0101010101010101)
                                    : UINT64_C(0x0100);
    uint32_t nulls = others ? (uint32_t)__builtin_ctzll(others) / 8 : 8;
    nulls = nulls < op->c ? nulls : op->c;
    at->at += nulls;
    return &p->ops[p->jumps[op->b + nulls - 1]];
}

static inline enum fault read_option(struct place *at, const struct plan_op *op,
                                     const struct plan *p, const struct plan_op **next) {
    uint32_t index = peek_small(at);
    if (index == op->a) {
        *next = pass_nulls(p, at, op);
        return FAULT_NONE;
    }
    enum fault fault = take_index(at, 2, FAULT_BRANCH, &index);
    if (UNLIKELY(!fault && index == op->a))
        *next = &p->ops[p->jumps[op->b]]; /* written in more bytes than it needs */
    return fault;
}

static inline enum fault read_symbol(struct place *at, const struct plan_op *op,
                                     const struct plan *p, uint8_t *symbol) {
    uint32_t index = peek_small(at);
    enum fault fault = FAULT_NONE;
    if (LIKELY(index < op->c))
        at->at++;
    else
        fault = take_index(at, op->b, FAULT_SYMBOL, &index);
    if (LIKELY(!fault))
        *symbol = p->symbols[op->a + index];
    return fault;
}

/* Most collections are empty. */
static inline bool is_empty(const struct run *r, struct place at) {
    return r->depth < PLAN_DEPTH_MAX && peek_small(&at) == 0;
}

/* Where an operation's value goes. */
#define MEMBER(type) ((type *)(void *)(ev + op->at))

/* Ends an operation: each one goes to the next by itself, which costs half of what a loop around a
 * switch does. */
#define NEXT(outcome)                                                                              \
    do {                                                                                           \
        if (UNLIKELY((fault = (outcome)) != FAULT_NONE))                                           \
            goto stop;                                                                             \
        op = next++;                                                                               \
        goto *doing[op->code];                                                                     \
    } while (0)

#define PLAN_LABEL(code) [PLAN_##code] = &&DO_##code,

/* The operations that fill the event, and the way to the others; never FAULT_NONE. */
static enum fault run_program(const struct plan *p, struct run *r, char *ev) {
    static const void *const doing[] = {PLAN_CODES(PLAN_LABEL)};
    struct place at = r->place;
    const struct plan_op *next = p->ops + r->pc, *op;
    enum fault fault;
    NEXT(FAULT_NONE);
DO_USUAL: /* a: where it goes on, if the fields of an event come as usual; else they follow */
    if (LIKELY(plan_usual_read(&at, (struct event *)(void *)ev)))
        next = &p->ops[op->a];
    NEXT(FAULT_NONE);
DO_TEXT:
    NEXT(read_text(&at, MEMBER(struct slice)));
DO_LONG:
    NEXT(take_long(&at, MEMBER(int64_t)));
DO_INT_TO_LONG:
    NEXT(read_int(&at, MEMBER(int64_t)));
DO_INT:
    NEXT(read_short_int(&at, MEMBER(int32_t)));
DO_ENUM: /* a: first of b entries in symbols; c: those with small indices */
    NEXT(read_symbol(&at, op, p, MEMBER(uint8_t)));
DO_FLAG:
DO_TRISTATE:
    NEXT(read_flag(&at, MEMBER(uint8_t)));
DO_DOUBLE: /* a: the writer's kind */
    NEXT(read_double(&at, op->a, MEMBER(double)));
DO_OPTION: /* a: the branch that is null; b: first of c in jumps: behind this field, behind the
            * next one if that may be null as well, and so on */
    NEXT(read_option(&at, op, p, &next));
DO_BLOCKS: /* b: where it ends; the body follows */
    if (LIKELY(is_empty(r, at))) {
        at.at++;
        next = &p->ops[op->b];
        NEXT(FAULT_NONE);
    }
DO_UNION:
DO_JUMP:
DO_REFUSE:
DO_SKIP_VARINTS:
DO_SKIP_STRINGS:
DO_SKIP_FIXED:
DO_LOOP:
DO_CALL:
DO_RETURN:
    r->pc = (uint32_t)(next - p->ops);
    r->place = at;
    fault = run_other(p, r, op);
    at = r->place;
    next = &p->ops[r->pc];
    NEXT(fault);
DO_END:
    fault = FAULT_DONE;
stop:
    r->pc = (uint32_t)(next - p->ops);
    r->place = at;
    return fault;
}

static void explain(const struct plan *p, const struct run *r, struct slice datum, enum fault fault,
                    struct err *err) {
    static const char *const wanted[] = {
        [SLOT_TEXT] = "string",   [SLOT_LONG] = "long",    [SLOT_INT] = "int",
        [SLOT_ENUM] = "enum",     [SLOT_FLAG] = "boolean", [SLOT_TRISTATE] = "boolean",
        [SLOT_DOUBLE] = "double",
    };
    const struct plan_op *op = &p->ops[r->pc - 1];
    size_t at = (size_t)(r->place.at - (const unsigned char *)datum.at);
    if (fault == FAULT_REFUSED) {
        err_set(err, "%s is %s in the writer's schema; %s is expected", p->slots[op->slot].field,
                schema_kind_name((enum schema_kind)op->a), wanted[p->slots[op->slot].kind]);
    } else if (fault == FAULT_LEFT_OVER) {
        err_set(err, "%zu bytes after the record's end", datum.size - at);
    } else {
        const char *field = op->slot < SLOTS_MAX ? p->slots[op->slot].field
                                                 : "a field that is skipped";
        err_set(err, "%s: %s (byte %zu of %zu)", field, fault_texts[fault], at, datum.size);
    }
}

static struct run begin(struct slice bytes) {
    struct run r;
    r.place.at = (const unsigned char *)bytes.at;
    r.place.end = r.place.at + bytes.size;
    r.budget = bytes.size + PLAN_FREE_ELEMENTS;
    r.pc = 0;
    r.depth = 0;
    return r;
}

static enum plan_result result_of(enum fault fault) {
    return fault == FAULT_UTF8 || fault == FAULT_LONG ? PLAN_INVALID : PLAN_UNDECODABLE;
}

static inline enum plan_result run_all(const struct plan *p, struct slice datum, char *record,
                                       struct err *err) {
    struct run r = begin(datum);
    enum fault fault = run_program(p, &r, record);
    if (LIKELY(fault == FAULT_DONE && r.place.at == r.place.end))
        return PLAN_DECODED;
    if (fault == FAULT_DONE)
        fault = FAULT_LEFT_OVER;
    explain(p, &r, datum, fault, err);
    return result_of(fault);
}

enum plan_result plan_run(const struct plan *p, struct slice datum, struct event *ev,
                          struct err *err) {
    *ev = p->blank;
    return run_all(p, datum, (char *)ev, err);
}

enum plan_result plan_run_into(const struct plan *p, struct slice datum, void *record,
                               struct err *err) {
    CHECK(p->into);
    memcpy(record, p->into->blank, p->into->size);
    return run_all(p, datum, record, err);
}

enum plan_result plan_run_next(const struct plan *p, struct slice *rest, struct event *ev,
                               struct err *err) {
    struct run r = begin(*rest);
    *ev = p->blank;
    enum plan_result result = PLAN_DECODED;
    enum fault fault;
    /* A text that we do not want is not the end: the next datum begins where this one ends. */
    while ((fault = run_program(p, &r, (char *)ev)) == FAULT_UTF8 || fault == FAULT_LONG) {
        if (result == PLAN_DECODED)
            explain(p, &r, *rest, fault, err);
        result = PLAN_INVALID;
    }
    if (UNLIKELY(fault != FAULT_DONE)) {
        explain(p, &r, *rest, fault, err);
        return PLAN_UNDECODABLE;
    }
    rest->size = (size_t)(r.place.end - r.place.at);
    rest->at = (const char *)r.place.at;
    return result;
}
