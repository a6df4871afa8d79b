#include "backtest/source.h"

#include <stdlib.h>

#include "backtest/source_batch.h"
#include "base/check.h"
#include "codec/report_codec.h"
#include "core/cell_figure.h"
#include "core/contract_diff.h"
#include "tasks/interaction_task.h"

#define STEP_MS DELTA_PANE_MS
#define SUMS_MAX ((size_t)16 * 1024 * 1024) /* bytes collected between two steps */
#define BATCH_ROWS_MAX ((size_t)256)        /* or clocks; then what could wait is told */
#define TENANTS_MOST 64                     /* of further ones nothing waits */

struct listener {
    source_hear_fn *hear;
    void *context;
};

/* What the objectives' formulas are made of, and what demand is judged by. */
struct needs {
    struct delta_kept wanted;
    bool journeys, efforts;
    bool by_arrival; /* see needs_of */
};

struct source {
    struct source_options options;
    struct needs needs;
    struct leaf_dict *leaves;
    struct interaction_task *task;
    struct delta_table *deltas;         /* knows the leaves that were told of */
    struct slice tenants[TENANTS_MOST]; /* that were told of */
    size_t tenant_count;
    struct report_writer *writer; /* of what cannot wait */
    struct report_reader *reader;
    struct source_batch batch;
    struct outbox out;
    struct listener *listeners;
    size_t listener_count;
    int64_t told_at; /* the clock that the listeners know; INSTANT_NONE */
    int64_t next_step_at;
    uint64_t dead_letters[DEAD_REASON_COUNT];
    struct err first_letter;
};

static void take_fact(void *context, const struct fact *fact) {
    report_writer_fact(((struct source *)context)->writer, fact);
}

static void take_journey(void *context, const struct journey_row *row) {
    (void)report_writer_journey(((struct source *)context)->writer, row);
}

static void take_effort(void *context, const struct effort_row *row) {
    (void)report_writer_effort(((struct source *)context)->writer, row);
}

static void take_letter(void *context, const struct dead_letter *letter) {
    struct source *s = context;
    s->dead_letters[letter->reason]++;
    if (!*s->first_letter.text)
        (void)err_set(&s->first_letter, SLICE_FMT, SLICE_ARG(letter->detail));
}

/* Counters from `first` to `last`. */
static bool needs_any(const struct needs *n, enum counter first, enum counter last) {
    return n->wanted.counters >> first & ((UINT64_C(2) << (last - first)) - 1);
}

static void add_needs(struct needs *n, const struct objective *o) {
    struct cell_shape shape = {0};
    cell_figure_needs(&shape, o->metric, o->attribution, VARIANT_COUNT, 0);
    n->wanted.counters |= shape.counters;
    n->wanted.levels[o->attribution] |= shape.threshold_count > 0;
    n->wanted.histograms |= shape.histograms;
    n->by_arrival |= o->attribution == BY_ARRIVAL;
}

/* A wait that outlasts T counts by arrival in a pane of the past: what a step before that had known
 * must not hang on when the next event comes. */
static struct needs needs_of(const struct contract_set *set) {
    struct needs n = {0};
    for (size_t i = 0; i < set->count; i++) {
        const struct contract *c = &set->contracts[i];
        for (size_t k = 0; k < c->objective_count; k++)
            add_needs(&n, &c->objectives[k]);
        if (c->demand_count > 0)
            n.wanted.counters |= UINT64_C(1) << COUNTER_OFFERED;
    }
    n.journeys = needs_any(&n, COUNTER_JOURNEYS, COUNTER_JOURNEY_LAST);
    n.efforts = needs_any(&n, COUNTER_EFFORT_LEGS, COUNTER_EFFORT_MS);
    /* Those are counted by the tenant. */
    n.wanted.counters &= (UINT64_C(1) << COUNTER_SOURCE_COUNT) - 1;
    return n;
}

static struct interaction_task *task_new(const struct source *s) {
    const struct source_options *o = &s->options;
    return interaction_task_new(
        &(struct interaction_task_options){.grace_ms = o->grace_ms,
                                           .reorder_ms = o->reorder_ms,
                                           .lateness_ms = o->lateness_ms,
                                           .max_skew_ms = o->max_skew_ms,
                                           .open_limit = o->open_limit,
                                           .leaves = s->leaves,
                                           .contracts = o->contracts,
                                           .without_ages = !o->all_figures});
}

static void listen(struct source *s, source_hear_fn *hear, void *context) {
    s->listeners = realloc(s->listeners, (s->listener_count + 1) * sizeof(*s->listeners));
    CHECK(s->listeners);
    s->listeners[s->listener_count++] = (struct listener){hear, context};
}

struct source *source_new(const struct source_options *options, source_hear_fn *hear,
                          void *context) {
    struct source *s = calloc(1, sizeof(*s));
    CHECK(s);
    s->options = *options;
    s->needs = needs_of(options->contracts);
    s->leaves = leaf_dict_new(options->contracts, options->scope_limit * 4);
    s->task = task_new(s);
    s->deltas = delta_table_new();
    s->writer = report_writer_new("backtest", 1, s->leaves);
    s->reader = report_reader_new();
    source_batch_init(&s->batch);
    s->told_at = s->next_step_at = INSTANT_NONE;
    bool all = options->all_figures;
    if (!all)
        delta_table_keep(s->deltas, &s->needs.wanted);
    s->out = (struct outbox){.context = s,
                             .deltas = s->deltas,
                             .fact = take_fact,
                             .dead_letter = take_letter,
                             .journey = all || s->needs.journeys ? take_journey : NULL,
                             .effort = all || s->needs.efforts ? take_effort : NULL};
    listen(s, hear, context);
    return s;
}

void source_free(struct source *s) {
    if (!s)
        return;
    interaction_task_free(s->task);
    delta_table_free(s->deltas);
    report_writer_free(s->writer);
    report_reader_free(s->reader);
    source_batch_deinit(&s->batch);
    leaf_dict_free(s->leaves);
    for (size_t i = 0; i < s->tenant_count; i++)
        free((char *)(uintptr_t)s->tenants[i].at);
    free(s->listeners);
    free(s);
}

bool source_join(struct source *s, const struct contract_set *contracts, source_hear_fn *hear,
                 void *context) {
    struct needs needs = needs_of(contracts);
    CHECK(s->told_at == INSTANT_NONE);
    if (s->options.all_figures || needs.journeys != s->needs.journeys ||
        needs.efforts != s->needs.efforts || needs.by_arrival != s->needs.by_arrival ||
        !contract_set_counts_alike(s->options.contracts, contracts) ||
        !leaf_dict_join(s->leaves, contracts))
        return false;
    s->needs.wanted.histograms |= needs.wanted.histograms;
    s->needs.wanted.counters |= needs.wanted.counters;
    for (int a = 0; a < ATTRIBUTION_COUNT; a++)
        s->needs.wanted.levels[a] |= needs.wanted.levels[a];
    delta_table_keep(s->deltas, &s->needs.wanted);
    listen(s, hear, context);
    return true;
}

static void say(struct source *s, const struct source_news *news) {
    for (size_t i = 0; i < s->listener_count; i++)
        s->listeners[i].hear(s->listeners[i].context, news);
}

/* What could wait until now. */
static void tell_batch(struct source *s) {
    if (s->batch.clock_count == 0)
        return;
    struct source_news news = source_batch_news(&s->batch);
    say(s, &news);
    source_batch_reset(&s->batch);
}

static void pass_record(void *context, int32_t partition, struct slice record) {
    struct source *s = context;
    struct report report;
    CHECK(partition == 0 && report_reader_read(s->reader, record, &report, NULL));
    struct source_news news = {&report, report.clocks, report.clock_count};
    report.clock_count = 0;
    say(s, &news);
}

/* Rows that came to nothing are not told. */
static bool counts_something(const struct delta_row *row) {
    bool any = false;
    for (int c = 0; c < COUNTER_SOURCE_COUNT && !any; c++)
        any = row->counters[c] != 0;
    return any;
}

static void note_leaves(struct source *s) {
    for (size_t i = 0; i < delta_table_rows(s->deltas); i++) {
        const struct delta_row *row = delta_table_at(s->deltas, i);
        if (counts_something(row))
            delta_table_know(s->deltas, row->leaf);
    }
}

/* What was found since the last step. */
struct found {
    const struct gauge *gauges;
    const struct report_feed *feeds;
    size_t gauge_count, feed_count;
    struct report_clock clock;
};

/* Its tenant was told of: before that it begins with what is told first, at that step. */
static bool is_known(const struct source *s, const struct report_feed *feed) {
    for (size_t i = 0; i < s->tenant_count; i++)
        if (slice_equal(s->tenants[i], feed->tenant))
            return true;
    return false;
}

static void note_tenant(struct source *s, const struct report_feed *feed) {
    if (s->tenant_count < TENANTS_MOST && !is_known(s, feed))
        s->tenants[s->tenant_count++] = slice_copy(feed->tenant);
}

static void tell_now(struct source *s, const struct found *f) {
    tell_batch(s);
    for (size_t i = 0; i < f->gauge_count; i++)
        report_writer_gauge(s->writer, 0, &f->gauges[i]);
    for (size_t i = 0; i < f->feed_count; i++) {
        report_writer_feed(s->writer, &f->feeds[i]);
        note_tenant(s, &f->feeds[i]);
    }
    report_writer_clock(s->writer, &f->clock);
    report_writer_finish(s->writer, s->deltas, pass_record, s);
    note_leaves(s);
    /* Leaves without reason may have ages alone. */
    for (size_t i = 0; i < f->gauge_count; i++)
        delta_table_know(s->deltas, f->gauges[i].leaf);
}

/* All rows of what was told of already, and none that is wanted for a step that was judged. */
static bool sums_can_wait(const struct source *s) {
    int64_t judged_at = instant_floor(s->told_at, STEP_MS);
    size_t samples;
    delta_table_samples(s->deltas, &samples);
    for (size_t i = 0; i < delta_table_rows(s->deltas); i++) {
        const struct delta_row *row = delta_table_at(s->deltas, i);
        const struct leaf *leaf = leaf_dict_at(s->leaves, row->leaf);
        if (!delta_table_knows(s->deltas, row->leaf))
            return false;
        if (row->pane_at < judged_at && (samples > 0 || source_wants(&s->needs.wanted, row, leaf)))
            return false;
    }
    return true;
}

/* Nothing came but sums, and what was heard; of leaves and for steps for which it makes no
 * difference whether they are told now, or before the steps that were told already. Ages show in
 * figures alone. */
static bool can_wait(const struct source *s, const struct found *f) {
    if (s->told_at == INSTANT_NONE || s->options.all_figures || f->clock.ended ||
        report_writer_size(s->writer) > 0)
        return false;
    bool can = sums_can_wait(s);
    for (size_t i = 0; i < f->gauge_count && can; i++)
        can = delta_table_knows(s->deltas, f->gauges[i].leaf);
    for (size_t i = 0; i < f->feed_count && can; i++)
        can = f->feeds[i].heard_at > s->told_at && is_known(s, &f->feeds[i]);
    return can;
}

static void keep(struct source *s, const struct found *f) {
    source_batch_sums(&s->batch, &s->needs.wanted, s->deltas, s->leaves);
    for (size_t i = 0; i < f->feed_count; i++)
        source_batch_feed(&s->batch, &f->feeds[i]);
    source_batch_clock(&s->batch, &f->clock);
    if (s->batch.report.row_count > BATCH_ROWS_MAX || s->batch.clock_count > BATCH_ROWS_MAX)
        tell_batch(s);
}

/* What the task found goes to the listeners. */
static void tell(struct source *s) {
    struct found f;
    f.gauge_count = interaction_task_take_gauges(s->task, &f.gauges);
    f.feed_count = interaction_task_take_feeds(s->task, &f.feeds);
    f.clock = (struct report_clock){.topic = SLICE("interactions"),
                                    .partitions = 1,
                                    .clock = interaction_task_clock(s->task),
                                    .ended = interaction_task_ended(s->task)};
    if (can_wait(s, &f))
        keep(s, &f);
    else
        tell_now(s, &f);
    delta_table_reset(s->deltas);
    s->told_at = f.clock.clock;
    s->next_step_at = instant_floor(s->told_at, STEP_MS) + STEP_MS;
}

/* Steps before an event are told without it, as if a tick had come right before it. */
static void pass_steps(struct source *s, int64_t log_at) {
    if (s->told_at == INSTANT_NONE || log_at - s->options.grace_ms < s->next_step_at)
        return;
    while (s->needs.by_arrival && log_at - s->options.grace_ms > s->next_step_at) {
        interaction_task_tick(s->task, s->next_step_at + s->options.grace_ms, &s->out);
        tell(s);
    }
    interaction_task_tick(s->task, log_at, &s->out);
    tell(s);
}

void source_expect(const struct source *s, struct event *events, size_t count) {
    interaction_task_expect(s->task, events, count);
}

void source_event(struct source *s, const struct record_place *place, const struct event *event) {
    pass_steps(s, place->log_at);
    interaction_task_apply(s->task, place, event, &s->out);
    if (s->told_at == INSTANT_NONE ||
        delta_table_size(s->deltas) + report_writer_size(s->writer) > SUMS_MAX)
        tell(s);
}

void source_finish(struct source *s, int64_t final_clock) {
    int64_t newest_at = interaction_task_newest_log_at(s->task);
    if (final_clock == INSTANT_NONE)
        final_clock = newest_at == INSTANT_NONE ? 0
                                                : newest_at + s->options.lateness_ms + 2 * HOUR_MS;
    interaction_task_finish(s->task, final_clock, &s->out);
    tell(s);
}

const uint64_t *source_dead_letters(const struct source *s) {
    return s->dead_letters;
}

struct slice source_first_letter(const struct source *s) {
    return slice_of(s->first_letter.text);
}
