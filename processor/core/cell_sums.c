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

static void add(struct cell_sums *s, uint32_t key, int64_t value) {
    if (key < CELL_BINS_AT) {
        CHECK(key < s->dense_count);
        s->dense[key] += value;
        return;
    }
    uint32_t bin = key - CELL_BINS_AT;
    histogram_add(&s->histograms[bin / CELL_BINS_EACH], (uint16_t)(bin % CELL_BINS_EACH), value);
}

void cell_sums_pane(struct cell_sums *s, const struct pane *p, int sign) {
    struct pane_reader reader = pane_read(p);
    struct pane_entry e;
    while (pane_next(&reader, &e))
        add(s, e.key, sign * e.value);
}

void cell_sums_entries(struct cell_sums *s, const struct pane_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++)
        add(s, entries[i].key, entries[i].value);
}

void cell_sums_gauges(int64_t *gauges, const struct pane *p) {
    struct pane_reader reader = pane_read(p);
    struct pane_entry e;
    while (pane_next(&reader, &e) && e.key < CELL_GAUGES)
        gauges[e.key] += e.value;
}

bool cell_sums_active(const struct cell_sums *s) {
    for (size_t i = 0; i < s->dense_count; i++) {
        if (s->dense[i] != 0)
            return true;
    }
    return s->gauges[0] > 0 || s->gauges[1] > 0 || s->gauges[2] > 0;
}
