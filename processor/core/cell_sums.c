#include "core/cell_sums.h"

#include <stdlib.h>

#include "base/check.h"

void cell_sums_init(struct cell_sums *s, const struct cell_shape *shape) {
    *s = (struct cell_sums){.dense_count = cell_shape_dense(shape)};
    s->dense = calloc(s->dense_count, sizeof(*s->dense));
    CHECK(s->dense);
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++)
        histogram_init(&s->histograms[h]);
}

void cell_sums_deinit(struct cell_sums *s) {
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++)
        histogram_deinit(&s->histograms[h]);
    free(s->dense);
    *s = (struct cell_sums){0};
}

void cell_sums_reset(struct cell_sums *s) {
    memset(s->dense, 0, s->dense_count * sizeof(*s->dense));
    memset(s->gauges, 0, sizeof(s->gauges));
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++)
        histogram_reset(&s->histograms[h]);
}

void cell_sums_entries(struct cell_sums *s, const struct pane_entry *entries, size_t count) {
    size_t i = 0;
    for (; i < count && entries[i].key < CELL_BINS_AT; i++) {
        CHECK(entries[i].key < s->dense_count);
        s->dense[entries[i].key] += entries[i].value;
    }
    for (uint32_t h = 0; h < HISTOGRAM_COUNT && i < count; h++) {
        uint32_t first_key = CELL_BINS_AT + h * CELL_BINS_EACH;
        size_t first = i;
        while (i < count && entries[i].key < first_key + CELL_BINS_EACH)
            i++;
        histogram_add_entries(&s->histograms[h], entries + first, i - first, first_key);
    }
}

void cell_sums_counters(struct cell_sums *s, struct slice packed) {
    struct pane_reader reader = pane_read_packed(packed);
    struct pane_entry e;
    while (pane_next(&reader, &e) && e.key < CELL_BINS_AT) {
        CHECK(e.key < s->dense_count);
        s->dense[e.key] += e.value;
    }
}

bool cell_sums_gauges(int64_t *gauges, struct slice packed) {
    struct pane_reader reader = pane_read_packed(packed);
    struct pane_entry e;
    bool any = false;
    while (pane_next(&reader, &e) && e.key < CELL_GAUGES) {
        gauges[e.key] += e.value;
        any = true;
    }
    return any;
}

bool cell_sums_alike(const struct cell_sums *a, const struct cell_sums *b) {
    if (a->dense_count != b->dense_count ||
        memcmp(a->dense, b->dense, a->dense_count * sizeof(*a->dense)) != 0 ||
        memcmp(a->gauges, b->gauges, sizeof(a->gauges)) != 0)
        return false;
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++) {
        if (!histogram_alike(&a->histograms[h], &b->histograms[h]))
            return false;
    }
    return true;
}

bool cell_sums_any(const struct cell_sums *s) {
    for (size_t i = 0; i < s->dense_count; i++) {
        if (s->dense[i] != 0)
            return true;
    }
    for (size_t h = 0; h < HISTOGRAM_COUNT; h++) {
        if (s->histograms[h].used > 0)
            return true;
    }
    return false;
}

bool cell_sums_active(const struct cell_sums *s) {
    for (size_t i = 0; i < s->dense_count; i++) {
        if (s->dense[i] != 0)
            return true;
    }
    return s->gauges[0] > 0 || s->gauges[1] > 0 || s->gauges[2] > 0;
}
