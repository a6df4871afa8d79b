/* A tenant task under test: random histories, collected effects, and a recount that shares no code
 * with panes and windows. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/delta.h"
#include "core/histogram.h"
#include "core/period.h"
#include "tasks/tenant_task.h"

#define FIXTURE_START INT64_C(1600000000000)
#define FIXTURE_LEAVES 8
#define FIXTURE_ROWS 20000

static const struct report_leaf fixture_leaves[FIXTURE_LEAVES] = {
    {SLICE("acme"), SLICE("v1"), SLICE("north"), SLICE("billing"), CHANNEL_VOICE, 2, 1, SLICE("")},
    {SLICE("acme"), SLICE("v1"), SLICE("north"), SLICE("billing"), CHANNEL_CHAT, 2, 1, SLICE("")},
    {SLICE("acme"), SLICE("v1"), SLICE("north"), SLICE("tech"), CHANNEL_VOICE, 2, 1, SLICE("")},
    {SLICE("acme"), SLICE("v2"), SLICE("south"), SLICE("billing"), CHANNEL_VOICE, 3, 1, SLICE("")},
    {SLICE("acme"), SLICE("v2"), SLICE("south"), SLICE("tech"), CHANNEL_EMAIL, 3, 1,
     SLICE("refund")},
    {SLICE("zeta"), SLICE(""), SLICE("east"), SLICE("q"), CHANNEL_VOICE, 2, 1, SLICE("")},
    {SLICE("zeta"), SLICE(""), SLICE("east"), SLICE("r"), CHANNEL_VOICE, 2, 1, SLICE("")},
    {SLICE("zeta"), SLICE(""), SLICE("west"), SLICE("q"), CHANNEL_VOICE, 2, 2, SLICE("")},
};

/* An enum window_id, or WINDOW_COUNT + enum period. */
static inline unsigned window_named(struct slice name) {
    enum window_id w;
    if (window_parse(name, &w))
        return w;
    unsigned p = 0;
    while (!slice_equal(name, slice_of(period_name((enum period)p))))
        p++;
    return WINDOW_COUNT + p;
}

static struct zone_change fixture_changes[] = {
    {INSTANT_NONE, 20700000}, /* +5:45: hours do not begin with UTC's */
    /* 21:00 is 20:30 again: an hour that takes 90 minutes. */
    {FIXTURE_START - 1600 * SECOND_MS + 3 * HOUR_MS + 15 * MINUTE_MS, 20700000 - 1800000},
};
static const struct escalation fixture_escalation = {
    .name = SLICE("standard"),
    .tiers = {{.after_ms = 0, .role = SLICE("manager")},
              {.after_ms = 5 * MINUTE_MS + 7, .role = SLICE("lead")},
              {.after_ms = 20 * MINUTE_MS, .role = SLICE("head"), .least = SEVERITY_CRITICAL}},
    .count = 3};
static struct objective fixture_objectives[] = {
    {.name = SLICE("voice-80-20"),
     .escalation = &fixture_escalation,
     .metric = METRIC_SERVICE_LEVEL,
     .within_ms = 20000,
     .when = {.channels = 1u << CHANNEL_VOICE},
     .per = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE),
     .window = WINDOW_30M,
     .at_least = true,
     .target = 0.8,
     .clear = 0.83,
     .min_sample = 5,
     .hold_ms = 60000,
     .severity = SEVERITY_CRITICAL},
    {.name = SLICE("voice-60"),
     .metric = METRIC_SERVICE_LEVEL,
     .within_ms = 60000,
     .variant = VARIANT_REMOVED_WITHIN,
     .when = {.channels = 1u << CHANNEL_VOICE},
     .per = SCOPE_BIT(SCOPE_SITE),
     .window = WINDOW_4H,
     .at_least = true,
     .target = 0.9,
     .clear = 0.9,
     .min_sample = 5,
     .severity = SEVERITY_MAJOR},
    {.name = SLICE("short-waits"),
     .metric = METRIC_ASA_MS,
     .window = WINDOW_15M,
     .target = 9000,
     .clear = 9000,
     .min_sample = 3,
     .severity = SEVERITY_WARNING},
    {.name = SLICE("voice-day"),
     .metric = METRIC_SERVICE_LEVEL,
     .within_ms = 20000,
     .when = {.channels = 1u << CHANNEL_VOICE},
     .per = SCOPE_BIT(SCOPE_SITE),
     .window = WINDOW_COUNT + PERIOD_DAY,
     .at_least = true,
     .target = 0.6,
     .clear = 0.65,
     .min_sample = 2,
     .hold_ms = 10 * MINUTE_MS,
     .at_risk = true,
     .expected_per_ms = HOUR_MS,
     .expected_volume = 4,
     .severity = SEVERITY_MAJOR},
    {.name = SLICE("week-waits"),
     .metric = METRIC_ASA_MS,
     .window = WINDOW_COUNT + PERIOD_WEEK,
     .target = 11000,
     .clear = 11000,
     .min_sample = 3,
     .severity = SEVERITY_WARNING},
};
#define FIXTURE_OBJECTIVES (sizeof(fixture_objectives) / sizeof(fixture_objectives[0]))
static struct clock_rule fixture_clocks[] = {
    {.name = SLICE("answer"),
     .escalation = &fixture_escalation,
     .kind = CLOCK_SPEED_OF_ANSWER,
     .target_ms = 20000,
     .severity = SEVERITY_MAJOR},
};
static struct demand_rule fixture_demands[] = {
    {.name = SLICE("queue-demand"),
     .per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL),
     .windows_ms = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS},
     .window_count = 3,
     .false_alarms_per_day = 1,
     .expected_per_ms = 15 * MINUTE_MS,
     .expected_volume = 4,
     .min_excess = 10,
     .severity = SEVERITY_WARNING},
};

static inline struct contract_set fixture_contracts(struct contract *acme) {
    contract_init_default(acme);
    acme->name = SLICE("acme-support");
    acme->tenant = SLICE("acme");
    acme->version = 3;
    acme->is_default = false;
    acme->items_per_minute = 2;
    acme->pages_per_hour = 5;
    acme->roll_up_children = 2;
    acme->zone = (struct zone){SLICE("Test/Zone"), fixture_changes, 2};
    acme->objectives = fixture_objectives;
    acme->objective_count = FIXTURE_OBJECTIVES;
    acme->clocks = fixture_clocks;
    acme->clock_count = 1;
    acme->demands = fixture_demands;
    acme->demand_count = 1;
    struct contract_set set = {.contracts = acme, .count = 1};
    contract_init_default(&set.fallback);
    return set;
}

/* One counted thing, as the recount knows it. */
struct fact_row {
    uint32_t leaf;
    int64_t pane_at;
    uint8_t kind; /* 0 counter, 1 level, 2 sample */
    uint8_t which, attribution;
    uint16_t bucket;
    int64_t threshold_ms, value;
};

struct ledger {
    struct fact_row rows[FIXTURE_ROWS];
    size_t count;
};

/* A report of at most 64 rows with one thing each. */
struct fixture_report {
    struct report report;
    struct report_row rows[64];
    struct report_count counts[64];
    struct report_level levels[64];
    struct report_sample samples[64];
    struct report_clock clocks[4];
    struct gauge gauges[4];
    int32_t gauge_partitions[4];
    struct report_feed feeds[2];
    struct fact facts[4];
    struct journey_row journeys[4];
    struct effort_row efforts[4];
    struct miss misses[64];
    struct command commands[4];
    char command_ids[4][24];
    struct forecast forecasts[8];
    struct report_leaf leaves[FIXTURE_LEAVES];
};

static inline void fixture_report_init(struct fixture_report *r) {
    memset(r, 0, sizeof(*r));
    memcpy(r->leaves, fixture_leaves, sizeof(fixture_leaves));
    r->report = (struct report){.instance = SLICE("test"),
                                .clocks = r->clocks,
                                .leaves = r->leaves,
                                .leaf_count = FIXTURE_LEAVES,
                                .rows = r->rows,
                                .counts = r->counts,
                                .levels = r->levels,
                                .samples = r->samples,
                                .gauges = r->gauges,
                                .gauge_partitions = r->gauge_partitions,
                                .feeds = r->feeds,
                                .facts = r->facts,
                                .journeys = r->journeys,
                                .efforts = r->efforts,
                                .misses = r->misses,
                                .commands = r->commands,
                                .forecasts = r->forecasts};
}

static inline struct report_feed fixture_feed(int64_t heard_at, int64_t lead_ms) {
    return (struct report_feed){.tenant = SLICE("acme"),
                                .site = SLICE("north"),
                                .heard_at = heard_at,
                                .lead_ms = lead_ms,
                                .records = 1};
}

/* Records that were found to be impossible, or that name no site. */
static inline struct report_feed fixture_refused(int64_t at) {
    struct report_feed feed = fixture_feed(at, 0);
    feed.mute = true;
    feed.records = at / 5 % 2;
    if (feed.records > 0)
        feed.site = (struct slice){NULL, 0};
    feed.refused[feed.records > 0 ? DEAD_INVALID : DEAD_IMPOSSIBLE_MOVE] = 1;
    return feed;
}

static inline void fixture_add(struct fixture_report *r, const struct fact_row *f) {
    struct report *p = &r->report;
    assert_true(p->row_count < 64);
    struct report_row *row = &r->rows[p->row_count++];
    *row = (struct report_row){.leaf = f->leaf,
                               .pane_at = f->pane_at,
                               .first_count = (uint32_t)p->count_count,
                               .first_level = (uint32_t)p->level_count,
                               .first_sample = (uint32_t)p->sample_count};
    if (f->kind == 0) {
        r->counts[p->count_count++] = (struct report_count){f->which, f->value};
        row->count_count = 1;
    } else if (f->kind == 1) {
        r->levels[p->level_count++] = (struct report_level){f->attribution, f->which,
                                                            f->threshold_ms, f->value};
        row->level_count = 1;
    } else {
        r->samples[p->sample_count++] = (struct report_sample){f->which, f->bucket, f->value};
        row->sample_count = 1;
    }
}

static inline void fixture_fact(struct fixture_report *r, const char *interaction,
                                enum fact_kind kind, int64_t at) {
    r->facts[r->report.fact_count++] = (struct fact){.leaf = 0,
                                                     .interaction_id = slice_of(interaction),
                                                     .rule = SLICE("answer"),
                                                     .contract = SLICE("acme-support"),
                                                     .contract_version = 3,
                                                     .clock = CLOCK_SPEED_OF_ANSWER,
                                                     .instance = 1,
                                                     .kind = kind,
                                                     .voided_kind = FACT_BREACHED,
                                                     .at = at,
                                                     .opened_at = at - 60000,
                                                     .deadline_at = at,
                                                     .target_ms = 60000,
                                                     .elapsed_ms = 60000};
}

/* About the episode of an interaction that fixture_fact tells of, or of an objective in a scope. */
static inline void fixture_command(struct fixture_report *r, enum command_op op, const char *key,
                                   uint64_t id, int64_t at, int64_t until_at) {
    size_t n = r->report.command_count++;
    snprintf(r->command_ids[n], sizeof(r->command_ids[n]), "c%llu", (unsigned long long)id);
    r->commands[n] = (struct command){.tenant = SLICE("acme"),
                                      .command_id = slice_of(r->command_ids[n]),
                                      .alert_key = slice_of(key),
                                      .actor_role = SLICE("manager"),
                                      .op = (uint8_t)op,
                                      .until_at = until_at,
                                      .issued_at = at,
                                      .log_at = at};
}

static inline void fixture_clock(struct fixture_report *r, int32_t partition, int32_t partitions,
                                 int64_t clock, bool ended) {
    r->clocks[r->report.clock_count++] = (struct report_clock){
        SLICE("interactions"), partition, partitions, clock, ended, false};
}

/* Effects: alerts as text, one line each. */
struct collected {
    struct buf line, alerts, audits;
    uint64_t kpi_digest;
    size_t kpi_count, alert_count;
    void (*on_kpi)(void *context, const struct kpi *kpi);
    void *context;
};

/* Millions of figures: what they say goes into one number. */
static inline void collect_kpi(void *context, const struct kpi *k) {
    struct collected *c = context;
    struct buf *b = &c->line;
    c->kpi_count++;
    buf_reset(b);
    buf_put_slice(b, k->tenant);
    scope_format(k->scope, b);
    buf_put_slice(b, k->window);
    buf_put_slice(b, k->metric);
    buf_put_slice(b, k->formula);
    const int64_t numbers[] = {k->window_start_at, k->window_end_at, k->numerator, k->denominator,
                               k->sample,          (int64_t)k->unit, k->revision,  k->final};
    buf_put(b, numbers, sizeof(numbers));
    buf_put_double(b, k->value);
    buf_put_double(b, k->completeness);
    c->kpi_digest = slice_hash(buf_slice(b), c->kpi_digest);
    if (c->on_kpi)
        c->on_kpi(c->context, k);
}

static inline void collect_alert(void *context, const struct alert *a) {
    struct collected *c = context;
    c->alert_count++;
    buf_put_format(&c->alerts, SLICE_FMT " " SLICE_FMT " %d %s %s %lld %s %d <" SLICE_FMT ">\n",
                   SLICE_ARG(a->alert_id), SLICE_ARG(a->alert_key), a->seq,
                   transition_name(a->transition), alert_kind_name(a->kind),
                   (long long)a->condition_at, severity_name(a->severity), a->more,
                   SLICE_ARG(a->suppressed_by));
}

static inline void collect_audit(void *context, const struct audit *a) {
    struct collected *c = context;
    buf_put_format(&c->audits,
                   SLICE_FMT " %lld " SLICE_FMT ">" SLICE_FMT " %lld " SLICE_FMT " " SLICE_FMT
                             " " SLICE_FMT " %d: " SLICE_FMT "\n",
                   SLICE_ARG(a->tenant), (long long)a->seq, SLICE_ARG(a->prev_hash),
                   SLICE_ARG(a->hash), (long long)a->at, SLICE_ARG(a->actor), SLICE_ARG(a->action),
                   SLICE_ARG(a->object), a->contract_version, SLICE_ARG(a->detail));
}

static inline void collect_fact(void *context, const struct fact *fact) {
    (void)context;
    (void)fact;
}

static inline void collect_dead_letter(void *context, const struct dead_letter *letter) {
    (void)context;
    (void)letter;
}

static inline struct outbox collected_outbox(struct collected *c) {
    return (struct outbox){.context = c,
                           .fact = collect_fact,
                           .dead_letter = collect_dead_letter,
                           .alert = collect_alert,
                           .kpi = collect_kpi,
                           .audit = collect_audit};
}

static inline void collected_init(struct collected *c) {
    *c = (struct collected){0};
    buf_init(&c->line);
    buf_init(&c->alerts);
    buf_init(&c->audits);
}

static inline void collected_deinit(struct collected *c) {
    buf_deinit(&c->line);
    buf_deinit(&c->alerts);
    buf_deinit(&c->audits);
}

static inline bool in_scope(const struct fact_row *f, struct slice tenant,
                            const struct scope *scope) {
    const struct report_leaf *n = &fixture_leaves[f->leaf];
    struct leaf leaf = {.vendor = n->vendor,
                        .site = n->site,
                        .queue = n->queue,
                        .channel = n->channel,
                        .priority = n->priority};
    struct scope own = scope_of_leaf(&leaf, scope->mask);
    return slice_equal(n->tenant, tenant) && scope_equal(&own, scope);
}

/* Sum of one counter (or level) over [from, to). */
static inline int64_t recount(const struct ledger *l, struct slice tenant,
                              const struct scope *scope, int64_t from_at, int64_t to_at,
                              uint8_t kind, uint8_t which, uint8_t attribution,
                              int64_t threshold_ms) {
    int64_t sum = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct fact_row *f = &l->rows[i];
        if (f->kind == kind && f->which == which && f->pane_at >= from_at && f->pane_at < to_at &&
            (kind != 1 || (f->attribution == attribution && f->threshold_ms == threshold_ms)) &&
            in_scope(f, tenant, scope))
            sum += f->value;
    }
    return sum;
}
