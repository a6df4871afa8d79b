/* A history that fails, made as short as it gets: faults and calls are left out while it fails. */
#pragma once

#include "sim_world.h"

/* Shrinks in place; `violation` is that of what is left. Returns how many histories that took. */
unsigned sim_shrink(struct sim_history *h, char *violation, size_t room);

/* For a person: what is left, and the command that repeats it. */
void sim_shrink_print(const struct sim_history *h, const char *violation);
