#include "backtest/trial.h"

#include <stdlib.h>

#include "backtest/source.h"
#include "base/check.h"
#include "tasks/tenant_task.h"

struct trial {
    struct trial_options options;
    struct source *source;
    bool follows; /* the source is another trial's */
    struct tenant_task *tenant;
    struct outbox out;
    struct attainment *attainment;
    struct episodes *episodes;
};

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

static struct tenant_task *tenant_new(const struct trial *t) {
    const struct trial_options *o = &t->options;
    return tenant_task_new(&(struct tenant_task_options){.until_end = true,
                                                         .publish_all = o->figure != NULL,
                                                         .judge_only = o->figure == NULL,
                                                         .unexplained = true,
                                                         .lateness_ms = o->lateness_ms,
                                                         .max_alert_age_ms = o->max_alert_age_ms,
                                                         .scope_limit = o->scope_limit,
                                                         .contracts = o->contracts});
}

static void hear(void *context, const struct source_news *news) {
    struct trial *t = context;
    int64_t log_at = news->clock_count > 0 ? news->clocks[0].clock : tenant_task_clock(t->tenant);
    attainment_add(t->attainment, news->report);
    tenant_task_apply(t->tenant, news->report, log_at, &t->out);
    tenant_task_pass(t->tenant, news->clocks, news->clock_count, &t->out);
    if (tenant_task_ended(t->tenant))
        tenant_task_tell_judged(t->tenant, &t->out);
}

static struct source *source_of(struct trial *t) {
    const struct trial_options *o = &t->options;
    return source_new(&(struct source_options){.grace_ms = o->grace_ms,
                                               .reorder_ms = o->reorder_ms,
                                               .lateness_ms = o->lateness_ms,
                                               .max_skew_ms = o->max_skew_ms,
                                               .open_limit = o->open_limit,
                                               .scope_limit = o->scope_limit,
                                               .contracts = o->contracts,
                                               .all_figures = o->figure != NULL},
                      hear, t);
}

struct trial *trial_new(const struct trial_options *options) {
    struct trial *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    t->source = source_of(t);
    t->tenant = tenant_new(t);
    t->attainment = attainment_new(options->contracts);
    t->episodes = episodes_new();
    t->out = (struct outbox){.context = t,
                             .alert = take_alert,
                             .kpi = take_kpi,
                             .judged = take_judged,
                             .counted = take_counted};
    return t;
}

void trial_free(struct trial *t) {
    if (!t)
        return;
    if (!t->follows)
        source_free(t->source);
    tenant_task_free(t->tenant);
    attainment_free(t->attainment);
    episodes_free(t->episodes);
    free(t);
}

bool trial_follow(struct trial *t, struct trial *leader) {
    CHECK(!t->follows && !leader->follows);
    if (t->options.figure || !source_join(leader->source, t->options.contracts, hear, t))
        return false;
    source_free(t->source);
    t->source = leader->source;
    t->follows = true;
    return true;
}

void trial_expect(const struct trial *t, struct event *events, size_t count) {
    source_expect(t->source, events, count);
}

void trial_event(struct trial *t, const struct record_place *place, const struct event *event) {
    CHECK(!t->follows);
    source_event(t->source, place, event);
}

void trial_finish(struct trial *t, int64_t final_clock) {
    CHECK(!t->follows);
    source_finish(t->source, final_clock);
}

struct attainment *trial_attainment(struct trial *t) {
    return t->attainment;
}

struct episodes *trial_episodes(struct trial *t) {
    return t->episodes;
}

const uint64_t *trial_dead_letters(const struct trial *t) {
    return source_dead_letters(t->source);
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
    return source_first_letter(t->source);
}
