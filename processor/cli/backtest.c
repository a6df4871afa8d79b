#include "cli/backtest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/backtest_flags.h"
#include "cli/backtest_table.h"
#include "cli/cli.h"
#include "cli/kafka_settings.h"
#include "cli/past_files.h"
#include "cli/past_topic.h"
#include "io/wall.h"

#define WRITE_AT ((size_t)64 * 1024) /* bytes of output that are collected */

/* One run: the folders' trials, and what they are fed with. */
struct backtest {
    const struct backtest_flags *flags;
    struct contract_set *sets[BACKTEST_FOLDERS_MAX];
    struct backtest_trial trials[BACKTEST_FOLDERS_MAX];
    struct trial *fed[BACKTEST_FOLDERS_MAX]; /* those that follow no other */
    size_t fed_count;
    struct past_source past;
    struct event events[TRIAL_EXPECT_MAX]; /* read ahead */
    int64_t log_ats[TRIAL_EXPECT_MAX];
    size_t event_count;
    struct kafka_options kafka; /* of a topic */
    struct kafka_property *properties;
    struct backtest_outcome outcome;
    struct buf out;
};

static void put_line(void *context, const struct backtest_line *line);

/* Figures are written as they are made: there are many. */
static void put_figure(void *context, const struct kpi *kpi) {
    const struct backtest_trial *t = context;
    backtest_lines_figure(t->folder, kpi, put_line, t->owner);
}

static bool load_folder(struct backtest *b, const struct settings *s, size_t index) {
    struct faults faults;
    faults_init(&faults);
    struct contract_set *set = contracts_load(b->flags->folders[index], &faults);
    if (faults.count > 0)
        faults_print(&faults, stderr);
    faults_deinit(&faults);
    b->sets[index] = set;
    if (!set)
        return false;
    b->trials[index] = (struct backtest_trial){
        .folder = b->flags->folders[index],
        .owner = b,
        .trial = trial_new(&(struct trial_options){.grace_ms = s->grace_ms,
                                                   .reorder_ms = s->reorder_ms,
                                                   .lateness_ms = s->lateness_ms,
                                                   .max_skew_ms = s->max_skew_ms,
                                                   .max_alert_age_ms = s->max_alert_age_ms,
                                                   .open_limit = (uint32_t)s->open_interactions,
                                                   .scope_limit = (uint32_t)s->scopes,
                                                   .contracts = set,
                                                   .figure = b->flags->figures ? put_figure : NULL,
                                                   .figure_context = &b->trials[index]})};
    b->outcome.trial_count = index + 1;
    return true;
}

/* Contracts that ask the same of an interaction are fed together. */
static void feed_or_follow(struct backtest *b, struct trial *trial) {
    for (size_t i = 0; i < b->fed_count; i++)
        if (trial_follow(trial, b->fed[i]))
            return;
    b->fed[b->fed_count++] = trial;
}

/* Every folder is looked at even when one is wrong: one go finds all. */
static bool load_folders(struct backtest *b, const struct settings *s) {
    bool right = true;
    for (size_t i = 0; i < b->flags->folder_count; i++)
        right = load_folder(b, s, i) && right;
    for (size_t i = 0; right && i < b->flags->folder_count; i++)
        feed_or_follow(b, b->trials[i].trial);
    return right;
}

static void tell_note(void *self, enum log_level level, const char *event, const char *members) {
    (void)self;
    if (level >= LOG_LEVEL_ERROR)
        fprintf(stderr, "floorwalker backtest: %s {%s}\n", event, members);
}

static bool open_topic(struct backtest *b, const struct settings *s, struct err *err) {
    b->kafka = kafka_settings_options(s, (struct note_port){.note = tell_note}, &b->properties);
    struct past_topic_options options = {.kafka = &b->kafka,
                                         .schema_registry = s->schema_registry,
                                         .topic = b->flags->topic,
                                         .from_at = b->flags->from_at,
                                         .to_at = b->flags->to_at};
    return past_topic_open(&options, &b->past, err);
}

static bool open_past(struct backtest *b, const struct settings *s, struct err *err) {
    if (b->flags->topic)
        return open_topic(b, s, err);
    struct past_files_options options = {.paths = b->flags->files,
                                         .count = b->flags->file_count,
                                         .from_at = b->flags->from_at,
                                         .to_at = b->flags->to_at,
                                         .latest_at = wall_now() + s->max_skew_ms};
    return past_files_open(&options, &b->past, err);
}

static void feed(struct backtest *b, const struct event *event, int64_t log_at, int64_t number) {
    struct record_place place = {
        .topic = SLICE("interactions"), .offset = number, .log_at = log_at, .schema_id = -1};
    for (size_t i = 0; i < b->fed_count; i++)
        trial_event(b->fed[i], &place, event);
    if (b->outcome.first_at == INSTANT_NONE)
        b->outcome.first_at = log_at;
    if (log_at > b->outcome.last_at)
        b->outcome.last_at = log_at;
}

/* Where their strings stay, some events at a time: what they touch is brought near side by side. */
static enum past_result take_some(struct backtest *b, struct err *err) {
    size_t most = b->past.stays ? TRIAL_EXPECT_MAX : 1;
    return b->past.take(b->past.self, b->events, b->log_ats, most, &b->event_count, err);
}

static bool try_all(struct backtest *b, struct err *err) {
    int64_t number = 0;
    enum past_result found = PAST_EVENT;
    while (found == PAST_EVENT) {
        found = take_some(b, err);
        for (size_t i = 0; i < b->fed_count && b->event_count > 1; i++)
            trial_expect(b->fed[i], b->events, b->event_count);
        for (size_t k = 0; k < b->event_count; k++)
            feed(b, &b->events[k], b->log_ats[k], number++);
    }
    if (found == PAST_FAILED)
        return false;
    for (size_t i = 0; i < b->fed_count; i++)
        trial_finish(b->fed[i], INSTANT_NONE);
    b->outcome.counts = *b->past.counts(b->past.self);
    return true;
}

static void write_out(struct backtest *b) {
    fwrite(b->out.at, 1, b->out.size, stdout);
    buf_reset(&b->out);
}

static void put_line(void *context, const struct backtest_line *line) {
    struct backtest *b = context;
    if (b->flags->csv)
        backtest_lines_csv(line, &b->out);
    else
        backtest_lines_json(line, &b->out);
    if (b->out.size >= WRITE_AT)
        write_out(b);
}

static void tell_letters(const struct backtest_trial *t) {
    const uint64_t *letters = trial_dead_letters(t->trial);
    uint64_t refused = 0;
    for (int r = 0; r < DEAD_REASON_COUNT; r++)
        refused += letters[r];
    if (refused == 0)
        return;
    struct slice first = trial_first_letter(t->trial);
    fprintf(stderr, "floorwalker backtest: %s: %llu event%s refused; the first: " SLICE_FMT "\n",
            t->folder, (unsigned long long)refused, refused == 1 ? "" : "s", SLICE_ARG(first));
}

/* What was not taken is told to people wherever the rest goes. */
static void tell_refused(const struct backtest *b) {
    const struct past_counts *c = &b->outcome.counts;
    uint64_t refused = 0;
    for (int r = 0; r < DEAD_REASON_COUNT; r++)
        refused += c->refused[r];
    if (refused > 0)
        fprintf(stderr, "floorwalker backtest: %llu record%s refused; the first: %s\n",
                (unsigned long long)refused, refused == 1 ? "" : "s", c->first_refusal.text);
    for (size_t i = 0; i < b->outcome.trial_count; i++)
        tell_letters(&b->trials[i]);
}

static void print_outcome(struct backtest *b) {
    if (b->flags->json || b->flags->csv)
        backtest_lines(&b->outcome, b->flags->episodes, put_line, b);
    else
        backtest_table_put(&b->outcome, &b->out);
    write_out(b);
    tell_refused(b);
}

static int run(struct backtest *b, const struct settings *s) {
    struct err err;
    if (!load_folders(b, s))
        return CLI_USAGE;
    if (b->flags->csv)
        backtest_lines_csv_head(&b->out);
    bool done = open_past(b, s, &err) && try_all(b, &err);
    if (done)
        print_outcome(b);
    else
        fprintf(stderr, "floorwalker backtest: %s\n", err.text);
    return done ? CLI_DONE : CLI_FAILED;
}

static int backtest(const struct backtest_flags *flags, const struct settings *s) {
    struct backtest *b = calloc(1, sizeof(*b));
    CHECK(b);
    b->flags = flags;
    b->outcome = (struct backtest_outcome){
        .trials = b->trials, .first_at = INSTANT_NONE, .last_at = INSTANT_NONE};
    buf_init(&b->out);
    int status = run(b, s);
    if (b->past.self)
        b->past.close(b->past.self);
    free(b->properties);
    for (size_t i = flags->folder_count; i-- > 0;) /* those that follow first */
        trial_free(b->trials[i].trial);
    for (size_t i = 0; i < flags->folder_count; i++)
        contracts_free(b->sets[i]);
    buf_deinit(&b->out);
    free(b);
    return status;
}

static int load_and_run(const struct backtest_flags *flags, int *argc, char **argv) {
    struct cli_config config;
    int status = cli_config_load(&config, argc, argv, false);
    if (status == CLI_DONE && *argc > 1) {
        fprintf(stderr,
                "floorwalker backtest: \"%s\" is not known; see floorwalker backtest --help\n",
                argv[1]);
        status = CLI_USAGE;
    }
    if (status == CLI_DONE)
        status = backtest(flags, &config.settings);
    cli_config_deinit(&config);
    return status;
}

int backtest_main(int argc, char **argv) {
    struct backtest_flags flags;
    int status = CLI_USAGE;
    if (backtest_flags_take(&flags, &argc, argv)) {
        status = CLI_DONE;
        if (flags.help)
            backtest_flags_print_help();
        else
            status = load_and_run(&flags, &argc, argv);
    }
    backtest_flags_deinit(&flags);
    return status;
}
