/* A binary heap of timers by time, first in first out among equals. */
#ifndef FLOORSIM_HEAP_H
#define FLOORSIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
    int64_t at;
    uint64_t order; /* given by heap_push */
    uint64_t kind;
    uint32_t ref;
    uint32_t generation;
};

struct heap {
    struct heap_item *items;
    size_t count;
    size_t capacity;
    uint64_t pushed;
};

void heap_deinit(struct heap *heap);

/* Ends the program when memory is out. */
void heap_push(struct heap *heap, struct heap_item item);

/* The time of the first item, INT64_MAX when there is none. */
int64_t heap_next_at(const struct heap *heap);

/* Takes the first item out; there must be one. */
struct heap_item heap_pop(struct heap *heap);

#endif
