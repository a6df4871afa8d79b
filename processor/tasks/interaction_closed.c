#include "tasks/interaction_parts.h"

#include "base/check.h"

/* By the last event, then by name: an order that loading makes again. */
static bool stands_before(const struct interaction_task *t, const struct record *a, int64_t last_at,
                          const struct record *b) {
    int64_t other_at = record_head(&t->store, b).last_at;
    if (last_at != other_at)
        return last_at < other_at;
    return record_compare(&t->store, a, b) < 0;
}

/* Whom it comes after. Mostly that is the last one; what a site sends late is old, but comes in
 * order too, so its place is near that of the one before: else each would pass all that is
 * newer. */
static uint32_t place_of(const struct interaction_task *t, const struct record *r,
                         int64_t last_at) {
    uint32_t prev = t->closed_last;
    if (prev == RECORD_NONE || !stands_before(t, r, last_at, record_at(&t->store, prev)))
        return prev;
    if (t->closed_near != RECORD_NONE)
        prev = t->closed_near;
    while (prev != RECORD_NONE && stands_before(t, r, last_at, record_at(&t->store, prev)))
        prev = record_at(&t->store, prev)->as.closed.prev;
    uint32_t next = prev == RECORD_NONE ? t->closed_first
                                        : record_at(&t->store, prev)->as.closed.next;
    while (!stands_before(t, r, last_at, record_at(&t->store, next))) {
        prev = next;
        next = record_at(&t->store, next)->as.closed.next;
    }
    return prev;
}

void closed_add(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    if (r->form != RECORD_COLD)
        return;
    uint32_t prev = place_of(t, r, record_head(&t->store, r).last_at);
    uint32_t next = t->closed_first;
    if (prev != RECORD_NONE)
        next = record_at(&t->store, prev)->as.closed.next;
    if (next != RECORD_NONE)
        t->closed_near = handle;
    r->as.closed.prev = prev;
    r->as.closed.next = next;
    r->form = RECORD_CLOSED;
    *(prev == RECORD_NONE ? &t->closed_first
                          : &record_at(&t->store, prev)->as.closed.next) = handle;
    *(next == RECORD_NONE ? &t->closed_last : &record_at(&t->store, next)->as.closed.prev) = handle;
}

void closed_remove(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    if (r->form != RECORD_CLOSED)
        return;
    uint32_t prev = r->as.closed.prev, next = r->as.closed.next;
    if (t->closed_near == handle)
        t->closed_near = prev != RECORD_NONE ? prev : next;
    *(prev == RECORD_NONE ? &t->closed_first : &record_at(&t->store, prev)->as.closed.next) = next;
    *(next == RECORD_NONE ? &t->closed_last : &record_at(&t->store, next)->as.closed.prev) = prev;
    r->form = RECORD_COLD;
}
