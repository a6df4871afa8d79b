/* What a backtest found, line by line, for programs: JSON objects or rows of CSV. */
#pragma once

#include "backtest/trial.h"
#include "base/buf.h"
#include "cli/past.h"

/* One folder of contracts and what came of it. Borrowed. */
struct backtest_trial {
    const char *folder;
    struct trial *trial;
    void *owner; /* of the command's own */
};

struct backtest_outcome {
    struct backtest_trial *trials;
    size_t trial_count;
    struct past_counts counts;
    int64_t first_at, last_at; /* of the events; INSTANT_NONE: there were none */
};

/* X(kind, name): the columns, in their order. Instants are epoch ms, durations ms; `period_date` is
 * the local day or month. What a record has not is left out of JSON and empty in CSV. */
#define BACKTEST_COLUMNS(X)                                                                        \
    X(TEXT, record)                                                                                \
    X(TEXT, contracts)                                                                             \
    X(TEXT, tenant)                                                                                \
    X(TEXT, contract)                                                                              \
    X(LONG, contract_version)                                                                      \
    X(TEXT, kind)                                                                                  \
    X(TEXT, rule)                                                                                  \
    X(TEXT, scope)                                                                                 \
    X(TEXT, interaction_id)                                                                        \
    X(TEXT, period)                                                                                \
    X(TEXT, period_date)                                                                           \
    X(LONG, from_at)                                                                               \
    X(LONG, to_at)                                                                                 \
    X(TEXT, metric)                                                                                \
    X(TEXT, formula)                                                                               \
    X(TEXT, unit)                                                                                  \
    X(DOUBLE, value)                                                                               \
    X(LONG, numerator)                                                                             \
    X(LONG, denominator)                                                                           \
    X(LONG, sample)                                                                                \
    X(DOUBLE, target)                                                                              \
    X(TEXT, bound)                                                                                 \
    X(TEXT, met)                                                                                   \
    X(DOUBLE, tightest)                                                                            \
    X(LONG, steps)                                                                                 \
    X(LONG, steps_missed)                                                                          \
    X(LONG, days)                                                                                  \
    X(LONG, days_met)                                                                              \
    X(LONG, scopes)                                                                                \
    X(LONG, fired)                                                                                 \
    X(LONG, resolved)                                                                              \
    X(LONG, expired)                                                                               \
    X(LONG, voided)                                                                                \
    X(LONG, open)                                                                                  \
    X(LONG, total_ms)                                                                              \
    X(LONG, longest_ms)                                                                            \
    X(LONG, opened_at)                                                                             \
    X(LONG, condition_at)                                                                          \
    X(LONG, resolved_at)                                                                           \
    X(TEXT, ended)                                                                                 \
    X(LONG, revision)                                                                              \
    X(TEXT, final)                                                                                 \
    X(TEXT, reason)                                                                                \
    X(LONG, events)

#define BACKTEST_TYPE_TEXT struct slice
#define BACKTEST_TYPE_LONG int64_t
#define BACKTEST_TYPE_DOUBLE double
#define BACKTEST_MEMBER(kind, name) BACKTEST_TYPE_##kind name;
struct backtest_line {
    BACKTEST_COLUMNS(BACKTEST_MEMBER) /* absent: no bytes, ALERT_LONG_NONE, NaN */
};

typedef void backtest_line_fn(void *context, const struct backtest_line *line);

/* Records: "input" and "refused" (events read and not), then for each folder "rule", "objective",
 * "period" and "alerts", and "episode" where asked for. */
void backtest_lines(const struct backtest_outcome *outcome, bool episodes, backtest_line_fn *to,
                    void *context);

/* A "figure", of a window that is told as `period`. */
void backtest_lines_figure(const char *folder, const struct kpi *kpi, backtest_line_fn *to,
                           void *context);

/* Each appends a line, newline included. */
void backtest_lines_json(const struct backtest_line *line, struct buf *out);
void backtest_lines_csv(const struct backtest_line *line, struct buf *out);
void backtest_lines_csv_head(struct buf *out);

/* How many local days have a figure, and how many of them meet the target. */
void backtest_lines_days(const struct attainment_row *row, int64_t *days, int64_t *met);

/* The tightest target with which this objective would have held in every scope, over the rows from
 * `first` on that are of one objective; returns how many these are. NaN: none was judged. */
size_t backtest_lines_rule(struct attainment *a, size_t first, double *tightest);
