/* What became of each objective in each scope: its figure over the whole range and over every local
 * day and month, how its steps were judged, and the tightest target that would have held. */
#pragma once

#include "backtest/tightest.h"
#include "core/contract.h"
#include "core/histogram.h"
#include "core/outbox.h"
#include "core/report.h"
#include "core/scope.h"

#define ATTAINMENT_ROWS_MAX ((size_t)100000)     /* objectives times scopes */
#define ATTAINMENT_PERIODS_MAX ((size_t)2000000) /* days and months of all rows */

/* X(symbol, name) */
#define ATTAINMENT_SPANS(X) X(ALL, "all") X(MONTH, "month") X(DAY, "day")

#define ATTAINMENT_SPAN_ENUM(symbol, name) ATTAINMENT_##symbol,
enum attainment_span { ATTAINMENT_SPANS(ATTAINMENT_SPAN_ENUM) ATTAINMENT_SPAN_COUNT };

const char *attainment_span_name(enum attainment_span s);

/* What was counted in one span: panes that lie in it, whenever their events came. */
struct attainment_period {
    int64_t start_at, end_at;    /* ALL: of the first and the last pane */
    int64_t over, under;         /* of a mean or ratio; of a count `over` alone */
    struct histogram *histogram; /* owned; of quantiles alone */
};

struct attainment_list {
    struct attainment_period *items; /* ascending */
    size_t count, capacity;
};

struct attainment_row {
    const struct contract *contract;
    const struct objective *objective;
    struct slice tenant; /* of the contract */
    struct scope scope;  /* values owned */
    struct attainment_list spans[ATTAINMENT_SPAN_COUNT];
    struct tightest tightest;
    uint64_t steps, missed; /* that had enough sample to be judged; of them below the target */
};

struct attainment; /* opaque */

struct attainment *attainment_new(const struct contract_set *contracts);
void attainment_free(struct attainment *a);

/* What a report adds to the sums. */
void attainment_add(struct attainment *a, const struct report *report);

/* Steps as they were judged. */
void attainment_judge(struct attainment *a, const struct judged_steps *steps);

/* By tenant, version of its contract, objective in the order of the file, scope. Valid until the
 * next change. */
size_t attainment_count(const struct attainment *a);
const struct attainment_row *attainment_at(struct attainment *a, size_t index);

/* The figure of one span; a gauge has none. */
void attainment_figure(const struct attainment_row *row, const struct attainment_period *period,
                       struct figure *figure);

/* True when a figure meets the target. */
bool attainment_is_met(const struct objective *objective, const struct figure *figure);

uint64_t attainment_left_out(const struct attainment *a); /* rows of reports beyond the limits */
