#include "cli/backtest_lines.h"

#include <math.h>
#include <stdio.h>

#include "base/civil.h"
#include "codec/text.h"

#define DATE_ROOM 32

static struct backtest_line blank(const char *record) {
#define ABSENT_TEXT                                                                                \
    { NULL, 0 }
#define ABSENT_LONG ALERT_LONG_NONE
#define ABSENT_DOUBLE ALERT_DOUBLE_NONE
#define BLANK(kind, name) .name = ABSENT_##kind,
    struct backtest_line line = {BACKTEST_COLUMNS(BLANK)};
    line.record = slice_of(record);
    return line;
}

void backtest_lines_days(const struct attainment_row *row, int64_t *days, int64_t *met) {
    const struct attainment_list *list = &row->spans[ATTAINMENT_DAY];
    *days = *met = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct figure figure;
        attainment_figure(row, &list->items[i], &figure);
        *days += figure.present;
        *met += figure.present && attainment_is_met(row->objective, &figure);
    }
}

size_t backtest_lines_rule(struct attainment *a, size_t first, double *tightest) {
    const struct attainment_row *head = attainment_at(a, first);
    size_t count = 0;
    *tightest = ALERT_DOUBLE_NONE;
    for (; first + count < attainment_count(a); count++) {
        const struct attainment_row *row = attainment_at(a, first + count);
        const struct tightest *t = &row->tightest;
        if (row->objective != head->objective)
            break;
        bool worse = t->at_least ? t->value < *tightest : t->value > *tightest;
        if (t->known && (isnan(*tightest) || worse))
            *tightest = t->value;
    }
    return count;
}

static void fill_objective(const struct attainment_row *row, struct backtest_line *line) {
    const struct objective *o = row->objective;
    line->tenant = row->tenant;
    line->contract = row->contract->name;
    line->contract_version = row->contract->version;
    line->rule = o->name;
    line->metric = slice_of(metric_name_by(o->metric, o->attribution));
    if (o->metric == METRIC_SERVICE_LEVEL)
        line->formula = slice_of(level_variant_name(o->variant));
    line->unit = slice_of(unit_name(metric_unit(o->metric)));
    line->target = o->target;
    line->bound = o->at_least ? SLICE("at_least") : SLICE("at_most");
}

static void fill_period(const struct attainment_row *row, const struct attainment_period *p,
                        struct backtest_line *line) {
    struct figure figure;
    attainment_figure(row, p, &figure);
    line->from_at = p->start_at;
    line->to_at = p->end_at;
    line->numerator = figure.numerator;
    line->denominator = figure.denominator;
    line->sample = figure.sample;
    if (!figure.present)
        return;
    line->value = figure.value;
    line->met = attainment_is_met(row->objective, &figure) ? SLICE("true") : SLICE("false");
}

static struct slice date_of(const struct attainment_row *row, enum attainment_span span,
                            const struct attainment_period *p, char text[DATE_ROOM]) {
    const struct zone *zone = &row->contract->zone;
    int64_t local_ms = p->start_at + zone_offset_ms(zone, p->start_at);
    struct civil date = civil_of_days(instant_floor(local_ms, DAY_MS) / DAY_MS);
    int size = snprintf(text, DATE_ROOM, "%04lld-%02lld", (long long)date.year,
                        (long long)date.month);
    if (span == ATTAINMENT_DAY)
        size += snprintf(text + size, DATE_ROOM - (size_t)size, "-%02lld", (long long)date.day);
    return (struct slice){text, (size_t)size};
}

/* Where lines go, and what all of them have in common. */
struct sink {
    backtest_line_fn *put;
    void *context;
    struct slice folder;
    struct buf scope;
};

static void put(const struct sink *s, struct backtest_line *line) {
    line->contracts = s->folder;
    s->put(s->context, line);
}

static void put_rule(const struct sink *s, const struct attainment_row *row, size_t scopes,
                     double tightest) {
    struct backtest_line line = blank("rule");
    fill_objective(row, &line);
    line.scopes = (int64_t)scopes;
    line.tightest = tightest;
    put(s, &line);
}

static void put_periods(const struct sink *s, const struct attainment_row *row,
                        enum attainment_span span) {
    for (size_t i = 0; i < row->spans[span].count; i++) {
        const struct attainment_period *p = &row->spans[span].items[i];
        char date[DATE_ROOM];
        struct backtest_line line = blank("period");
        fill_objective(row, &line);
        line.scope = buf_slice(&s->scope);
        line.period = slice_of(attainment_span_name(span));
        line.period_date = date_of(row, span, p, date);
        fill_period(row, p, &line);
        put(s, &line);
    }
}

static void put_objective(struct sink *s, const struct attainment_row *row) {
    struct backtest_line line = blank("objective");
    buf_reset(&s->scope);
    scope_format(&row->scope, &s->scope);
    fill_objective(row, &line);
    line.scope = buf_slice(&s->scope);
    line.period = slice_of(attainment_span_name(ATTAINMENT_ALL));
    if (row->spans[ATTAINMENT_ALL].count > 0)
        fill_period(row, &row->spans[ATTAINMENT_ALL].items[0], &line);
    line.tightest = row->tightest.known ? row->tightest.value : ALERT_DOUBLE_NONE;
    line.steps = (int64_t)row->steps;
    line.steps_missed = (int64_t)row->missed;
    backtest_lines_days(row, &line.days, &line.days_met);
    put(s, &line);
    put_periods(s, row, ATTAINMENT_MONTH);
    put_periods(s, row, ATTAINMENT_DAY);
}

static void put_objectives(struct sink *s, struct attainment *a) {
    size_t left = 0;
    for (size_t i = 0; i < attainment_count(a); i++, left--) {
        const struct attainment_row *row = attainment_at(a, i);
        double tightest;
        if (left == 0) {
            left = backtest_lines_rule(a, i, &tightest);
            put_rule(s, row, left, tightest);
        }
        put_objective(s, row);
    }
}

static void fill_group(const struct episode_group *g, struct backtest_line *line) {
    line->tenant = g->tenant;
    line->contract = g->contract;
    if (g->contract_version != 0)
        line->contract_version = g->contract_version;
    line->rule = g->rule;
    line->kind = slice_of(alert_kind_name(g->kind));
}

static void put_alerts(const struct sink *s, struct episodes *e) {
    for (size_t i = 0; i < episodes_group_count(e); i++) {
        const struct episode_group *g = episodes_group(e, i);
        struct backtest_line line = blank("alerts");
        fill_group(g, &line);
        line.fired = (int64_t)g->fired;
        line.resolved = (int64_t)g->ended[TRANSITION_RESOLVED];
        line.expired = (int64_t)g->ended[TRANSITION_EXPIRED];
        line.voided = (int64_t)g->ended[TRANSITION_VOIDED];
        line.open = line.fired - line.resolved - line.expired - line.voided;
        line.total_ms = g->total_ms;
        line.longest_ms = g->longest_ms;
        put(s, &line);
    }
}

static void put_episodes(const struct sink *s, const struct episodes *e) {
    for (size_t i = 0; i < episodes_count(e); i++) {
        struct past_episode p = episodes_at(e, i);
        struct backtest_line line = blank("episode");
        fill_group(episodes_group_of(e, &p), &line);
        line.contract_version = p.contract_version;
        line.scope = p.scope;
        line.interaction_id = p.interaction_id;
        line.opened_at = p.opened_at;
        line.condition_at = p.condition_at;
        line.resolved_at = p.resolved_at;
        if (p.ended != TRANSITION_UNKNOWN)
            line.ended = slice_of(transition_name(p.ended));
        put(s, &line);
    }
}

static void put_left_out(const struct sink *s, const char *reason, uint64_t count) {
    struct backtest_line line = blank("left_out");
    line.reason = slice_of(reason);
    line.events = (int64_t)count;
    if (count > 0)
        put(s, &line);
}

static void put_refused(const struct sink *s, const uint64_t *counts) {
    for (int r = 0; r < DEAD_REASON_COUNT; r++) {
        struct backtest_line line = blank("refused");
        line.reason = slice_of(dead_letter_reason_name((enum dead_letter_reason)r));
        line.events = (int64_t)counts[r];
        if (counts[r] > 0)
            put(s, &line);
    }
}

static void put_input(const struct sink *s, const struct backtest_outcome *o) {
    struct backtest_line line = blank("input");
    line.events = (int64_t)o->counts.events;
    line.from_at = o->first_at;
    line.to_at = o->last_at;
    put(s, &line);
    put_refused(s, o->counts.refused);
}

static void put_trial(struct sink *s, const struct backtest_trial *t, bool episodes) {
    struct episodes *e = trial_episodes(t->trial);
    struct attainment *a = trial_attainment(t->trial);
    s->folder = slice_of(t->folder);
    put_refused(s, trial_dead_letters(t->trial));
    put_objectives(s, a);
    put_alerts(s, e);
    if (episodes)
        put_episodes(s, e);
    put_left_out(s, "objective_rows", attainment_left_out(a));
    put_left_out(s, "episodes", episodes_left_out(e));
    put_left_out(s, "transitions", episodes_uncounted(e));
    put_left_out(s, "journeys", trial_journeys_left_out(t->trial));
    put_left_out(s, "efforts", trial_efforts_left_out(t->trial));
}

void backtest_lines(const struct backtest_outcome *outcome, bool episodes, backtest_line_fn *to,
                    void *context) {
    struct sink s = {.put = to, .context = context};
    buf_init(&s.scope);
    put_input(&s, outcome);
    for (size_t i = 0; i < outcome->trial_count; i++)
        put_trial(&s, &outcome->trials[i], episodes);
    buf_deinit(&s.scope);
}

void backtest_lines_figure(const char *folder, const struct kpi *kpi, backtest_line_fn *to,
                           void *context) {
    struct buf scope;
    struct backtest_line line = blank("figure");
    buf_init(&scope);
    scope_format(kpi->scope, &scope);
    line.contracts = slice_of(folder);
    line.tenant = kpi->tenant;
    line.scope = buf_slice(&scope);
    line.period = kpi->window;
    line.from_at = kpi->window_start_at;
    line.to_at = kpi->window_end_at;
    line.metric = kpi->metric;
    line.formula = kpi->formula;
    line.unit = slice_of(unit_name(kpi->unit));
    line.value = kpi->value;
    line.numerator = kpi->numerator;
    line.denominator = kpi->denominator;
    line.sample = kpi->sample;
    line.revision = kpi->revision;
    line.final = kpi->final ? SLICE("true") : SLICE("false");
    to(context, &line);
    buf_deinit(&scope);
}

static void put_name(struct buf *out, const char *name) {
    text_put(out, out->size == 0 || out->at[out->size - 1] == '\n' ? "{\"" : ",\"");
    text_put(out, name);
    text_put(out, "\":");
}

static void json_TEXT(struct buf *out, const char *name, struct slice value) {
    if (value.size == 0)
        return;
    put_name(out, name);
    bool flag = strcmp(name, "met") == 0 || strcmp(name, "final") == 0;
    if (flag)
        buf_put(out, value.at, value.size);
    else
        text_put_json(out, value);
}

static void json_LONG(struct buf *out, const char *name, int64_t value) {
    if (value == ALERT_LONG_NONE)
        return;
    put_name(out, name);
    buf_put_decimal(out, value);
}

static void json_DOUBLE(struct buf *out, const char *name, double value) {
    if (isnan(value))
        return;
    put_name(out, name);
    text_put_double(out, value);
}

void backtest_lines_json(const struct backtest_line *line, struct buf *out) {
#define PUT_JSON(kind, name) json_##kind(out, #name, line->name);
    BACKTEST_COLUMNS(PUT_JSON)
    text_put(out, "}\n");
}

/* RFC 4180: quoted where it must be. */
static void csv_TEXT(struct buf *out, struct slice value) {
    bool plain = true;
    for (size_t i = 0; i < value.size; i++)
        plain = plain && !strchr(",\"\r\n", value.at[i]);
    if (plain) {
        buf_put(out, value.at, value.size);
        return;
    }
    buf_put_u8(out, '"');
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] == '"')
            buf_put_u8(out, '"');
        buf_put_u8(out, (uint8_t)value.at[i]);
    }
    buf_put_u8(out, '"');
}

static void csv_LONG(struct buf *out, int64_t value) {
    if (value != ALERT_LONG_NONE)
        buf_put_decimal(out, value);
}

static void csv_DOUBLE(struct buf *out, double value) {
    if (!isnan(value))
        text_put_double(out, value);
}

static void end_csv(struct buf *out) {
    out->at[out->size - 1] = '\n'; /* in place of the last comma */
}

void backtest_lines_csv(const struct backtest_line *line, struct buf *out) {
#define PUT_CSV(kind, name)                                                                        \
    csv_##kind(out, line->name);                                                                   \
    buf_put_u8(out, ',');
    BACKTEST_COLUMNS(PUT_CSV)
    end_csv(out);
}

void backtest_lines_csv_head(struct buf *out) {
#define PUT_HEAD(kind, name) text_put(out, #name ",");
    BACKTEST_COLUMNS(PUT_HEAD)
    end_csv(out);
}
