#include "core/cell_waiting.h"

#include <stdlib.h>

#include "base/check.h"

void cell_waiting_init(struct cell_waiting *w) {
    *w = (struct cell_waiting){0};
    buf_init(&w->packed);
}

void cell_waiting_deinit(struct cell_waiting *w) {
    free(w->rows);
    buf_deinit(&w->packed);
    *w = (struct cell_waiting){0};
}

#define ROWS_LITTLE 8    /* cells are many, and most have little to take in at a time */
#define BYTES_LITTLE 256 /* packed */

void cell_waiting_reset(struct cell_waiting *w) {
    if (w->capacity > ROWS_LITTLE || w->packed.capacity > BYTES_LITTLE) {
        cell_waiting_deinit(w);
        return;
    }
    w->count = 0;
    buf_reset(&w->packed);
}

void cell_waiting_add(struct cell_waiting *w, int64_t pane_at, struct slice packed) {
    if (w->count == w->capacity) {
        w->capacity = w->capacity == 0 ? ROWS_LITTLE : w->capacity * 2;
        w->rows = realloc(w->rows, w->capacity * sizeof(*w->rows));
        CHECK(w->rows);
    }
    CHECK(w->packed.size + packed.size <= UINT32_MAX);
    w->rows[w->count++] = (struct cell_row){pane_at, (uint32_t)w->packed.size,
                                            (uint32_t)packed.size};
    buf_put(&w->packed, packed.at, packed.size);
}

static int by_pane(const void *a, const void *b) {
    int64_t x = ((const struct cell_row *)a)->pane_at;
    int64_t y = ((const struct cell_row *)b)->pane_at;
    return (x > y) - (x < y);
}

void cell_waiting_sort(struct cell_waiting *w) {
    bool sorted = true;
    for (size_t i = 1; i < w->count && sorted; i++)
        sorted = w->rows[i - 1].pane_at <= w->rows[i].pane_at;
    if (!sorted)
        qsort(w->rows, w->count, sizeof(*w->rows), by_pane);
}

size_t cell_waiting_lower(const struct cell_waiting *w, int64_t at) {
    size_t low = 0;
    size_t high = w->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->rows[middle].pane_at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
