#include "codec/plan.h"

#include <stdlib.h>

#include "base/check.h"
#include "codec/plan_usual.h"

#define NO_SLOT SLOTS_MAX
#define NOT_COMPILED UINT32_MAX

/* Records that are skipped become routines, each once: a schema may contain itself, or name one
 * type so often that writing it out would never end. */
struct compiler {
    struct plan *plan;
    const struct schema_node *reader;
    size_t slot_count;
    size_t barrier;  /* operations before this are not fused with: something jumps here */
    uint32_t *entry; /* by node index: where its routine begins */
    const struct schema_node **wanted; /* routines that are called and not yet written */
    size_t wanted_count, wanted_capacity;
    uint32_t usual; /* where an event may begin in its usual form */
};

static void *more_room(void *at, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return at;
    *capacity = *capacity ? *capacity * 2 : 64;
    at = realloc(at, *capacity * size);
    CHECK(at);
    return at;
}

static uint32_t emit(struct compiler *c, enum plan_code code, size_t slot, uint32_t a, uint32_t b) {
    struct plan *p = c->plan;
    p->ops = more_room(p->ops, p->op_count, &p->op_capacity, sizeof(*p->ops));
    p->ops[p->op_count] = (struct plan_op){
        .code = (uint8_t)code,
        .slot = (uint8_t)slot,
        .at = slot < NO_SLOT ? p->slots[slot].offset : 0,
        .a = a,
        .b = b,
    };
    return (uint32_t)p->op_count++;
}

/* The next operation is a place that is jumped to. */
static uint32_t label(struct compiler *c) {
    c->barrier = c->plan->op_count;
    return (uint32_t)c->plan->op_count;
}

static void emit_skip(struct compiler *c, enum plan_code code, uint32_t amount) {
    struct plan *p = c->plan;
    struct plan_op *last = p->op_count > c->barrier ? &p->ops[p->op_count - 1] : NULL;
    if (amount == 0)
        return;
    if (last && last->code == code && last->a <= INT32_MAX && amount <= INT32_MAX)
        last->a += amount;
    else
        emit(c, code, NO_SLOT, amount, 0);
}

static void emit_call(struct compiler *c, const struct schema_node *record) {
    c->wanted = more_room(c->wanted, c->wanted_count, &c->wanted_capacity, sizeof(*c->wanted));
    if (c->entry[record->index] == NOT_COMPILED) {
        c->entry[record->index] = 0; /* asked for; the place comes when it is written */
        c->wanted[c->wanted_count++] = record;
    }
    emit(c, PLAN_CALL, NO_SLOT, record->index, 0);
}

static void compile_branch(struct compiler *c, size_t slot, const struct schema_node *n);

static int null_branch(const struct schema_node *n) {
    if (n->part_count != 2)
        return -1;
    for (int i = 0; i < 2; i++) {
        if (n->parts[i]->kind == SCHEMA_KIND_NULL)
            return i;
    }
    return -1;
}

static void add_jump(struct plan *p, uint32_t target) {
    p->jumps = more_room(p->jumps, p->jump_count, &p->jump_capacity, sizeof(*p->jumps));
    p->jumps[p->jump_count++] = target;
}

static void compile_union(struct compiler *c, size_t slot, const struct schema_node *n) {
    struct plan *p = c->plan;
    int null_at = null_branch(n);
    if (null_at >= 0) {
        uint32_t option = emit(c, PLAN_OPTION, slot, (uint32_t)null_at, 0);
        label(c);
        compile_branch(c, slot, n->parts[1 - null_at]);
        p->ops[option].b = label(c);
        return;
    }
    uint32_t first = (uint32_t)p->jump_count;
    for (size_t i = 0; i < n->part_count; i++)
        add_jump(p, 0);
    emit(c, PLAN_UNION, slot, first, (uint32_t)n->part_count);
    uint32_t last_jump = NOT_COMPILED; /* the jumps to the end, chained until it is known */
    for (size_t i = 0; i < n->part_count; i++) {
        p->jumps[first + i] = label(c);
        compile_branch(c, slot, n->parts[i]);
        last_jump = emit(c, PLAN_JUMP, NO_SLOT, last_jump, 0);
    }
    uint32_t end = label(c);
    while (last_jump != NOT_COMPILED) {
        uint32_t next = p->ops[last_jump].a;
        p->ops[last_jump].a = end;
        last_jump = next;
    }
}

static void compile_skip(struct compiler *c, const struct schema_node *n) {
    switch (n->kind) {
    case SCHEMA_KIND_INT:
    case SCHEMA_KIND_LONG:
    case SCHEMA_KIND_ENUM: emit_skip(c, PLAN_SKIP_VARINTS, 1); break;
    case SCHEMA_KIND_BOOLEAN: emit_skip(c, PLAN_SKIP_FIXED, 1); break;
    case SCHEMA_KIND_FLOAT: emit_skip(c, PLAN_SKIP_FIXED, 4); break;
    case SCHEMA_KIND_DOUBLE: emit_skip(c, PLAN_SKIP_FIXED, 8); break;
    case SCHEMA_KIND_FIXED: emit_skip(c, PLAN_SKIP_FIXED, (uint32_t)n->size); break;
    case SCHEMA_KIND_BYTES:
    case SCHEMA_KIND_STRING: emit_skip(c, PLAN_SKIP_STRINGS, 1); break;
    case SCHEMA_KIND_RECORD: emit_call(c, n); break;
    case SCHEMA_KIND_UNION: compile_union(c, NO_SLOT, n); break;
    case SCHEMA_KIND_ARRAY:
    case SCHEMA_KIND_MAP: {
        uint32_t blocks = emit(c, PLAN_BLOCKS, NO_SLOT, 0, 0);
        label(c);
        if (n->kind == SCHEMA_KIND_MAP)
            emit_skip(c, PLAN_SKIP_STRINGS, 1);
        compile_skip(c, n->parts[0]);
        emit(c, PLAN_LOOP, NO_SLOT, 0, 0);
        c->plan->ops[blocks].b = label(c);
        break;
    }
    default: break; /* null has no bytes */
    }
}

/* A symbol that we do not have is UNKNOWN, which is 0. */
static uint8_t symbol_index(const struct schema_node *ours, struct slice symbol) {
    for (size_t i = 0; i < ours->symbol_count; i++) {
        if (slice_equal(ours->symbols[i], symbol))
            return (uint8_t)i;
    }
    return 0;
}

static const struct schema_node *reader_type(const struct compiler *c, size_t slot) {
    const struct schema_node *reader = c->reader;
    for (size_t i = 0; i < reader->field_count; i++) {
        if (slice_equal(reader->fields[i].name, slice_of(c->plan->slots[slot].field)))
            return reader->fields[i].type;
    }
    UNREACHABLE("every slot is a field of our schema");
}

static void compile_enum(struct compiler *c, size_t slot, const struct schema_node *theirs) {
    struct plan *p = c->plan;
    uint32_t first = (uint32_t)p->symbol_count;
    const struct schema_node *ours = reader_type(c, slot);
    CHECK(ours->kind == SCHEMA_KIND_ENUM && ours->symbol_count == p->slots[slot].symbols);
    for (size_t i = 0; i < theirs->symbol_count; i++) {
        p->symbols = more_room(p->symbols, p->symbol_count, &p->symbol_capacity, 1);
        p->symbols[p->symbol_count++] = symbol_index(ours, theirs->symbols[i]);
    }
    uint32_t op = emit(c, PLAN_ENUM, slot, first, (uint32_t)theirs->symbol_count);
    p->ops[op].c = p->ops[op].b <= PLAN_SMALL_MAX ? p->ops[op].b : PLAN_SMALL_MAX + 1;
}

/* What of the writer's types can become what we want (Avro's schema resolution). */
static bool compile_read(struct compiler *c, size_t slot, enum schema_kind theirs) {
    switch (c->plan->slots[slot].kind) {
    case SLOT_TEXT:
        if (theirs != SCHEMA_KIND_STRING && theirs != SCHEMA_KIND_BYTES)
            return false;
        emit(c, PLAN_TEXT, slot, 0, 0);
        return true;
    case SLOT_LONG:
        if (theirs != SCHEMA_KIND_LONG && theirs != SCHEMA_KIND_INT)
            return false;
        emit(c, theirs == SCHEMA_KIND_LONG ? PLAN_LONG : PLAN_INT_TO_LONG, slot, 0, 0);
        return true;
    case SLOT_INT:
        if (theirs == SCHEMA_KIND_INT)
            emit(c, PLAN_INT, slot, 0, 0);
        return theirs == SCHEMA_KIND_INT;
    case SLOT_FLAG:
    case SLOT_TRISTATE:
        if (theirs == SCHEMA_KIND_BOOLEAN)
            emit(c, c->plan->slots[slot].kind == SLOT_FLAG ? PLAN_FLAG : PLAN_TRISTATE, slot, 0, 0);
        return theirs == SCHEMA_KIND_BOOLEAN;
    case SLOT_DOUBLE:
        if (theirs != SCHEMA_KIND_DOUBLE && theirs != SCHEMA_KIND_FLOAT &&
            theirs != SCHEMA_KIND_LONG && theirs != SCHEMA_KIND_INT)
            return false;
        emit(c, PLAN_DOUBLE, slot, (uint32_t)theirs, 0);
        return true;
    default: return false;
    }
}

/* One type that is no union: of a field that we want, or (NO_SLOT) to be skipped. */
static void compile_branch(struct compiler *c, size_t slot, const struct schema_node *n) {
    if (slot == NO_SLOT) {
        compile_skip(c, n);
    } else if (n->kind == SCHEMA_KIND_ENUM && c->plan->slots[slot].kind == SLOT_ENUM) {
        compile_enum(c, slot, n);
    } else if (n->kind != SCHEMA_KIND_NULL && !compile_read(c, slot, n->kind)) {
        emit(c, PLAN_REFUSE, slot, (uint32_t)n->kind, 0);
    }
}

static const struct schema_field *field_named(const struct schema_node *record, struct slice name) {
    for (size_t i = 0; i < record->field_count; i++) {
        if (slice_equal(record->fields[i].name, name))
            return &record->fields[i];
    }
    return NULL;
}

/* The writer's field for one of ours: by its name, else by the first alias that is there. */
static const struct schema_field *bind(const struct schema_node *writer,
                                       const struct schema_field *ours) {
    const struct schema_field *theirs = field_named(writer, ours->name);
    for (size_t i = 0; i < ours->alias_count && !theirs; i++)
        theirs = field_named(writer, ours->aliases[i]);
    return theirs;
}

static void compile_record(struct compiler *c, const struct schema_node *writer) {
    const struct schema_field *bound[SLOTS_MAX] = {NULL};
    for (size_t slot = 0; slot < c->slot_count; slot++) {
        const struct schema_field *ours = field_named(c->reader,
                                                      slice_of(c->plan->slots[slot].field));
        CHECK(ours);
        bound[slot] = bind(writer, ours);
    }
    for (size_t i = 0; i < writer->field_count; i++) {
        size_t slot = 0;
        while (slot < c->slot_count && bound[slot] != &writer->fields[i])
            slot++;
        if (slot == c->slot_count)
            slot = NO_SLOT;
        const struct schema_node *type = writer->fields[i].type;
        if (slot == 0 && !c->plan->into)
            c->usual = emit(c, PLAN_USUAL, NO_SLOT, 0, 0);
        if (type->kind == SCHEMA_KIND_UNION)
            compile_union(c, slot, type);
        else
            compile_branch(c, slot, type);
    }
    emit(c, PLAN_END, NO_SLOT, 0, 0);
}

/* Routines call for further routines while they are written. */
static void compile_routines(struct compiler *c) {
    for (size_t i = 0; i < c->wanted_count; i++) {
        const struct schema_node *record = c->wanted[i];
        c->entry[record->index] = label(c);
        for (size_t f = 0; f < record->field_count; f++)
            compile_skip(c, record->fields[f].type);
        emit(c, PLAN_RETURN, NO_SLOT, 0, 0);
        label(c);
    }
    for (size_t i = 0; i < c->plan->op_count; i++) {
        if (c->plan->ops[i].code == PLAN_CALL)
            c->plan->ops[i].a = c->entry[c->plan->ops[i].a];
    }
}

/* The writer's enum is ours, symbol for symbol. */
static bool is_ours(const struct plan *p, const struct plan_op *op) {
    for (uint32_t i = 0; i < op->b; i++) {
        if (p->symbols[op->a + i] != i)
            return false;
    }
    return op->b == p->slots[op->slot].symbols;
}

static bool reads_as_usual(const struct plan *p, const struct plan_op *op, size_t slot) {
    static const enum plan_code codes[] = {
        [SLOT_TEXT] = PLAN_TEXT, [SLOT_LONG] = PLAN_LONG, [SLOT_INT] = PLAN_INT,
        [SLOT_ENUM] = PLAN_ENUM, [SLOT_FLAG] = PLAN_FLAG, [SLOT_TRISTATE] = PLAN_TRISTATE,
    };
    return op->slot == slot && op->code == codes[p->slots[slot].kind] &&
           (op->code != PLAN_ENUM || is_ours(p, op));
}

/* Where the fields of an event in our order, with our types, end that begin at `at`; 0: they are
 * not all there. The program's END belongs to no slot. */
static uint32_t usual_end(const struct plan *p, uint32_t at) {
    for (size_t slot = 0; slot < EVENT_SLOT_COUNT; slot++) {
        const struct plan_op *op = &p->ops[at];
        bool option = plan_usual_null(slot);
        if (option &&
            (op->code != PLAN_OPTION || op->slot != slot || op->a != 0 || op->b != at + 2))
            return 0;
        if (!reads_as_usual(p, op + option, slot))
            return 0;
        at += 1 + option;
    }
    return at;
}

static void recognise_usual(const struct compiler *c) {
    if (c->usual == NOT_COMPILED)
        return;
    uint32_t end = usual_end(c->plan, c->usual + 1);
    struct plan_op *op = &c->plan->ops[c->usual];
    op->code = end > 0 ? PLAN_USUAL : PLAN_JUMP;
    op->a = end > 0 ? end : c->usual + 1;
}

/* Where to go after one null, after two and so on, as far as one OPTION follows the other. From the
 * last one on, because all of them go forward. */
static void chain_options(struct plan *p) {
    for (size_t i = p->op_count; i-- > 0;) {
        struct plan_op *op = &p->ops[i];
        if (op->code != PLAN_OPTION)
            continue;
        const struct plan_op *follower = &p->ops[op->b];
        uint32_t first = (uint32_t)p->jump_count;
        add_jump(p, op->b);
        op->b = first;
        op->c = 1;
        if (follower->code != PLAN_OPTION || follower->a != op->a)
            continue;
        for (; op->c <= follower->c && op->c < PLAN_NULLS_MAX; op->c++)
            add_jump(p, p->jumps[follower->b + op->c - 1]);
    }
}

static struct plan *make(const struct slot_table *into, const struct schema_tree *writer,
                         const struct schema_tree *reader) {
    const struct schema_node *theirs = schema_tree_root(writer);
    const struct schema_node *ours = schema_tree_root(reader);
    CHECK(theirs->kind == SCHEMA_KIND_RECORD && ours->kind == SCHEMA_KIND_RECORD);

    size_t entries_size = schema_tree_size(writer) * sizeof(uint32_t);
    struct plan *p = calloc(1, sizeof(*p));
    struct compiler c = {.plan = p,
                         .reader = ours,
                         .slot_count = into ? into->count : EVENT_SLOT_COUNT,
                         .entry = malloc(entries_size),
                         .usual = NOT_COMPILED};
    CHECK(p && c.entry && c.slot_count <= SLOTS_MAX);
    p->into = into;
    p->slots = into ? into->slots : event_slots;
    memset(c.entry, 0xFF, entries_size); /* NOT_COMPILED */
    event_set_defaults(&p->blank);
    compile_record(&c, theirs);
    label(&c);
    compile_routines(&c);
    recognise_usual(&c); /* before the next one gives b of an option another meaning */
    chain_options(p);
    free(c.entry);
    free(c.wanted);
    return p;
}

struct plan *plan_new(const struct schema_tree *writer, const struct schema_tree *reader) {
    return make(NULL, writer, reader);
}

struct plan *plan_new_into(const struct slot_table *into, const struct schema_tree *writer,
                           const struct schema_tree *reader) {
    return make(into, writer, reader);
}

void plan_free(struct plan *p) {
    if (!p)
        return;
    free(p->ops);
    free(p->jumps);
    free(p->symbols);
    free(p);
}
