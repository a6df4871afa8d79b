#include "config/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/check.h"

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct arena_block *blocks;
};

struct arena *arena_new(void) {
    struct arena *a = calloc(1, sizeof(*a));
    CHECK(a);
    return a;
}

void arena_free(struct arena *a) {
    if (!a)
        return;
    for (struct arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_get(struct arena *a, size_t count, size_t size) {
    size_t bytes;
    CHECK(!__builtin_mul_overflow(count, size, &bytes) &&
          !__builtin_add_overflow(bytes, sizeof(struct arena_block), &bytes));
    struct arena_block *b = calloc(1, bytes);
    CHECK(b);
    b->next = a->blocks;
    a->blocks = b;
    return b->bytes;
}

struct slice arena_copy(struct arena *a, struct slice text) {
    char *copy = arena_get(a, text.size + 1, 1);
    if (text.size > 0)
        memcpy(copy, text.at, text.size);
    return (struct slice){copy, text.size};
}
