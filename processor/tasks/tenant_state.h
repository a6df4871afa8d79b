/* The tenants of one tenant-log partition and what is known of each: leaves, scopes, rules, feeds,
 * episodes; all in an order that does not depend on history. */
#pragma once

#include "base/table.h"
#include "core/episode.h"
#include "core/judge_feed.h"
#include "core/judge_quality.h"
#include "core/judge_skew.h"
#include "tasks/tenant_closing.h"
#include "tasks/tenant_efforts.h"
#include "tasks/tenant_forecasts.h"
#include "tasks/tenant_journeys.h"
#include "tasks/tenant_leaf.h"
#include "tasks/tenant_rules.h"
#include "tasks/tenant_sources.h"
#include "tasks/tenant_task.h"

struct tenant_feed {
    struct slice site; /* owned; empty: records that name none */
    struct feed_state state;
    struct skew_state skew;
    struct quality_state quality;
};

#define TENANT_AUDIT_HASH 32 /* hexadecimal digits */
#define TENANT_REFUSED_SITES_MAX 10000

enum tenant_notice { NOTICE_NONE, NOTICE_DUE, NOTICE_TOLD };

/* What the zone says about the step that is made, and about the pane looked at last. */
struct tenant_aligned {
    int64_t step_at, closed_at[TENANT_CLOSING_COUNT]; /* when each closed last */
    int64_t pane_at, end_at[TENANT_CLOSING_COUNT];    /* of those that contain the pane */
};

struct tenant {
    struct slice name;               /* owned */
    int64_t due_at;                  /* no step before this does anything; no part of the state */
    int64_t feeds_due_at;            /* the same of its feeds */
    const struct contract *contract; /* in force at the newest step */
    int64_t until_at;                /* when another takes over; INSTANT_MAX: none does */
    struct buf ahead;                /* rows of panes from there on: tenant_ahead.h */
    int64_t audit_seq;               /* records written: tenant_audit.h */
    char audit_hash[TENANT_AUDIT_HASH + 1];
    struct tenant_array scopes;    /* struct tenant_scope, by scope_compare */
    struct tenant_array rules;     /* struct tenant_rule, by objective, then scope */
    struct tenant_array demands;   /* struct tenant_demand, by rule, then scope */
    struct tenant_array feeds;     /* struct tenant_feed, by site */
    struct tenant_array forecasts; /* struct tenant_forecast, by queue, site, vendor, channel */
    struct episode_book *book;
    uint8_t config_notice, scopes_notice; /* enum tenant_notice */
    bool late;                            /* some scope is */
    uint32_t masks[CONTRACT_VIEWS_MAX];
    size_t mask_count;
    struct tenant_aligned aligned; /* no part of the state */
};

/* A command whose time has not come. */
struct tenant_waits {
    int64_t at;
    struct slice bytes; /* owned */
};

struct tenant_waiting {
    struct tenant_waits *first; /* by instant, then as they came */
    size_t count;
};

struct tenant_task {
    struct tenant_task_options options;
    struct tenant_task_counts counts;
    struct tenant_sources sources;
    int64_t clock;               /* running maximum; INSTANT_NONE */
    int64_t step_at;             /* the newest step judged; INSTANT_NONE before the first clock */
    int64_t effective_at;        /* the step at which some contract takes over */
    int64_t first_at;            /* before the first clock: the earliest pane; INSTANT_MAX */
    struct tenant_array tenants; /* by name */
    struct tenant_array leaves;  /* struct tenant_leaf; handles of the index */
    struct table leaf_index;
    size_t reasoned_leaves; /* of leaves: with a reason */
    struct tenant_journeys journeys;
    struct tenant_efforts efforts;
    struct delta_table *met; /* counted by those two, by number of leaf; empty between reports */
    struct tenant_waiting waiting;
    size_t scope_count;
    size_t forecast_count, forecast_limit; /* versions, over all tenants */
    size_t forecast_series_count, forecast_series_limit;
    int64_t newest_pane_at; /* that was heard of; INSTANT_NONE */
    bool late;              /* some rule has panes to look at again */
    bool ages_changed;      /* since the ages were shown */
    bool turned;            /* a contract took over since all was shown */
    size_t show_from;       /* how many scopes to pass over: the view was full there */
    int64_t log_at;         /* of the record that is being applied */

    /* Working memory, and what follows from the tables of metrics. */
    struct cell_scratch scratch;
    struct buf packed;                  /* of the row that is being added */
    struct tenant_leaf **report_leaves; /* of the report that is being applied, or NULL */
    size_t report_leaf_capacity;
    struct cell_sums sums;                /* of any shape */
    uint64_t key_metrics[CELL_DENSE_MAX]; /* which metrics a counter is in */
    uint64_t bin_metrics[HISTOGRAM_COUNT];
    struct outbox *out; /* of the call that is under way */
};

struct tenant *tenant_state_tenant(struct tenant_task *t, struct slice name);
/* Steps from `at` on may do something; INSTANT_NONE: each may. */
static inline void tenant_state_due(struct tenant *tenant, int64_t at) {
    if (at < tenant->due_at)
        tenant->due_at = at;
}

struct tenant *tenant_state_find(struct tenant_task *t, struct slice name); /* or NULL */

/* The leaf of these names, with its scopes and rules, made when missing. */
struct tenant_leaf *tenant_state_leaf(struct tenant_task *t, const struct report_leaf *names);
/* Its names, copied into one block. */
struct leaf tenant_state_copy_leaf(const struct report_leaf *names);
bool tenant_state_has_feed(const struct tenant *tenant, struct slice site);
struct tenant_feed *tenant_state_feed(struct tenant *tenant, struct slice site);
void tenant_state_age(struct tenant_task *t, struct tenant_leaf *leaf, int32_t partition,
                      int64_t oldest_waiting_at, int64_t oldest_open_at);

/* True when a leaf of this scope is to be counted in it. */
bool tenant_state_is_viewed(const struct tenant *tenant, const struct scope *scope);

/* The contract changed: what the leaf's rows are added to is looked up anew; or forgotten, and the
 * leaf has no contract then. */
void tenant_state_retarget(struct tenant_task *t, struct tenant_leaf *leaf);
void tenant_state_untarget(struct tenant_leaf *leaf);
/* Of a leaf that stands for a forecast: scopes that fix no more than `mask`, and objectives of
 * forecasts there. */
void tenant_state_target_forecast(struct tenant_task *t, struct tenant_leaf *leaf, uint32_t mask);

/* What the contract that is in force at `at` asks for; the arrays of what was asked for before are
 * empty. */
void tenant_state_set_contract(struct tenant_task *t, struct tenant *tenant, int64_t at);

/* The newest step, or where the first will be as far as is known. */
int64_t tenant_state_seen_at(const struct tenant_task *t);

/* For loading: what is looked up, made when missing; NULL when refused. */
struct tenant_scope *tenant_state_scope(struct tenant_task *t, struct tenant *tenant,
                                        const struct scope *scope);
struct tenant_rule *tenant_state_rule(struct tenant_task *t, struct tenant *tenant,
                                      const struct objective *objective, struct tenant_scope *view);
struct tenant_demand *tenant_state_demand(struct tenant_task *t, struct tenant *tenant,
                                          const struct demand_rule *rule,
                                          struct tenant_scope *view);
/* The tenant's scopes, rules and demands, with their arrays. */
void tenant_state_free_counts(struct tenant *tenant);
void tenant_state_free(struct tenant_task *t);

/* How the judges are told of this tenant; `out` counts what passes through it. */
struct judge_context tenant_state_context(struct tenant_task *t, struct tenant *tenant,
                                          struct outbox *out);
