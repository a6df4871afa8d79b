#include "tasks/tenant_task.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/judge_item.h"
#include "tasks/tenant_commands.h"
#include "tasks/tenant_counting.h"
#include "tasks/tenant_forecasts.h"
#include "tasks/tenant_kpi.h"
#include "tasks/tenant_rows.h"
#include "tasks/tenant_steps.h"

struct tenant_task *tenant_task_new(const struct tenant_task_options *options) {
    struct tenant_task *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    t->clock = t->step_at = INSTANT_NONE;
    t->first_at = INSTANT_MAX;
    t->late = true; /* as far as is known */
    t->newest_pane_at = INSTANT_NONE;
    t->forecast_limit = TENANT_FORECASTS_MAX;
    t->forecast_series_limit = TENANT_FORECAST_SERIES_MAX;
    tenant_sources_init(&t->sources, options->live, options->until_end, options->max_source_lag_ms);
    table_init(&t->leaf_index, 64);
    tenant_journeys_init(&t->journeys);
    tenant_efforts_init(&t->efforts);
    t->met = delta_table_new();
    cell_scratch_init(&t->scratch);
    buf_init(&t->packed);
    cell_sums_init(&t->sums, &(struct cell_shape){.threshold_count = CELL_THRESHOLDS_MAX});
    tenant_kpi_init(t);
    return t;
}

void tenant_task_free(struct tenant_task *t) {
    if (!t)
        return;
    tenant_state_free(t);
    delta_table_free(t->met);
    tenant_sources_deinit(&t->sources);
    tenant_commands_deinit(&t->waiting);
    cell_scratch_deinit(&t->scratch);
    buf_deinit(&t->packed);
    free(t->report_leaves);
    t->sums.dense_count = CELL_DENSE_MAX;
    cell_sums_deinit(&t->sums);
    free(t);
}

static struct tenant_leaf *look_up(struct tenant_task *t, const struct report *report,
                                   uint32_t leaf) {
    t->report_leaves[leaf] = tenant_state_leaf(t, &report->leaves[leaf]);
    return t->report_leaves[leaf];
}

/* Looked up once for all rows of a leaf. */
static inline struct tenant_leaf *leaf_of(struct tenant_task *t, const struct report *report,
                                          uint32_t leaf) {
    CHECK(leaf < report->leaf_count);
    struct tenant_leaf *known = t->report_leaves[leaf];
    return known ? known : look_up(t, report, leaf);
}

static void forget_leaves(struct tenant_task *t, size_t count) {
    if (count > t->report_leaf_capacity) {
        t->report_leaf_capacity = count * 2;
        t->report_leaves = realloc(t->report_leaves,
                                   t->report_leaf_capacity * sizeof(struct tenant_leaf *));
        CHECK(t->report_leaves);
    }
    if (count > 0)
        memset(t->report_leaves, 0, count * sizeof(struct tenant_leaf *));
}

static void add_miss(struct tenant_task *t, const struct tenant_leaf *leaf, const struct miss *m) {
    for (size_t i = 0; i < leaf->rules.count; i++)
        tenant_rule_miss(leaf->rules.items[i], leaf->tenant->contract, t->step_at, m);
}

static void note_panes(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->row_count; i++) {
        int64_t pane_at = report->rows[i].pane_at;
        if (pane_at < t->first_at && t->step_at == INSTANT_NONE)
            t->first_at = pane_at;
        if (pane_at > t->newest_pane_at)
            t->newest_pane_at = pane_at;
    }
}

static void add_rows(struct tenant_task *t, const struct report *report) {
    forget_leaves(t, report->leaf_count);
    for (size_t i = 0; i < report->row_count; i++)
        tenant_rows_add(t, leaf_of(t, report, report->rows[i].leaf), report, &report->rows[i]);
    for (size_t i = 0; i < report->journey_count; i++)
        tenant_journeys_hear(t, leaf_of(t, report, report->journeys[i].leaf), &report->journeys[i]);
    for (size_t i = 0; i < report->effort_count; i++)
        tenant_efforts_hear(t, leaf_of(t, report, report->efforts[i].leaf), &report->efforts[i]);
    tenant_meet_settle(t);
    for (size_t i = 0; i < report->miss_count; i++)
        add_miss(t, leaf_of(t, report, report->misses[i].leaf), &report->misses[i]);
    tenant_steps_revise(t);
}

static void add_ages(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->gauge_count; i++) {
        const struct gauge *g = &report->gauges[i];
        tenant_state_age(t, leaf_of(t, report, g->leaf), report->gauge_partitions[i],
                         g->oldest_waiting_at, g->oldest_open_at);
    }
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void judge_facts(struct tenant_task *t, const struct report *report) {
    for (size_t i = 0; i < report->fact_count; i++) {
        const struct fact *fact = &report->facts[i];
        CHECK(fact->leaf < report->leaf_count);
        const struct report_leaf *leaf = &report->leaves[fact->leaf];
        struct tenant *tenant = tenant_state_tenant(t, leaf->tenant);
        struct judge_context ctx = tenant_state_context(t, tenant, t->out);
        /* Before the first clock nothing is late. */
        if (ctx.clock == INSTANT_NONE)
            ctx.clock = fact->at;
        judge_item_fact(&ctx, fact, leaf);
        tenant->due_at = INSTANT_NONE;
    }
}

/* Whose feeds are heard. Mostly it is one site that was heard at many steps. */
struct hearing {
    struct judge_context ctx;
    struct tenant *tenant;
    struct tenant_feed *feed;
    const struct report_feed *last; /* of that site */
};

/* Of steps that are over nothing is held, whoever looked last: what comes late is one more. */
static void pass_feed(struct tenant_feed *feed, int64_t step_at) {
    judge_feed_pass(&feed->state, step_at);
    judge_skew_pass(&feed->skew, step_at);
    judge_quality_pass(&feed->quality, step_at);
}

static void hear_time(const struct tenant_task *t, const struct hearing *h,
                      const struct report_feed *f) {
    judge_feed_heard(&h->ctx, &h->feed->state, f->heard_at);
    int64_t skewed_at = judge_skew_heard(h->ctx.contract, &h->feed->skew, f->heard_at, f->lead_ms,
                                         t->step_at);
    h->tenant->feeds_due_at = earlier(h->tenant->feeds_due_at, skewed_at);
}

static void hear_feed(const struct tenant_task *t, const struct hearing *h,
                      const struct report_feed *f) {
    if (h->last->heard_at < t->step_at)
        pass_feed(h->feed, t->step_at);
    if (!h->ctx.contract->is_default) {
        int64_t refused_at = judge_quality_heard(&h->feed->quality, f->heard_at, f->records,
                                                 f->refused, t->step_at);
        h->tenant->feeds_due_at = earlier(h->tenant->feeds_due_at, refused_at);
    }
    if (!f->mute)
        hear_time(t, h, f);
}

/* Refused records are not trusted with names: of a tenant that has no contract, or of one site more
 * where there are that many. */
static bool is_hearsay(struct tenant_task *t, const struct report_feed *f) {
    if (!f->mute)
        return false;
    const struct tenant *tenant = tenant_state_find(t, f->tenant);
    if (!tenant)
        return contract_set_find(t->options.contracts, f->tenant, tenant_state_seen_at(t))
            ->is_default;
    return !tenant_state_has_feed(tenant, f->site) &&
           (tenant->contract->is_default || tenant->feeds.count >= TENANT_REFUSED_SITES_MAX);
}

static bool is_same(struct slice a, struct slice b) {
    return (a.at == b.at && a.size == b.size) || slice_equal(a, b);
}

/* All of one site were heard. */
static void end_hearing(const struct tenant_task *t, struct hearing *h) {
    if (!h->feed)
        return;
    int64_t silent_at = judge_feed_due(h->ctx.contract, &h->feed->state, t->step_at);
    h->tenant->feeds_due_at = earlier(h->tenant->feeds_due_at, silent_at);
    tenant_state_due(h->tenant, h->tenant->feeds_due_at);
    h->feed = NULL;
}

/* Finds whose feed it is, unless it is the same again. */
static void turn_to(struct tenant_task *t, struct hearing *h, const struct report_feed *f) {
    bool same_tenant = h->feed && is_same(h->last->tenant, f->tenant);
    if (same_tenant && is_same(h->last->site, f->site))
        return;
    end_hearing(t, h);
    if (!same_tenant) {
        h->tenant = tenant_state_tenant(t, f->tenant);
        h->ctx = tenant_state_context(t, h->tenant, t->out);
    }
    h->feed = tenant_state_feed(h->tenant, f->site);
    h->last = f;
    pass_feed(h->feed, t->step_at);
}

static void hear_feeds(struct tenant_task *t, const struct report *report) {
    struct hearing h = {0};
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_feed *f = &report->feeds[i];
        if (is_hearsay(t, f)) {
            t->counts.refused_senders++;
            continue;
        }
        turn_to(t, &h, f);
        hear_feed(t, &h, f);
        h.last = f;
    }
    end_hearing(t, &h);
}

void tenant_task_apply(struct tenant_task *t, const struct report *report, int64_t log_at,
                       struct outbox *out) {
    struct counting_outbox counting;
    t->out = tenant_counting_begin(&counting, t, out);
    t->log_at = log_at;
    t->counts.reports++;
    int64_t heard_until = t->newest_pane_at;
    note_panes(t, report);
    for (size_t i = 0; i < report->forecast_count; i++)
        tenant_forecasts_hear(t, &report->forecasts[i], heard_until);
    add_rows(t, report);
    add_ages(t, report);
    judge_facts(t, report);
    hear_feeds(t, report);
    for (size_t i = 0; i < report->command_count; i++)
        tenant_commands_hear(t, &report->commands[i]);
    tenant_sources_hear(&t->sources, report->clocks, report->clock_count, log_at);
    tenant_steps_pass(t);
    t->out = NULL;
}

static bool is_same_source(const struct report_clock *a, const struct report_clock *b) {
    return is_same(a->topic, b->topic) && a->partition == b->partition &&
           a->partitions == b->partitions;
}

void tenant_task_pass(struct tenant_task *t, const struct report_clock *clocks, size_t count,
                      struct outbox *out) {
    struct counting_outbox counting;
    t->out = tenant_counting_begin(&counting, t, out);
    int64_t due_at = tenant_task_due(t);
    const struct report_clock *last = NULL;
    struct tenant_source *source = NULL; /* of the last one */
    for (size_t i = 0; i < count; i++) {
        const struct report_clock *c = &clocks[i];
        if (c->clock < due_at && i + 1 < count)
            continue;
        if (!last || !is_same_source(last, c))
            source = tenant_sources_find(&t->sources, c);
        last = c;
        t->log_at = c->clock;
        t->counts.reports++;
        tenant_sources_move(&t->sources, source, c, t->log_at);
        due_at = tenant_steps_pass(t);
    }
    t->out = NULL;
}

void tenant_task_tell_judged(struct tenant_task *t, struct outbox *out) {
    struct counting_outbox counting;
    t->out = tenant_counting_begin(&counting, t, out);
    tenant_steps_tell_judged(t);
    t->out = NULL;
}

void tenant_task_lose(struct tenant_task *t) {
    tenant_sources_lose(&t->sources, t->clock);
}

int64_t tenant_task_due(const struct tenant_task *t) {
    return t->step_at == INSTANT_NONE ? INSTANT_NONE : tenant_steps_due(t);
}

int64_t tenant_task_clock(const struct tenant_task *t) {
    return t->clock;
}

bool tenant_task_ended(const struct tenant_task *t) {
    return tenant_sources_ended(&t->sources);
}

size_t tenant_task_scopes(const struct tenant_task *t) {
    return t->scope_count;
}

size_t tenant_task_open_alerts(const struct tenant_task *t) {
    size_t open = 0;
    for (size_t i = 0; i < t->tenants.count; i++)
        open += episode_book_open(((const struct tenant *)t->tenants.items[i])->book);
    return open;
}

bool tenant_task_lost_track(const struct tenant_task *t) {
    bool lost = t->turned;
    for (size_t i = 0; i < t->tenants.count; i++)
        lost |= episode_book_lost_track(((const struct tenant *)t->tenants.items[i])->book);
    return lost;
}

void tenant_task_add_episodes(const struct tenant_task *t, struct episode_book_counts *sum) {
    for (size_t i = 0; i < t->tenants.count; i++) {
        const struct tenant *tenant = t->tenants.items[i];
        const struct episode_book_counts *c = episode_book_counts(tenant->book);
#define ADD(name, meaning) sum->name += c->name;
        EPISODE_BOOK_COUNTS(ADD)
#undef ADD
    }
}

const struct tenant_task_counts *tenant_task_counts(const struct tenant_task *t) {
    return &t->counts;
}
