#include "core/metric.h"

#include "base/check.h"

#define NAME_ROW(symbol, name, form, unit, arrival) name,
#define UNIT_ROW(symbol, name, form, unit, arrival) UNIT_##unit,
#define FORM_ROW(symbol, name, form, unit, arrival) FORM_##form,
#define ARRIVAL_ROW(symbol, name, form, unit, arrival) arrival,
#define VARIANT_ROW(symbol, name) name,

static const char *const names[] = {METRICS(NAME_ROW)};

#define ARRIVAL "arrival."

static const char *const arrival_names[] = {
#define METRIC_ARRIVAL_NAME(symbol, name, form, unit, arrival) ARRIVAL name,
    METRICS(METRIC_ARRIVAL_NAME)};
static const uint8_t units[] = {METRICS(UNIT_ROW)};
static const bool has_arrival[] = {METRICS(ARRIVAL_ROW)};
static const char *const variants[] = {LEVEL_VARIANTS(VARIANT_ROW)};

#define C(name)                                                                                    \
    { 1, COUNTER_##name }
#define LESS(name)                                                                                 \
    { -1, COUNTER_##name }
#define COUNT_OF(name)                                                                             \
    {                                                                                              \
        .form = FORM_COUNT, .over = { C(name) }                                                    \
    }
#define GAUGE_OF(name)                                                                             \
    {                                                                                              \
        .form = FORM_GAUGE, .over = { C(name) }                                                    \
    }
#define MEAN_OF(sum, count)                                                                        \
    {                                                                                              \
        .form = FORM_MEAN, .over = {C(sum)}, .under = { C(count) }                                 \
    }
#define RATIO_OF(sum, count)                                                                       \
    {                                                                                              \
        .form = FORM_RATIO, .over = {C(sum)}, .under = { C(count) }                                \
    }
#define THOUSANDTHS_OF(sum, count)                                                                 \
    {                                                                                              \
        .form = FORM_RATIO, .fineness = 1000, .over = {C(sum)}, .under = { C(count) }              \
    }
#define QUANTILE_OF(name, p)                                                                       \
    { .form = FORM_QUANTILE, .histogram = HISTOGRAM_##name, .per_mille = (p) }

/* Of visits whose wait has ended, by arrival in any case: an abandon must not count in a window
 * in which its visit does not. */
#define ABANDON_PARTS                                                                              \
    {                                                                                              \
        .form = FORM_RATIO, .over = {C(ARR_ABANDONED), LESS(ARR_ABANDONED_SHORT)}, .under = {      \
            C(ARR_ENDED),                                                                          \
            LESS(ARR_ABANDONED_SHORT)                                                              \
        }                                                                                          \
    }

static const struct metric_parts by_event[METRIC_COUNT] = {
    [METRIC_OFFERED] = COUNT_OF(OFFERED),
    [METRIC_ANSWERED] = COUNT_OF(ANSWERED),
    [METRIC_ASA_MS] = MEAN_OF(WAIT_MS, ANSWERED),
    [METRIC_WAIT_P50_MS] = QUANTILE_OF(WAIT, 500),
    [METRIC_WAIT_P90_MS] = QUANTILE_OF(WAIT, 900),
    [METRIC_WAIT_P95_MS] = QUANTILE_OF(WAIT, 950),
    [METRIC_ABANDONED] = COUNT_OF(ABANDONED),
    [METRIC_ABANDONED_SHORT] = COUNT_OF(ABANDONED_SHORT),
    [METRIC_FLOWED_OUT] = COUNT_OF(FLOWED_OUT),
    [METRIC_CALLBACKS] = COUNT_OF(CALLBACKS),
    [METRIC_ABANDON_RATE] = ABANDON_PARTS,
    [METRIC_SERVICE_LEVEL] = {.form = FORM_LEVEL, .under = {C(ANSWERED)}},
    [METRIC_HANDLED] = COUNT_OF(HANDLED),
    [METRIC_AHT_MS] = {.form = FORM_MEAN,
                       .over = {C(TALK_MS), C(HOLD_MS), C(WRAP_MS)},
                       .under = {C(HANDLED)}},
    [METRIC_TALK_MS] = MEAN_OF(TALK_MS, HANDLED),
    [METRIC_HOLD_MS] = MEAN_OF(HOLD_MS, HANDLED),
    [METRIC_WRAP_MS] = MEAN_OF(WRAP_MS, HANDLED),
    [METRIC_HANDLE_P90_MS] = QUANTILE_OF(HANDLE, 900),
    [METRIC_TRANSFERRED] = COUNT_OF(TRANSFERRED),
    [METRIC_TRANSFER_RATE] = RATIO_OF(TRANSFERRED, HANDLED),
    [METRIC_FIRST_REPLY_MS] = MEAN_OF(FIRST_REPLY_MS, FIRST_REPLIES),
    [METRIC_FIRST_REPLY_P90_MS] = QUANTILE_OF(FIRST_REPLY, 900),
    [METRIC_NEXT_REPLY_MS] = MEAN_OF(NEXT_REPLY_MS, NEXT_REPLIES),
    [METRIC_RESOLUTION_MS] = MEAN_OF(RESOLUTION_MS, RESOLVED),
    [METRIC_RESOLUTION_P90_MS] = QUANTILE_OF(RESOLUTION, 900),
    [METRIC_REOPENED] = COUNT_OF(REOPENED),
    [METRIC_REOPEN_RATE] = RATIO_OF(REOPENED, RESOLVED),
    [METRIC_ITEMS_AT_RISK] = COUNT_OF(ITEMS_AT_RISK),
    [METRIC_ITEMS_BREACHED] = COUNT_OF(ITEMS_BREACHED),
    [METRIC_ATTAINMENT] = {.form = FORM_RATIO,
                           .over = {C(CLOCKS_MET)},
                           .under = {C(CLOCKS_MET), C(CLOCKS_MISSED)}},
    [METRIC_WAITING] = GAUGE_OF(WAITING_CHANGE),
    [METRIC_IN_SERVICE] = GAUGE_OF(IN_SERVICE_CHANGE),
    [METRIC_BACKLOG] = GAUGE_OF(BACKLOG_CHANGE),
    [METRIC_JOURNEYS] = COUNT_OF(JOURNEYS),
    [METRIC_JOURNEY_WAIT_MS] = MEAN_OF(JOURNEY_WAIT_MS, JOURNEYS_WAITED),
    [METRIC_JOURNEY_HANDLE_MS] = MEAN_OF(JOURNEY_HANDLE_MS, JOURNEYS_HANDLED),
    [METRIC_JOURNEY_TRANSFERS] = COUNT_OF(JOURNEY_TRANSFERS),
    [METRIC_JOURNEY_TRANSFER_RATE] = RATIO_OF(JOURNEYS_TRANSFERRED, JOURNEYS_HANDLED),
    [METRIC_JOURNEY_RESOLUTION_MS] = MEAN_OF(JOURNEY_RESOLUTION_MS, JOURNEYS_RESOLVED),
    [METRIC_EFFORT_MS] = MEAN_OF(EFFORT_MS, EFFORT_LEGS),
    [METRIC_CONCURRENCY] = MEAN_OF(EFFORT_SPAN_MS, EFFORT_MS),
    [METRIC_FORECAST_WAPE] = THOUSANDTHS_OF(FORECAST_MISSED, FORECAST_CAME),
    [METRIC_FORECAST_BIAS] = THOUSANDTHS_OF(FORECAST_BEYOND, FORECAST_CAME),
    [METRIC_FORECAST_WAPE_1D] = THOUSANDTHS_OF(FORECAST_1D_MISSED, FORECAST_1D_CAME),
    [METRIC_FORECAST_BIAS_1D] = THOUSANDTHS_OF(FORECAST_1D_BEYOND, FORECAST_1D_CAME),
    [METRIC_FORECAST_WAPE_7D] = THOUSANDTHS_OF(FORECAST_7D_MISSED, FORECAST_7D_CAME),
    [METRIC_FORECAST_BIAS_7D] = THOUSANDTHS_OF(FORECAST_7D_BEYOND, FORECAST_7D_CAME),
};

static const struct metric_parts by_arrival[METRIC_COUNT] = {
    [METRIC_OFFERED] = COUNT_OF(OFFERED),
    [METRIC_ANSWERED] = COUNT_OF(ARR_ANSWERED),
    [METRIC_ASA_MS] = MEAN_OF(ARR_WAIT_MS, ARR_ANSWERED),
    [METRIC_WAIT_P50_MS] = QUANTILE_OF(ARR_WAIT, 500),
    [METRIC_WAIT_P90_MS] = QUANTILE_OF(ARR_WAIT, 900),
    [METRIC_WAIT_P95_MS] = QUANTILE_OF(ARR_WAIT, 950),
    [METRIC_ABANDONED] = COUNT_OF(ARR_ABANDONED),
    [METRIC_ABANDONED_SHORT] = COUNT_OF(ARR_ABANDONED_SHORT),
    [METRIC_FLOWED_OUT] = COUNT_OF(ARR_FLOWED_OUT),
    [METRIC_CALLBACKS] = COUNT_OF(ARR_CALLBACKS),
    [METRIC_ABANDON_RATE] = ABANDON_PARTS,
    [METRIC_SERVICE_LEVEL] = {.form = FORM_LEVEL, .under = {C(ARR_ANSWERED)}},
    [METRIC_HANDLED] = COUNT_OF(ARR_HANDLED),
    [METRIC_AHT_MS] = {.form = FORM_MEAN,
                       .over = {C(ARR_TALK_MS), C(ARR_HOLD_MS), C(ARR_WRAP_MS)},
                       .under = {C(ARR_HANDLED)}},
    [METRIC_TALK_MS] = MEAN_OF(ARR_TALK_MS, ARR_HANDLED),
    [METRIC_HOLD_MS] = MEAN_OF(ARR_HOLD_MS, ARR_HANDLED),
    [METRIC_WRAP_MS] = MEAN_OF(ARR_WRAP_MS, ARR_HANDLED),
    [METRIC_HANDLE_P90_MS] = QUANTILE_OF(ARR_HANDLE, 900),
    [METRIC_TRANSFERRED] = COUNT_OF(ARR_TRANSFERRED),
    [METRIC_TRANSFER_RATE] = RATIO_OF(ARR_TRANSFERRED, ARR_HANDLED),
};

const char *metric_name(enum metric m) {
    CHECK((unsigned)m < METRIC_COUNT);
    return names[m];
}

const char *metric_name_by(enum metric m, enum attribution a) {
    CHECK(metric_parts(m, a));
    return a == BY_EVENT ? names[m] : arrival_names[m];
}

enum attribution metric_take_attribution(struct slice *name) {
    size_t size = sizeof(ARRIVAL) - 1;
    if (name->size <= size || memcmp(name->at, ARRIVAL, size) != 0)
        return BY_EVENT;
    *name = (struct slice){name->at + size, name->size - size};
    return BY_ARRIVAL;
}

bool metric_is_of_forecasts(enum metric m) {
    CHECK((unsigned)m < METRIC_COUNT);
    return m >= METRIC_FORECAST_WAPE && m <= METRIC_FORECAST_BIAS_7D;
}

/* More may be reopened in a window than were resolved in it, and a forecast may miss by more than
 * came: those are no shares of anything. */
bool metric_is_share(enum metric m) {
    return metric_unit(m) == UNIT_RATIO && m != METRIC_REOPEN_RATE && !metric_is_of_forecasts(m);
}

enum unit metric_unit(enum metric m) {
    CHECK((unsigned)m < METRIC_COUNT);
    return (enum unit)units[m];
}

const char *level_variant_name(enum level_variant v) {
    CHECK((unsigned)v < VARIANT_COUNT);
    return variants[v];
}

bool metric_parse(struct slice name, enum metric *m) {
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        if (!slice_equal(name, slice_of(names[i])))
            continue;
        *m = (enum metric)i;
        return true;
    }
    return false;
}

bool level_variant_parse(struct slice name, enum level_variant *v) {
    for (unsigned i = 0; i < VARIANT_COUNT; i++) {
        if (!slice_equal(name, slice_of(variants[i])))
            continue;
        *v = (enum level_variant)i;
        return true;
    }
    return false;
}

const struct metric_parts *metric_parts(enum metric m, enum attribution a) {
    CHECK((unsigned)m < METRIC_COUNT);
    if (a == BY_EVENT)
        return &by_event[m];
    return has_arrival[m] ? &by_arrival[m] : NULL;
}
