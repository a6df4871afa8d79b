/* Memory that is given back as a whole: what a set of contracts consists of. */
#pragma once

#include "base/slice.h"

struct arena; /* opaque */

struct arena *arena_new(void);
void arena_free(struct arena *a);

void *arena_get(struct arena *a, size_t count, size_t size); /* zeroed array; never NULL */
struct slice arena_copy(struct arena *a, struct slice text); /* NUL-terminated besides */
