/* Which fields of AlertCommand go where in struct command. */
#pragma once

#include "codec/event_slots.h"
#include "core/command.h"

/* A command, and what of its envelope is looked at. */
struct command_record {
    struct command command;
    struct slice event_id;
};

extern const struct slot_table command_slots;

/* False with the reason when it lacks something: it is a dead letter then. Fills in the command's
 * id where it has none. */
MUST_USE bool command_record_complete(struct command_record *r, struct err *err);
