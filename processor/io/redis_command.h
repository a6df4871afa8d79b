/* A command as the wire has it (RESP), put together in place: hiredis would ask for its arguments
 * in arrays, and copy each of them. */
#pragma once

#include "base/buf.h"

void redis_command_begin(struct buf *b, size_t arguments);
void redis_command_add(struct buf *b, struct slice argument);
