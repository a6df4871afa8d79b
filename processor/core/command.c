#include "core/command.h"

#include "base/check.h"

struct op_row {
    const char *name, *meaning;
    bool ordered;
};

#define ROW(symbol, name, ordered, meaning) {name, meaning, ordered},
static const struct op_row rows[COMMAND_OP_COUNT] = {COMMAND_OPS(ROW)};

const char *command_op_name(enum command_op op) {
    CHECK((unsigned)op < COMMAND_OP_COUNT);
    return rows[op].name;
}

const char *command_op_meaning(enum command_op op) {
    CHECK((unsigned)op < COMMAND_OP_COUNT);
    return rows[op].meaning;
}

bool command_op_is_ordered(enum command_op op) {
    CHECK((unsigned)op < COMMAND_OP_COUNT);
    return rows[op].ordered;
}
