/* Timers of open episodes: which is due next. A heap; what was set anew or is over is passed over
 * when it comes up. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct episode_due_at {
    int64_t at;
    uint32_t handle;
};

struct episode_due {
    struct episode_due_at *heap;
    size_t count, capacity;
};

void episode_due_deinit(struct episode_due *d);
void episode_due_add(struct episode_due *d, int64_t at, uint32_t handle);
int64_t episode_due_next(const struct episode_due *d); /* INSTANT_MAX: nothing is set */
struct episode_due_at episode_due_take(struct episode_due *d);
void episode_due_clear(struct episode_due *d);
