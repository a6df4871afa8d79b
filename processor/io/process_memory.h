/* memory_port over the system: what this process holds, and giving back what it does not use. */
#pragma once

#include "engine/ports.h"

struct process_memory; /* opaque */

struct process_memory *process_memory_new(void);
void process_memory_free(struct process_memory *m);

struct memory_port process_memory_port(struct process_memory *m);
