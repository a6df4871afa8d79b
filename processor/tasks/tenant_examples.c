#include "tasks/tenant_examples.h"

#include <stdlib.h>

#include "base/check.h"

void tenant_examples_deinit(struct tenant_examples *e) {
    for (size_t i = 0; i < e->count; i++)
        free((void *)(uintptr_t)e->items[i].interaction_id.at);
    free(e->items);
    *e = (struct tenant_examples){0};
}

/* The first that is not before this one. */
static size_t lower(const struct tenant_examples *e, int64_t at, struct slice id) {
    size_t i = e->count;
    while (i > 0 &&
           (e->items[i - 1].at > at ||
            (e->items[i - 1].at == at && slice_compare(e->items[i - 1].interaction_id, id) >= 0)))
        i--;
    return i;
}

static void drop(struct tenant_examples *e, size_t index) {
    free((void *)(uintptr_t)e->items[index].interaction_id.at);
    e->count--;
    memmove(&e->items[index], &e->items[index + 1], (e->count - index) * sizeof(*e->items));
}

static bool is_at(const struct tenant_examples *e, size_t index, int64_t at, struct slice id) {
    return index < e->count && e->items[index].at == at &&
           slice_equal(e->items[index].interaction_id, id);
}

static void insert(struct tenant_examples *e, size_t index, int64_t at, struct slice id) {
    if (e->count == e->capacity) {
        e->capacity = e->capacity == 0 ? 4 : e->capacity * 2;
        e->items = realloc(e->items, e->capacity * sizeof(*e->items));
        CHECK(e->items);
    }
    memmove(&e->items[index + 1], &e->items[index], (e->count - index) * sizeof(*e->items));
    e->items[index] = (struct tenant_example){at, slice_copy(id)};
    e->count++;
}

void tenant_examples_add(struct tenant_examples *e, int64_t at, struct slice id, int64_t step_at) {
    size_t index = lower(e, at, id);
    if (is_at(e, index, at, id))
        return;
    insert(e, index, at, id);
    size_t past = 0;
    while (past < e->count && e->items[past].at < step_at)
        past++;
    for (; past > EXAMPLES_PAST_MAX; past--)
        drop(e, 0);
    while (e->count - past > EXAMPLES_AHEAD_MAX)
        drop(e, e->count - 1);
}

void tenant_examples_remove(struct tenant_examples *e, int64_t at, struct slice id) {
    size_t index = lower(e, at, id);
    if (is_at(e, index, at, id))
        drop(e, index);
}

void tenant_examples_show(const struct tenant_examples *e, int64_t from_at, int64_t to_at,
                          struct alert *alert) {
    for (size_t i = e->count; i-- > 0 && alert->interaction_count < EXAMPLES_PAST_MAX;) {
        if (e->items[i].at >= from_at && e->items[i].at < to_at)
            alert->interactions[alert->interaction_count++] = e->items[i].interaction_id;
    }
}

void tenant_examples_save(const struct tenant_examples *e, struct buf *b) {
    buf_put_varint(b, e->count);
    for (size_t i = 0; i < e->count; i++) {
        buf_put_zigzag(b, e->items[i].at);
        buf_put_slice(b, e->items[i].interaction_id);
    }
}

void tenant_examples_load(struct tenant_examples *e, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > EXAMPLES_PAST_MAX + EXAMPLES_AHEAD_MAX)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        int64_t at = cursor_zigzag(c);
        struct slice id = cursor_slice(c);
        if (c->failed || lower(e, at, id) != e->count)
            cursor_fail(c);
        else
            insert(e, e->count, at, id);
    }
}
