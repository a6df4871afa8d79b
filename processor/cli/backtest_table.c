#include "cli/backtest_table.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/text_table.h"
#include "core/summary.h"

#define SCOPES_SHOWN ((size_t)20) /* of one objective; --json and --csv tell all */
#define NOTHING "-"

/* X(head, right): the columns of a table. */
#define OBJECTIVE_COLUMNS(X)                                                                       \
    X("contracts", 0)                                                                              \
    X("rule", 0)                                                                                   \
    X("scope", 0)                                                                                  \
    X("target", 1)                                                                                 \
    X("whole range", 1) X("of", 1) X("days met", 1) X("steps missed", 1) X("tightest", 1)

#define ALERT_COLUMNS(X)                                                                           \
    X("contracts", 0)                                                                              \
    X("alert", 0)                                                                                  \
    X("rule", 0)                                                                                   \
    X("fired", 1)                                                                                  \
    X("resolved", 1) X("expired", 1) X("voided", 1) X("open", 1) X("in all", 1) X("longest", 1)

struct column {
    const char *head;
    bool right;
};

#define COLUMN(head, right) {head, right},
static const struct column objective_columns[] = {OBJECTIVE_COLUMNS(COLUMN)};
static const struct column alert_columns[] = {ALERT_COLUMNS(COLUMN)};

static void begin_table(struct text_table *t, const struct column *columns, size_t count) {
    uint32_t right = 0;
    for (size_t i = 0; i < count; i++)
        right |= (uint32_t)columns[i].right << i;
    text_table_init(t, count, right);
    for (size_t i = 0; i < count; i++)
        text_table_put(t, columns[i].head);
}

static void put_slice(struct text_table *t, struct slice s) {
    summary_slice(text_table_begin(t), s);
    text_table_end(t);
}

static void put_count(struct text_table *t, int64_t count) {
    summary_count(text_table_begin(t), count);
    text_table_end(t);
}

static void put_value(struct text_table *t, double value, enum unit unit) {
    struct buf *b = text_table_begin(t);
    if (isnan(value))
        summary_text(b, NOTHING);
    else
        summary_value(b, value, unit);
    text_table_end(t);
}

static void put_target(struct text_table *t, const struct objective *o) {
    struct buf *b = text_table_begin(t);
    summary_text(b, o->at_least ? "at least " : "at most ");
    summary_value(b, o->target, metric_unit(o->metric));
    text_table_end(t);
}

static void put_range(struct text_table *t, const struct attainment_row *row) {
    const struct attainment_list *all = &row->spans[ATTAINMENT_ALL];
    enum unit unit = metric_unit(row->objective->metric);
    struct figure figure = {.present = false, .sample = ALERT_LONG_NONE};
    if (all->count > 0)
        attainment_figure(row, &all->items[0], &figure);
    struct buf *b = text_table_begin(t);
    if (figure.present)
        summary_beside(b, figure.value, row->objective->target, unit);
    else
        summary_text(b, NOTHING);
    text_table_end(t);
    if (figure.sample != ALERT_LONG_NONE)
        put_count(t, figure.sample);
    else
        text_table_put(t, NOTHING);
}

static void put_days(struct text_table *t, const struct attainment_row *row) {
    int64_t days, met;
    backtest_lines_days(row, &days, &met);
    struct buf *b = text_table_begin(t);
    summary_count(b, met);
    summary_text(b, " of ");
    summary_count(b, days);
    text_table_end(t);
}

static void put_missed(struct text_table *t, const struct attainment_row *row) {
    double share = row->steps > 0 ? (double)row->missed / (double)row->steps : ALERT_DOUBLE_NONE;
    put_value(t, share, UNIT_RATIO);
}

static void put_names(struct text_table *t, const char *folder, const struct attainment_row *row) {
    struct buf *b = text_table_begin(t);
    summary_text(b, folder);
    text_table_end(t);
    b = text_table_begin(t);
    summary_slice(b, row->objective->name);
    if (row->contract->effective_at != 0 || row->contract->next)
        buf_put_format(b, " (version %d)", row->contract->version);
    text_table_end(t);
}

static void put_row(struct text_table *t, const char *folder, const struct attainment_row *row) {
    const struct tightest *tight = &row->tightest;
    put_names(t, folder, row);
    scope_format(&row->scope, text_table_begin(t));
    text_table_end(t);
    put_target(t, row->objective);
    put_range(t, row);
    put_days(t, row);
    put_missed(t, row);
    put_value(t, tight->known ? tight->value : ALERT_DOUBLE_NONE,
              metric_unit(row->objective->metric));
}

/* Those that missed most come first where not all are shown. */
static int by_missed(const void *left, const void *right) {
    const struct attainment_row *a = *(const struct attainment_row *const *)left;
    const struct attainment_row *b = *(const struct attainment_row *const *)right;
    if (a->missed != b->missed)
        return a->missed > b->missed ? -1 : 1;
    return scope_compare(&a->scope, &b->scope);
}

/* A line for the objective as a whole, where it has several scopes. */
static void put_rule(struct text_table *t, const char *folder, const struct attainment_row *row,
                     size_t scopes, double tightest) {
    put_names(t, folder, row);
    struct buf *b = text_table_begin(t);
    summary_text(b, "all ");
    summary_count(b, (int64_t)scopes);
    if (scopes > SCOPES_SHOWN)
        buf_put_format(b, ", the %zu that missed most:", SCOPES_SHOWN);
    text_table_end(t);
    put_target(t, row->objective);
    for (int empty = 0; empty < 4; empty++)
        text_table_put(t, "");
    put_value(t, tightest, metric_unit(row->objective->metric));
}

static void put_objective(struct text_table *t, const char *folder, struct attainment *a,
                          size_t first, size_t count, double tightest) {
    const struct attainment_row **rows = malloc(count * sizeof(const struct attainment_row *));
    CHECK(rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = attainment_at(a, first + i);
    if (count > 1)
        put_rule(t, folder, rows[0], count, tightest);
    if (count > SCOPES_SHOWN)
        qsort(rows, count, sizeof(const struct attainment_row *), by_missed);
    for (size_t i = 0; i < count && i < SCOPES_SHOWN; i++)
        put_row(t, folder, rows[i]);
    free(rows);
}

static void put_objectives(const struct backtest_outcome *o, struct buf *out) {
    struct text_table t;
    begin_table(&t, objective_columns, sizeof(objective_columns) / sizeof(*objective_columns));
    for (size_t i = 0; i < o->trial_count; i++) {
        struct attainment *a = trial_attainment(o->trials[i].trial);
        double tightest;
        for (size_t at = 0, count; at < attainment_count(a); at += count) {
            count = backtest_lines_rule(a, at, &tightest);
            put_objective(&t, o->trials[i].folder, a, at, count, tightest);
        }
    }
    text_table_render(&t, out);
    text_table_deinit(&t);
}

static void put_length(struct text_table *t, int64_t ms) {
    summary_duration(text_table_begin(t), ms);
    text_table_end(t);
}

static void put_group(struct text_table *t, const char *folder, const struct episode_group *g) {
    uint64_t ended = g->ended[TRANSITION_RESOLVED] + g->ended[TRANSITION_EXPIRED] +
                     g->ended[TRANSITION_VOIDED];
    text_table_put(t, folder);
    text_table_put(t, alert_kind_name(g->kind));
    put_slice(t, g->rule);
    put_count(t, (int64_t)g->fired);
    put_count(t, (int64_t)g->ended[TRANSITION_RESOLVED]);
    put_count(t, (int64_t)g->ended[TRANSITION_EXPIRED]);
    put_count(t, (int64_t)g->ended[TRANSITION_VOIDED]);
    put_count(t, (int64_t)(g->fired - ended));
    put_length(t, g->total_ms);
    put_length(t, g->longest_ms);
}

static void put_alerts(const struct backtest_outcome *o, struct buf *out) {
    struct text_table t;
    begin_table(&t, alert_columns, sizeof(alert_columns) / sizeof(*alert_columns));
    for (size_t i = 0; i < o->trial_count; i++) {
        struct episodes *e = trial_episodes(o->trials[i].trial);
        for (size_t g = 0; g < episodes_group_count(e); g++)
            put_group(&t, o->trials[i].folder, episodes_group(e, g));
    }
    text_table_render(&t, out);
    text_table_deinit(&t);
}

static void put_day(struct buf *out, int64_t at) {
    char text[32];
    instant_format(at, text);
    buf_put_format(out, "%.10s %.5s", text, text + 11);
}

void backtest_table_put(const struct backtest_outcome *o, struct buf *out) {
    summary_count(out, (int64_t)o->counts.events);
    summary_text(out, " events");
    if (o->first_at != INSTANT_NONE) {
        summary_text(out, ", ");
        put_day(out, o->first_at);
        summary_text(out, " to ");
        put_day(out, o->last_at);
        summary_text(out, " UTC");
    }
    summary_text(out, "\n\n");
    put_objectives(o, out);
    summary_text(out, "\n");
    put_alerts(o, out);
}
