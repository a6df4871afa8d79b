#include "core/ledger.h"

#include <stdlib.h>

#include "base/check.h"

void ledger_facts_deinit(struct ledger_facts *f) {
    free(f->at);
    free(f->spans);
    free(f->misses);
    *f = (struct ledger_facts){0};
}

void ledger_facts_reset(struct ledger_facts *f) {
    f->count = f->span_count = f->miss_count = 0;
}

void ledger_count(struct ledger *l, uint32_t leaf, int64_t at, enum counter c, int64_t count) {
    if (!l->deltas || count == 0)
        return;
    struct delta_row *row = delta_table_row(l->deltas, leaf, at, DELTA_COUNTER(c));
    if (row)
        row->counters[c] += l->sign * count;
}

void ledger_counts(struct ledger *l, uint32_t leaf, int64_t at, uint64_t counters,
                   const int64_t *counts) {
    if (!l->deltas)
        return;
    struct delta_row *row = delta_table_row(l->deltas, leaf, at, counters);
    for (uint64_t left = row ? counters : 0; left != 0; left &= left - 1)
        row->counters[__builtin_ctzll(left)] += l->sign * *counts++;
}

void ledger_level(struct ledger *l, uint32_t leaf, int64_t at, enum attribution by,
                  size_t threshold, enum level_counter c, int32_t count) {
    if (!l->deltas)
        return;
    struct delta_row *row = delta_table_row(l->deltas, leaf, at, DELTA_LEVELS(by));
    if (row)
        row->levels[by][threshold][c] += l->sign * count;
}

void ledger_sample(struct ledger *l, uint32_t leaf, int64_t at, enum histogram_id h,
                   int64_t value_ms, int32_t count) {
    if (l->deltas)
        delta_table_sample(l->deltas, leaf, at, h, value_ms, l->sign * count);
}

void ledger_fact(struct ledger *l, const struct ledger_fact *fact) {
    if (!l->deltas)
        return;
    struct ledger_facts *f = l->facts;
    if (f->count == f->capacity) {
        f->capacity = f->capacity == 0 ? 16 : f->capacity * 2;
        f->at = realloc(f->at, f->capacity * sizeof(*f->at));
        CHECK(f->at);
    }
    f->at[f->count++] = *fact;
}

void ledger_facts_span(struct ledger_facts *f, const struct ledger_span *span) {
    if (f->span_count == f->span_capacity) {
        f->span_capacity = f->span_capacity == 0 ? 16 : f->span_capacity * 2;
        f->spans = realloc(f->spans, f->span_capacity * sizeof(*f->spans));
        CHECK(f->spans);
    }
    f->spans[f->span_count++] = *span;
}

void ledger_miss(struct ledger *l, const struct ledger_miss *miss) {
    if (!l->deltas)
        return;
    struct ledger_facts *f = l->facts;
    if (f->miss_count == f->miss_capacity) {
        f->miss_capacity = f->miss_capacity == 0 ? 8 : f->miss_capacity * 2;
        f->misses = realloc(f->misses, f->miss_capacity * sizeof(*f->misses));
        CHECK(f->misses);
    }
    f->misses[f->miss_count] = *miss;
    f->misses[f->miss_count++].count *= l->sign;
}

void ledger_span(struct ledger *l, const struct ledger_span *span) {
    if (l->deltas)
        ledger_facts_span(l->facts, span);
}
