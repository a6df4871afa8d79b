/* A command as the wire has it (RESP), put together in place: hiredis would ask for its arguments
 * in arrays, and copy each of them. */
#pragma once

#include "base/buf.h"

#define REDIS_COMMAND_END 2 /* bytes that follow an argument's own */

void redis_command_begin(struct buf *b, size_t arguments);
void redis_command_add(struct buf *b, struct slice argument);
/* One argument in two pieces. */
void redis_command_add_joined(struct buf *b, struct slice first, struct slice rest);
