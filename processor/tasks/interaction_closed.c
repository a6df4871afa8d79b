#include "tasks/interaction_parts.h"

#include "base/check.h"

/* By the last event, then by name: an order that loading makes again. */
static bool stands_before(const struct interaction_task *t, const struct record *a,
                          const struct record *b) {
    if (a->base.last_at != b->base.last_at)
        return a->base.last_at < b->base.last_at;
    return record_compare(&t->store, a, b) < 0;
}

static void insert(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    uint32_t prev = t->closed_last;
    while (prev != RECORD_NONE && stands_before(t, r, record_at(&t->store, prev)))
        prev = record_at(&t->store, prev)->closed_prev;
    uint32_t next = t->closed_first;
    if (prev != RECORD_NONE)
        next = record_at(&t->store, prev)->closed_next;
    r->closed_prev = prev;
    r->closed_next = next;
    r->closed_listed = true;
    *(prev == RECORD_NONE ? &t->closed_first : &record_at(&t->store, prev)->closed_next) = handle;
    *(next == RECORD_NONE ? &t->closed_last : &record_at(&t->store, next)->closed_prev) = handle;
}

void closed_remove(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    if (!r->closed_listed)
        return;
    uint32_t prev = r->closed_prev, next = r->closed_next;
    *(prev == RECORD_NONE ? &t->closed_first : &record_at(&t->store, prev)->closed_next) = next;
    *(next == RECORD_NONE ? &t->closed_last : &record_at(&t->store, next)->closed_prev) = prev;
    r->closed_listed = false;
}

void closed_update(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    bool belongs = r->recent == POOL_NONE && !interaction_is_open(&r->base);
    if (belongs == r->closed_listed)
        return;
    if (!belongs) {
        closed_remove(t, handle);
        return;
    }
    insert(t, handle);
}
