/* The few earliest of many instants that come and go: the answer to "what is next?" stays cheap
 * although the many are kept in no order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EARLIEST_KEPT 64

/* Of those that are out there, the `count` earliest (any of equal ones). */
struct earliest {
    int64_t at[EARLIEST_KEPT]; /* latest first, so that the next one goes off the end */
    size_t count;
};

/* One more is out there; `others` is how many there were before. */
void earliest_add(struct earliest *e, int64_t at, size_t others);

/* One is no longer out there. */
void earliest_remove(struct earliest *e, int64_t at);

/* What is kept begins anew: offer every instant of a part that is earlier than all others. */
void earliest_reset(struct earliest *e);
void earliest_offer(struct earliest *e, int64_t at);

/* The next instant; only while count > 0, otherwise nothing is known. */
int64_t earliest_next(const struct earliest *e);
