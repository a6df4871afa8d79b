#include "core/cell_waiting.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/cell_shape.h"
#include "core/delta.h"

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

static bool is_sorted(const struct cell_waiting *w) {
    for (size_t i = 1; i < w->count; i++)
        if (w->rows[i - 1].pane_at > w->rows[i].pane_at)
            return false;
    return true;
}

/* Each to its place among those before it: for few rows. */
static void sort_few(struct cell_waiting *w) {
    for (size_t i = 1; i < w->count; i++) {
        struct cell_row row = w->rows[i];
        size_t place = i;
        for (; place > 0 && w->rows[place - 1].pane_at > row.pane_at; place--)
            w->rows[place] = w->rows[place - 1];
        w->rows[place] = row;
    }
}

#define DIGITS 256

/* By one byte of the panes' numbers from `first_at` on; rows of one digit stay in their order. */
static void sort_digit(const struct cell_row *from, struct cell_row *to, size_t count,
                       int64_t first_at, unsigned shift) {
    size_t places[DIGITS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        places[((uint64_t)(from[i].pane_at - first_at) / DELTA_PANE_MS >> shift) % DIGITS + 1]++;
    for (size_t d = 1; d < DIGITS; d++)
        places[d] += places[d - 1];
    for (size_t i = 0; i < count; i++) {
        uint64_t number = (uint64_t)(from[i].pane_at - first_at) / DELTA_PANE_MS;
        to[places[(number >> shift) % DIGITS]++] = from[i];
    }
}

/* Rows are many and panes are few: nearly always one digit tells them apart. */
static void sort_many(struct cell_waiting *w) {
    int64_t first_at = INSTANT_MAX, last_at = INSTANT_NONE;
    for (size_t i = 0; i < w->count; i++) {
        first_at = w->rows[i].pane_at < first_at ? w->rows[i].pane_at : first_at;
        last_at = w->rows[i].pane_at > last_at ? w->rows[i].pane_at : last_at;
    }
    struct cell_row *other = malloc(w->capacity * sizeof(*other));
    CHECK(other);
    for (unsigned shift = 0; (uint64_t)(last_at - first_at) / DELTA_PANE_MS >> shift > 0;
         shift += 8) {
        sort_digit(w->rows, other, w->count, first_at, shift);
        struct cell_row *sorted = other;
        other = w->rows;
        w->rows = sorted;
    }
    free(other);
}

#define SORT_FEW 32 /* rows that are not worth a table of digits */

static void sort(struct cell_waiting *w) {
    if (is_sorted(w))
        return;
    if (w->count <= SORT_FEW)
        sort_few(w);
    else
        sort_many(w);
}

/* Changes of gauges came, and left nothing: that they came would be lost with them. */
static bool hides_gauges(const struct tally *t) {
    bool came = false;
    for (uint32_t key = 0; tally_next(t, &key) && key < CELL_GAUGES; key++) {
        came = true;
        if (t->values[key] != 0)
            return false;
    }
    return came;
}

/* The rows [from, end) of one pane, appended to scratch->bytes. */
static size_t merge_pane(struct cell_waiting *w, size_t from, size_t end, size_t to,
                         struct tally *t, struct pane_scratch *scratch) {
    struct buf *out = &scratch->bytes;
    for (size_t i = from; i < end && end - from > 1; i++)
        tally_packed(t, cell_waiting_packed(w, i), 1);
    if (end - from > 1 && !hides_gauges(t)) {
        size_t count = tally_take(t, scratch);
        size_t before = out->size;
        pane_pack(scratch->entries, count, out);
        w->rows[to++] = (struct cell_row){w->rows[from].pane_at, (uint32_t)before,
                                          (uint32_t)(out->size - before)};
        return to;
    }
    tally_reset(t);
    for (size_t i = from; i < end; i++) {
        struct slice packed = cell_waiting_packed(w, i);
        w->rows[to++] = (struct cell_row){w->rows[i].pane_at, (uint32_t)out->size,
                                          (uint32_t)packed.size};
        buf_put(out, packed.at, packed.size);
    }
    return to;
}

static bool has_pairs(const struct cell_waiting *w) {
    for (size_t i = 1; i < w->count; i++)
        if (w->rows[i - 1].pane_at == w->rows[i].pane_at)
            return true;
    return false;
}

void cell_waiting_merge(struct cell_waiting *w, struct tally *t, struct pane_scratch *scratch) {
    size_t merged = 0;
    sort(w);
    if (!has_pairs(w))
        return;
    buf_reset(&scratch->bytes);
    for (size_t from = 0, end; from < w->count; from = end) {
        for (end = from + 1; end < w->count && w->rows[end].pane_at == w->rows[from].pane_at;)
            end++;
        merged = merge_pane(w, from, end, merged, t, scratch);
    }
    w->count = merged;
    buf_reset(&w->packed);
    buf_put(&w->packed, scratch->bytes.at, scratch->bytes.size);
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
