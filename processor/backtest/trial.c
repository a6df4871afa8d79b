#include "backtest/trial.h"

#include <stdlib.h>

#include "base/check.h"
#include "codec/report_codec.h"
#include "core/cell_figure.h"
#include "tasks/tenant_task.h"

#define STEP_MS DELTA_PANE_MS
#define SUMS_MAX ((size_t)16 * 1024 * 1024) /* bytes collected between two reports */

struct trial {
    struct trial_options options;
    struct leaf_dict *leaves;
    struct interaction_task *source;
    struct tenant_task *tenant;
    struct delta_table *deltas;
    struct report_writer *writer;
    struct report_reader *reader;
    struct outbox out;
    struct attainment *attainment;
    struct episodes *episodes;
    int64_t told_at; /* the clock that the tenant task knows; INSTANT_NONE */
    int64_t next_step_at;
    bool each_step; /* time is told step by step, however long nothing comes */
    uint64_t dead_letters[DEAD_REASON_COUNT];
    struct err first_letter;
};

static void take_fact(void *context, const struct fact *fact) {
    struct trial *t = context;
    report_writer_fact(t->writer, fact);
}

static void take_journey(void *context, const struct journey_row *row) {
    struct trial *t = context;
    report_writer_journey(t->writer, row);
}

static void take_effort(void *context, const struct effort_row *row) {
    struct trial *t = context;
    report_writer_effort(t->writer, row);
}

static void take_letter(void *context, const struct dead_letter *letter) {
    struct trial *t = context;
    t->dead_letters[letter->reason]++;
    if (!*t->first_letter.text)
        (void)err_set(&t->first_letter, SLICE_FMT, SLICE_ARG(letter->detail));
}

static void take_alert(void *context, const struct alert *alert) {
    struct trial *t = context;
    episodes_take(t->episodes, alert);
}

static void take_kpi(void *context, const struct kpi *kpi) {
    struct trial *t = context;
    if (t->options.figure)
        t->options.figure(t->options.figure_context, kpi);
}

static void take_judged(void *context, const struct judged_steps *steps) {
    struct trial *t = context;
    attainment_judge(t->attainment, steps);
}

static void take_counted(void *context, const struct report *report) {
    struct trial *t = context;
    attainment_add(t->attainment, report);
}

static struct interaction_task *source_new(const struct trial *t) {
    const struct trial_options *o = &t->options;
    return interaction_task_new(&(struct interaction_task_options){.grace_ms = o->grace_ms,
                                                                   .reorder_ms = o->reorder_ms,
                                                                   .lateness_ms = o->lateness_ms,
                                                                   .max_skew_ms = o->max_skew_ms,
                                                                   .open_limit = o->open_limit,
                                                                   .leaves = t->leaves,
                                                                   .contracts = o->contracts});
}

static struct tenant_task *tenant_new(const struct trial *t) {
    const struct trial_options *o = &t->options;
    return tenant_task_new(&(struct tenant_task_options){.until_end = true,
                                                         .publish_all = o->figure != NULL,
                                                         .judge_only = o->figure == NULL,
                                                         .lateness_ms = o->lateness_ms,
                                                         .max_alert_age_ms = o->max_alert_age_ms,
                                                         .scope_limit = o->scope_limit,
                                                         .contracts = o->contracts});
}

/* A wait that outlasts T counts by arrival in a pane of the past: what a step before that had known
 * must not hang on when the next event comes. */
static bool judges_by_arrival(const struct contract_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        const struct contract *c = &set->contracts[i];
        for (size_t k = 0; k < c->objective_count; k++) {
            if (c->objectives[k].attribution == BY_ARRIVAL)
                return true;
        }
    }
    return false;
}

/* What the objectives' formulas are made of, of counters and histograms. */
static struct cell_shape needs_of(const struct contract_set *set) {
    struct cell_shape all = {0};
    for (size_t i = 0; i < set->count; i++) {
        const struct contract *c = &set->contracts[i];
        for (size_t k = 0; k < c->objective_count; k++) {
            struct cell_shape one = {0};
            cell_figure_needs(&one, c->objectives[k].metric, c->objectives[k].attribution, 0);
            all.counters |= one.counters;
            all.histograms |= one.histograms;
        }
    }
    return all;
}

/* Counters from `first` to `last`. */
static bool needs_any(const struct cell_shape *needs, enum counter first, enum counter last) {
    return needs->counters >> first & ((UINT64_C(2) << (last - first)) - 1);
}

/* Nobody is told what no objective asks for, where nobody sees figures. */
static void leave_out(struct trial *t) {
    struct cell_shape needs = needs_of(t->options.contracts);
    if (t->options.figure)
        return;
    delta_table_keep_samples(t->deltas, needs.histograms);
    if (!needs_any(&needs, COUNTER_JOURNEYS, COUNTER_JOURNEY_LAST))
        t->out.journey = NULL;
    if (!needs_any(&needs, COUNTER_EFFORT_LEGS, COUNTER_EFFORT_MS))
        t->out.effort = NULL;
}

struct trial *trial_new(const struct trial_options *options) {
    struct trial *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    t->each_step = judges_by_arrival(options->contracts);
    t->leaves = leaf_dict_new(options->contracts, options->scope_limit * 4);
    t->source = source_new(t);
    t->tenant = tenant_new(t);
    t->deltas = delta_table_new();
    t->writer = report_writer_new("backtest", 1, t->leaves);
    t->reader = report_reader_new();
    t->attainment = attainment_new(options->contracts);
    t->episodes = episodes_new();
    t->told_at = t->next_step_at = INSTANT_NONE;
    t->out = (struct outbox){.context = t,
                             .deltas = t->deltas,
                             .fact = take_fact,
                             .dead_letter = take_letter,
                             .alert = take_alert,
                             .kpi = take_kpi,
                             .judged = take_judged,
                             .journey = take_journey,
                             .effort = take_effort,
                             .counted = take_counted};
    leave_out(t);
    return t;
}

void trial_free(struct trial *t) {
    if (!t)
        return;
    interaction_task_free(t->source);
    tenant_task_free(t->tenant);
    delta_table_free(t->deltas);
    report_writer_free(t->writer);
    report_reader_free(t->reader);
    attainment_free(t->attainment);
    episodes_free(t->episodes);
    leaf_dict_free(t->leaves);
    free(t);
}

static void judge(void *context, int32_t partition, struct slice record) {
    struct trial *t = context;
    struct report report;
    CHECK(partition == 0 && report_reader_read(t->reader, record, &report, NULL));
    attainment_add(t->attainment, &report);
    tenant_task_apply(t->tenant, &report, t->told_at, &t->out);
}

/* Nothing came of a stretch of time but that it has passed: that needs no record. */
static void pass(struct trial *t, struct report_clock *clock) {
    struct report report = {.instance = SLICE("backtest"), .clocks = clock, .clock_count = 1};
    tenant_task_apply(t->tenant, &report, t->told_at, &t->out);
}

/* What the source task found goes to the tenant task. */
static void tell(struct trial *t) {
    const struct gauge *gauges;
    size_t gauge_count = interaction_task_take_gauges(t->source, &gauges);
    for (size_t i = 0; i < gauge_count; i++)
        report_writer_gauge(t->writer, 0, &gauges[i]);
    const struct report_feed *feeds;
    size_t feed_count = interaction_task_take_feeds(t->source, &feeds);
    for (size_t i = 0; i < feed_count; i++)
        report_writer_feed(t->writer, &feeds[i]);
    t->told_at = interaction_task_clock(t->source);
    struct report_clock clock = {.topic = SLICE("interactions"),
                                 .partitions = 1,
                                 .clock = t->told_at,
                                 .ended = interaction_task_ended(t->source)};
    if (report_writer_size(t->writer) == 0 && delta_table_rows(t->deltas) == 0) {
        pass(t, &clock);
    } else {
        report_writer_clock(t->writer, &clock);
        report_writer_finish(t->writer, t->deltas, judge, t);
        delta_table_reset(t->deltas);
    }
    t->next_step_at = instant_floor(t->told_at, STEP_MS) + STEP_MS;
}

/* Steps before an event are judged without it, as if a tick had come right before it. */
static void pass_steps(struct trial *t, int64_t log_at) {
    if (t->told_at == INSTANT_NONE || log_at - t->options.grace_ms < t->next_step_at)
        return;
    while (t->each_step && log_at - t->options.grace_ms > t->next_step_at) {
        interaction_task_tick(t->source, t->next_step_at + t->options.grace_ms, &t->out);
        tell(t);
    }
    interaction_task_tick(t->source, log_at, &t->out);
    tell(t);
}

void trial_expect(const struct trial *t, const struct event *events, size_t count) {
    interaction_task_expect(t->source, events, count);
}

void trial_event(struct trial *t, const struct record_place *place, const struct event *event) {
    struct record_place keyed = *place;
    keyed.key = event->interaction_id;
    pass_steps(t, place->log_at);
    interaction_task_apply(t->source, &keyed, event, &t->out);
    if (t->told_at == INSTANT_NONE ||
        delta_table_size(t->deltas) + report_writer_size(t->writer) > SUMS_MAX)
        tell(t);
}

void trial_finish(struct trial *t, int64_t final_clock) {
    int64_t newest_at = interaction_task_newest_log_at(t->source);
    if (final_clock == INSTANT_NONE)
        final_clock = newest_at == INSTANT_NONE ? 0
                                                : newest_at + t->options.lateness_ms + 2 * HOUR_MS;
    interaction_task_finish(t->source, final_clock, &t->out);
    tell(t);
    tenant_task_tell_judged(t->tenant, &t->out);
}

struct attainment *trial_attainment(struct trial *t) {
    return t->attainment;
}

struct episodes *trial_episodes(struct trial *t) {
    return t->episodes;
}

const uint64_t *trial_dead_letters(const struct trial *t) {
    return t->dead_letters;
}

uint64_t trial_journeys_left_out(const struct trial *t) {
    const struct tenant_task_counts *c = tenant_task_counts(t->tenant);
    return c->journeys_lost + c->journeys_refused;
}

uint64_t trial_efforts_left_out(const struct trial *t) {
    const struct tenant_task_counts *c = tenant_task_counts(t->tenant);
    return c->efforts_lost + c->efforts_refused;
}

struct slice trial_first_letter(const struct trial *t) {
    return slice_of(t->first_letter.text);
}
