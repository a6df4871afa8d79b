#include "core/pane_list.h"

#include <stdlib.h>

#include "base/check.h"

#define FIRST_CAPACITY 8
#define SLACK 8 /* a so manieth more than there is: lists are many, and grow slowly */

void pane_list_init(struct pane_list *l) {
    *l = (struct pane_list){0};
}

void pane_list_deinit(struct pane_list *l) {
    for (size_t i = 0; i < l->count; i++)
        pane_deinit(pane_list_at(l, i));
    free(l->panes);
    pane_list_init(l);
}

size_t pane_list_search(const struct pane_list *l, int64_t at) {
    size_t low = 0;
    size_t high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pane_list_at(l, middle)->at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct pane_list *l) {
    if (l->first + l->count < l->capacity)
        return;
    if (l->first > 0 && l->first >= l->count / SLACK) {
        memmove(l->panes, l->panes + l->first, l->count * sizeof(*l->panes));
        l->first = 0;
        return;
    }
    l->capacity = l->capacity + l->capacity / SLACK + FIRST_CAPACITY;
    l->panes = realloc(l->panes, l->capacity * sizeof(*l->panes));
    CHECK(l->panes);
}

struct pane *pane_list_get(struct pane_list *l, int64_t at) {
    if (l->count > 0 && pane_list_at(l, l->count - 1)->at == at)
        return pane_list_at(l, l->count - 1);
    size_t index = pane_list_lower(l, at);
    if (index < l->count && pane_list_at(l, index)->at == at)
        return pane_list_at(l, index);
    make_room(l);
    struct pane *place = pane_list_at(l, index);
    if (index < l->count)
        memmove(place + 1, place, (l->count - index) * sizeof(*place));
    l->count++;
    pane_init(place, at);
    return place;
}

void pane_list_drop(struct pane_list *l, size_t n) {
    CHECK(n <= l->count);
    for (size_t i = 0; i < n; i++)
        if (pane_list_at(l, i)->capacity > 0)
            pane_deinit(pane_list_at(l, i));
    l->count -= n;
    l->first = l->count == 0 ? 0 : l->first + n;
}

void pane_list_remove(struct pane_list *l, size_t index) {
    CHECK(index < l->count);
    struct pane *place = pane_list_at(l, index);
    pane_deinit(place);
    memmove(place, place + 1, (l->count - index - 1) * sizeof(*place));
    l->count--;
}

#define HEAD_BYTES 16 /* of a saved pane, at most: a distance, and a size below 2^32 */

/* Bytes are copied as they are: this is most of a snapshot. */
void pane_list_save(const struct pane_list *l, int64_t width_ms, struct buf *b) {
    buf_put_varint(b, l->count);
    if (l->count == 0)
        return;
    int64_t before = pane_list_at(l, 0)->at;
    size_t size = l->count * HEAD_BYTES;
    for (size_t i = 0; i < l->count; i++)
        size += pane_list_at(l, i)->size;
    buf_put_zigzag(b, before / width_ms);
    unsigned char *at = (unsigned char *)buf_reserve(b, size);
    for (size_t i = 0; i < l->count; i++) {
        const struct pane *p = pane_list_at(l, i);
        at = pane_put_varint(at, (uint64_t)(p->at - before) / (uint64_t)width_ms);
        at = pane_put_varint(at, p->size);
        memcpy(at, pane_packed(p).at, p->size);
        at += p->size;
        before = p->at;
    }
    b->size = (size_t)((char *)at - b->at);
}

void pane_list_load(struct pane_list *l, int64_t width_ms, struct cursor *c, uint32_t key_limit) {
    uint64_t count = cursor_varint(c);
    int64_t number = count > 0 ? cursor_zigzag(c) : 0;
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        uint64_t step = cursor_varint(c);
        int64_t limit = INT64_MAX / width_ms;
        if ((i > 0) != (step > 0) || number < -limit || number > limit || step > (uint64_t)limit ||
            (int64_t)step > limit - number) {
            cursor_fail(c);
            return;
        }
        number += (int64_t)step;
        make_room(l);
        struct pane *p = pane_list_at(l, l->count);
        pane_init(p, number * width_ms);
        pane_load(p, c, key_limit);
        l->count++;
    }
}
