#include "core/episode_due.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"

void episode_due_deinit(struct episode_due *d) {
    free(d->heap);
    *d = (struct episode_due){0};
}

void episode_due_clear(struct episode_due *d) {
    d->count = 0;
}

int64_t episode_due_next(const struct episode_due *d) {
    return d->count > 0 ? d->heap[0].at : INSTANT_MAX;
}

void episode_due_add(struct episode_due *d, int64_t at, uint32_t handle) {
    if (d->count == d->capacity) {
        d->capacity = d->capacity ? d->capacity * 2 : 64;
        d->heap = realloc(d->heap, d->capacity * sizeof(*d->heap));
        CHECK(d->heap);
    }
    size_t place = d->count++;
    for (; place > 0 && d->heap[(place - 1) / 2].at > at; place = (place - 1) / 2)
        d->heap[place] = d->heap[(place - 1) / 2];
    d->heap[place] = (struct episode_due_at){at, handle};
}

struct episode_due_at episode_due_take(struct episode_due *d) {
    CHECK(d->count > 0);
    struct episode_due_at first = d->heap[0];
    struct episode_due_at last = d->heap[--d->count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < d->count; place = child) {
        if (child + 1 < d->count && d->heap[child + 1].at < d->heap[child].at)
            child++;
        if (d->heap[child].at >= last.at)
            break;
        d->heap[place] = d->heap[child];
    }
    d->heap[place] = last;
    return first;
}
