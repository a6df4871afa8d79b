/* The program of a decode plan; between plan.c, which writes it, and plan_run.c. */
#pragma once

#include "codec/event_slots.h"
#include "codec/plan.h"

/* X(code): what a, b and c are stands with the operations in plan_run.c. */
#define PLAN_CODES(X)                                                                              \
    X(USUAL)                                                                                       \
    X(TEXT)                                                                                        \
    X(LONG)                                                                                        \
    X(INT_TO_LONG)                                                                                 \
    X(INT)                                                                                         \
    X(ENUM)                                                                                        \
    X(FLAG)                                                                                        \
    X(TRISTATE)                                                                                    \
    X(DOUBLE)                                                                                      \
    X(OPTION)                                                                                      \
    X(UNION)                                                                                       \
    X(JUMP)                                                                                        \
    X(REFUSE)                                                                                      \
    X(SKIP_VARINTS)                                                                                \
    X(SKIP_STRINGS)                                                                                \
    X(SKIP_FIXED)                                                                                  \
    X(BLOCKS)                                                                                      \
    X(LOOP)                                                                                        \
    X(CALL)                                                                                        \
    X(RETURN)                                                                                      \
    X(END)

#define PLAN_CODE_ENUM(code) PLAN_##code,
enum plan_code { PLAN_CODES(PLAN_CODE_ENUM) PLAN_CODE_COUNT };

struct plan_op {
    uint8_t code; /* enum plan_code */
    uint8_t slot; /* index in the table of slots; SLOTS_MAX: none */
    uint16_t at;  /* offset in the struct */
    uint32_t a, b, c;
};

#define PLAN_NULLS_MAX 8  /* fields in a row that are passed at once, when null */
#define PLAN_SMALL_MAX 63 /* numbers up to this one are written in one byte */

struct plan {
    const struct slot_table *into; /* NULL: struct event */
    const struct event_slot *slots;
    struct plan_op *ops;
    size_t op_count, op_capacity;
    uint32_t *jumps; /* targets of unions, and of nulls in a row */
    size_t jump_count, jump_capacity;
    uint8_t *symbols; /* writer's enum index -> ours */
    size_t symbol_count, symbol_capacity;
    struct event blank; /* the defaults of struct event */
};
