#include "backtest/weights.h"

#include "core/cell_figure.h"

/* What one of this counter comes to; of a fine one, as many as make a whole one. */
static struct weight weigh(const struct weights *w, const struct objective *o,
                           struct cell_sums *sums, uint32_t key) {
    int64_t one = w->fineness == 0 ? 1 : w->fineness;
    struct figure figure;
    sums->dense[key] = one;
    cell_figure(sums, o->metric, o->attribution, o->variant, 0, &figure);
    sums->dense[key] = 0;
    if (metric_parts(o->metric, o->attribution)->form == FORM_COUNT)
        return (struct weight){(int64_t)figure.value, 0};
    return (struct weight){figure.numerator, figure.denominator / one};
}

void weights_init(struct weights *w, const struct objective *objective,
                  const struct cell_shape *shape, struct cell_sums *sums) {
    *w = (struct weights){
        .any_counters = shape->counters != 0,
        .attribution = (uint8_t)objective->attribution,
        .threshold_ms = shape->threshold_count > 0 ? shape->thresholds_ms[0] : -1,
        .fineness = metric_parts(objective->metric, objective->attribution)->fineness};
    for (unsigned c = 0; c < COUNTER_COUNT; c++)
        if (shape->counters >> c & 1)
            w->counters[c] = weigh(w, objective, sums, cell_key_counter((enum counter)c));
    for (unsigned l = 0; l < LEVEL_COUNT && shape->threshold_count > 0; l++)
        w->levels[l] = weigh(w, objective, sums,
                             cell_key_level(0, objective->attribution, (enum level_counter)l));
}

static void add(struct weight *sum, const struct weight *w, int64_t value) {
    sum->over += w->over * value;
    sum->under += w->under * value;
}

struct weight weights_row(const struct weights *w, const struct report *report,
                          const struct report_row *row) {
    struct weight sum = {0, 0};
    for (uint32_t i = 0; i < row->count_count && w->any_counters; i++) {
        const struct report_count *c = &report->counts[row->first_count + i];
        if (c->counter < COUNTER_COUNT)
            add(&sum, &w->counters[c->counter], c->value);
    }
    for (uint32_t i = 0; i < row->level_count && w->threshold_ms >= 0; i++) {
        const struct report_level *l = &report->levels[row->first_level + i];
        if (l->threshold_ms == w->threshold_ms && l->attribution == w->attribution &&
            l->counter < LEVEL_COUNT)
            add(&sum, &w->levels[l->counter], l->value);
    }
    if (w->fineness > 0)
        sum.over = cell_figure_whole(sum.over, w->fineness);
    return sum;
}
