#include "tasks/interaction_parts.h"

#include "base/check.h"

void closed_init(struct interaction_task *t) {
    t->closed = (struct closed_list){RECORD_NONE, RECORD_NONE, RECORD_NONE, INSTANT_NONE,
                                     INSTANT_NONE};
    t->kept = t->closed;
}

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
static uint32_t place_of(const struct interaction_task *t, const struct closed_list *list,
                         const struct record *r, int64_t last_at) {
    uint32_t prev = list->last;
    if (prev == RECORD_NONE || last_at > list->newest_at ||
        !stands_before(t, r, last_at, record_at(&t->store, prev)))
        return prev;
    if (list->near != RECORD_NONE)
        prev = list->near;
    while (prev != RECORD_NONE && stands_before(t, r, last_at, record_at(&t->store, prev)))
        prev = record_at(&t->store, prev)->as.closed.prev;
    uint32_t next = prev == RECORD_NONE ? list->first : record_at(&t->store, prev)->as.closed.next;
    while (!stands_before(t, r, last_at, record_at(&t->store, next))) {
        prev = next;
        next = record_at(&t->store, next)->as.closed.next;
    }
    return prev;
}

static struct closed_list *list_of(struct interaction_task *t, const struct record *r) {
    return r->form == RECORD_CLOSED ? &t->closed : &t->kept;
}

/* The two are side by side from here on, or one is at an end of the list. */
static void join(struct interaction_task *t, struct closed_list *list, uint32_t prev,
                 uint32_t next) {
    *(prev == RECORD_NONE ? &list->first : &record_at(&t->store, prev)->as.closed.next) = next;
    *(next == RECORD_NONE ? &list->last : &record_at(&t->store, next)->as.closed.prev) = prev;
}

void closed_add(struct interaction_task *t, uint32_t handle, int64_t last_at, bool in_order) {
    struct record *r = record_at(&t->store, handle);
    if (r->form != RECORD_COLD)
        return;
    r->form = in_order ? RECORD_CLOSED : RECORD_KEPT;
    struct closed_list *list = list_of(t, r);
    uint32_t prev = place_of(t, list, r, last_at);
    uint32_t next = prev == RECORD_NONE ? list->first : record_at(&t->store, prev)->as.closed.next;
    if (prev == RECORD_NONE)
        list->oldest_at = last_at;
    if (next == RECORD_NONE)
        list->newest_at = last_at;
    else
        list->near = handle;
    join(t, list, prev, handle);
    join(t, list, handle, next);
}

/* Of the record at an end. */
static int64_t last_at(const struct interaction_task *t, uint32_t handle) {
    if (handle == RECORD_NONE)
        return INSTANT_NONE;
    return record_head(&t->store, record_at(&t->store, handle)).last_at;
}

void closed_remove(struct interaction_task *t, uint32_t handle) {
    struct record *r = record_at(&t->store, handle);
    if (r->form != RECORD_CLOSED && r->form != RECORD_KEPT)
        return;
    struct closed_list *list = list_of(t, r);
    uint32_t prev = r->as.closed.prev, next = r->as.closed.next;
    if (list->near == handle)
        list->near = prev != RECORD_NONE ? prev : next;
    join(t, list, prev, next);
    if (prev == RECORD_NONE)
        list->oldest_at = last_at(t, next);
    if (next == RECORD_NONE)
        list->newest_at = last_at(t, prev);
    r->form = RECORD_COLD;
}

uint32_t closed_oldest(const struct interaction_task *t) {
    uint32_t closed = t->closed.first, kept = t->kept.first;
    if (closed == RECORD_NONE || kept == RECORD_NONE)
        return closed == RECORD_NONE ? kept : closed;
    return stands_before(t, record_at(&t->store, kept), t->kept.oldest_at,
                         record_at(&t->store, closed))
               ? kept
               : closed;
}

/* Each one's turn asks for what the next two turns need. */
void closed_bring_near(const struct interaction_task *t) {
    uint32_t next = record_at(&t->store, t->closed.first)->as.closed.next;
    if (next == RECORD_NONE)
        return;
    const struct record *r = record_at(&t->store, next);
    record_prefetch(&t->store, r);
    if (r->as.closed.next != RECORD_NONE)
        __builtin_prefetch(record_at(&t->store, r->as.closed.next));
}
