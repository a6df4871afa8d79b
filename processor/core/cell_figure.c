#include "core/cell_figure.h"

#include "base/check.h"

#define ARRIVAL "arrival."

#define ROW(text, metric_symbol, formula_text, a, v)                                               \
    {SLICE(text), SLICE(formula_text), METRIC_##metric_symbol, a, v},
#define EVENT_ROW(symbol, name) ROW(name, symbol, name, BY_EVENT, VARIANT_COUNT)
#define METRIC_ROWS_0(symbol, name) EVENT_ROW(symbol, name)
#define METRIC_ROWS_1(symbol, name)                                                                \
    EVENT_ROW(symbol, name) ROW(ARRIVAL name, symbol, name, BY_ARRIVAL, VARIANT_COUNT)
#define METRIC_ROWS(symbol, name, form, unit, arrival) METRIC_ROWS_##arrival(symbol, name)
#define LEVEL_ROWS(symbol, name)                                                                   \
    ROW("service_level." name, SERVICE_LEVEL, name, BY_EVENT, VARIANT_##symbol)                    \
    ROW(ARRIVAL "service_level." name, SERVICE_LEVEL, name, BY_ARRIVAL, VARIANT_##symbol)

static const struct cell_field fields[] = {METRICS(METRIC_ROWS) LEVEL_VARIANTS(LEVEL_ROWS)};

size_t cell_field_count(void) {
    return sizeof(fields) / sizeof(fields[0]);
}

const struct cell_field *cell_field_at(size_t index) {
    CHECK(index < cell_field_count());
    return &fields[index];
}

static int64_t sum_terms(const struct cell_sums *s, const struct metric_term *terms) {
    int64_t sum = 0;
    for (size_t i = 0; i < METRIC_TERMS_MAX && terms[i].sign != 0; i++)
        sum += terms[i].sign * cell_sums_counter(s, (enum counter)terms[i].counter);
    return sum;
}

static void divide(struct figure *f, int64_t over, int64_t under) {
    f->present = under > 0;
    f->value = under > 0 ? (double)over / (double)under : 0;
    f->numerator = over;
    f->denominator = under;
    f->sample = under;
}

int64_t cell_figure_whole(int64_t numerator, int32_t fineness) {
    return (numerator + (numerator < 0 ? -fineness / 2 : fineness / 2)) / fineness;
}

/* The value is exact; its numerator is told in whole ones. */
static void refine(struct figure *f, int32_t fineness) {
    if (fineness == 0)
        return;
    f->value /= fineness;
    f->numerator = cell_figure_whole(f->numerator, fineness);
}

static void quantile(const struct cell_sums *s, const struct metric_parts *parts,
                     struct figure *f) {
    const struct histogram *h = &s->histograms[parts->histogram];
    int64_t value_ms = 0;
    f->present = histogram_quantile(h, parts->per_mille, &value_ms);
    f->value = (double)value_ms;
    f->sample = h->count;
}

/* CONTRACT *Service level*, word for word; `at` by enum level_counter. */
static void level(const int64_t *at, enum level_variant variant, int64_t answered,
                  struct figure *f) {
    int64_t ain = at[LEVEL_ANSWERED_IN];
    int64_t bs = at[LEVEL_ABANDONED_SHORT];
    int64_t bin = at[LEVEL_ABANDONED_IN];
    int64_t c = at[LEVEL_CALLBACK_IN];
    int64_t flowed = at[LEVEL_FLOWED_OUT_IN];
    int64_t l = at[LEVEL_LATE];
    switch (variant) {
    case VARIANT_ANSWERED_OF_OFFERED: divide(f, ain, ain + bs + bin + l); return;
    case VARIANT_ABANDON_IGNORED: divide(f, ain, ain + l); return;
    case VARIANT_ABANDON_POSITIVE: divide(f, ain + bs + bin, ain + bs + bin + l); return;
    case VARIANT_REMOVED_WITHIN:
        divide(f, ain + bs + bin + c, ain + bs + bin + c + flowed + l);
        return;
    case VARIANT_SHORT_EXCLUDED: divide(f, ain, ain + bin + l); return;
    case VARIANT_ANSWERED_ONLY: divide(f, ain, answered); return;
    case VARIANT_COUNT: break;
    }
    UNREACHABLE("every variant has a formula");
}

void cell_figure(const struct cell_sums *s, enum metric metric, enum attribution attribution,
                 enum level_variant variant, size_t threshold, struct figure *figure) {
    const struct metric_parts *parts = metric_parts(metric, attribution);
    CHECK(parts);
    *figure = (struct figure){true, 0, ALERT_LONG_NONE, ALERT_LONG_NONE, ALERT_LONG_NONE};
    switch (parts->form) {
    case FORM_COUNT: figure->value = (double)sum_terms(s, parts->over); return;
    case FORM_GAUGE:
        figure->value = (double)s->gauges[cell_key_counter((enum counter)parts->over[0].counter)];
        return;
    case FORM_MEAN:
    case FORM_RATIO:
        divide(figure, sum_terms(s, parts->over), sum_terms(s, parts->under));
        refine(figure, parts->fineness);
        return;
    case FORM_QUANTILE: quantile(s, parts, figure); return;
    case FORM_LEVEL:
        level(&s->dense[cell_key_level(threshold, attribution, (enum level_counter)0)], variant,
              variant == VARIANT_ANSWERED_ONLY ? sum_terms(s, parts->under) : 0, figure);
        return;
    }
    UNREACHABLE("every form has a figure");
}

static uint64_t counters_of(const struct metric_term *terms) {
    uint64_t counters = 0;
    for (size_t i = 0; i < METRIC_TERMS_MAX; i++) {
        if (terms[i].sign != 0)
            counters |= UINT64_C(1) << terms[i].counter;
    }
    return counters;
}

/* One of these alone makes a difference. */
static bool level_counts(const int64_t *at, enum level_variant variant, int64_t answered) {
    struct figure f;
    level(at, variant, answered, &f);
    return f.numerator != 0 || f.denominator != 0;
}

static void level_needs(struct cell_shape *s, const struct metric_parts *parts, enum attribution a,
                        enum level_variant variant) {
    if (variant == VARIANT_COUNT || level_counts((const int64_t[LEVEL_COUNT]){0}, variant, 1))
        s->counters |= counters_of(parts->under);
    if (variant == VARIANT_COUNT) {
        s->levels = CELL_ALL_LEVELS;
        return;
    }
    for (unsigned l = 0; l < LEVEL_COUNT; l++) {
        int64_t at[LEVEL_COUNT] = {0};
        at[l] = 1;
        if (level_counts(at, variant, 0))
            s->levels |= cell_level_bit(a, (enum level_counter)l);
    }
}

void cell_figure_needs(struct cell_shape *s, enum metric metric, enum attribution attribution,
                       enum level_variant variant, int64_t threshold_ms) {
    const struct metric_parts *parts = metric_parts(metric, attribution);
    CHECK(parts);
    if (parts->form == FORM_QUANTILE)
        s->histograms |= 1u << parts->histogram;
    if (parts->form != FORM_LEVEL) {
        s->counters |= counters_of(parts->over) | counters_of(parts->under);
        return;
    }
    level_needs(s, parts, attribution, variant);
    if (s->threshold_count < CELL_THRESHOLDS_MAX &&
        cell_shape_threshold(s, threshold_ms) == s->threshold_count)
        s->thresholds_ms[s->threshold_count++] = threshold_ms;
}

void cell_level_name(struct buf *b, enum attribution attribution, enum level_variant variant,
                     int64_t within_ms) {
    buf_put_format(b, "%sservice_level.%s.within_%lld", attribution == BY_ARRIVAL ? ARRIVAL : "",
                   level_variant_name(variant), (long long)within_ms);
}
