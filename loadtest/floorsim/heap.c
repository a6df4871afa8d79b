#include "heap.h"

#include <stdio.h>
#include <stdlib.h>

void heap_deinit(struct heap *heap) {
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->capacity = 0;
}

static bool before(const struct heap_item *a, const struct heap_item *b) {
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void heap_push(struct heap *heap, struct heap_item item) {
    size_t i = heap->count++;

    if (heap->count > heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 1024;
        heap->items = realloc(heap->items, heap->capacity * sizeof(*heap->items));
        if (heap->items == NULL) {
            fputs("floorsim: out of memory\n", stderr);
            exit(1);
        }
    }
    item.order = heap->pushed++;
    for (; i > 0 && before(&item, &heap->items[(i - 1) / 2]); i = (i - 1) / 2)
        heap->items[i] = heap->items[(i - 1) / 2];
    heap->items[i] = item;
}

int64_t heap_next_at(const struct heap *heap) {
    return heap->count == 0 ? INT64_MAX : heap->items[0].at;
}

struct heap_item heap_pop(struct heap *heap) {
    struct heap_item first = heap->items[0];
    struct heap_item last = heap->items[--heap->count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!before(&heap->items[child], &last))
            break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = last;
    return first;
}
