/* What time it is, for whoever may ask: not the tasks. */
#pragma once

#include <stdint.h>

int64_t wall_now(void); /* epoch ms */
