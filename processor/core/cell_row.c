#include "core/cell.h"

/* Where its key is not behind the others. */
static size_t put_between(struct pane_entry *entries, size_t count, uint32_t key, int64_t value) {
    size_t place = count;
    while (place > 0 && entries[place - 1].key > key)
        place--;
    if (place > 0 && entries[place - 1].key == key) {
        entries[place - 1].value += value;
        return count;
    }
    memmove(&entries[place + 1], &entries[place], (count - place) * sizeof(*entries));
    entries[place] = (struct pane_entry){key, value};
    return count + 1;
}

/* Keeps the entries ascending, each key once. Rows come nearly in order. */
static inline size_t put(struct pane_entry *entries, size_t count, uint32_t key, int64_t value) {
    if (count > 0 && entries[count - 1].key >= key)
        return put_between(entries, count, key, value);
    entries[count] = (struct pane_entry){key, value};
    return count + 1;
}

static size_t put_levels(const struct cell_shape *shape, const struct report *report,
                         const struct report_row *row, struct pane_entry *entries, size_t count) {
    for (uint32_t i = 0; i < row->level_count && shape->levels != 0; i++) {
        const struct report_level *l = &report->levels[row->first_level + i];
        enum attribution attribution = (enum attribution)l->attribution;
        enum level_counter counter = (enum level_counter)l->counter;
        if (l->attribution >= ATTRIBUTION_COUNT || l->counter >= LEVEL_COUNT ||
            !(shape->levels & cell_level_bit(attribution, counter)))
            continue;
        size_t threshold = cell_shape_threshold(shape, l->threshold_ms);
        if (threshold == shape->threshold_count)
            continue;
        uint32_t key = cell_key_level(threshold, attribution, counter);
        count = put(entries, count, key, l->value);
    }
    return count;
}

size_t cell_row_entries(const struct cell_shape *shape, const struct report *report,
                        const struct report_row *row, struct pane_scratch *scratch) {
    pane_scratch_reserve(scratch, (size_t)row->count_count + row->level_count + row->sample_count);
    struct pane_entry *entries = scratch->entries;
    size_t count = 0;
    for (uint32_t i = 0; i < row->count_count && shape->counters != 0; i++) {
        const struct report_count *c = &report->counts[row->first_count + i];
        if (c->counter < COUNTER_COUNT && (shape->counters >> c->counter & 1) && c->value != 0)
            count = put(entries, count, cell_key_counter((enum counter)c->counter), c->value);
    }
    count = put_levels(shape, report, row, entries, count);
    for (uint32_t i = 0; i < row->sample_count && shape->histograms != 0; i++) {
        const struct report_sample *s = &report->samples[row->first_sample + i];
        if (s->histogram < HISTOGRAM_COUNT && (shape->histograms >> s->histogram & 1) &&
            s->bucket < HISTOGRAM_BUCKETS && s->count != 0)
            count = put(entries, count, cell_key_bin((enum histogram_id)s->histogram, s->bucket),
                        s->count);
    }
    return count;
}
