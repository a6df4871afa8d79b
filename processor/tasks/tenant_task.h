/* Everything known about the tenants of one tenant-log partition: windows, judgements, episodes.
 * A deterministic state machine (DESIGN 2) over the reports of the tenant log. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/contract.h"
#include "core/outbox.h"
#include "core/report.h"
#include "core/view.h"

struct tenant_task_options {
    int32_t partition;
    bool live;        /* clock: live: silent sources are left out after max_source_lag */
    bool until_end;   /* partitions without a record yet hold the clock back */
    bool publish_all; /* publish: all */
    bool judge_only;  /* nothing is published or shown: views are not counted */
    bool unexplained; /* alerts need not say what drives them, nor in words. Never saved */
    int64_t lateness_ms;
    int64_t max_source_lag_ms;
    int64_t max_alert_age_ms;
    uint32_t scope_limit;                 /* scopes kept at most, over all tenants of the task */
    const struct contract_set *contracts; /* outlives the task */
};

/* X(name, meaning) */
#define TENANT_TASK_COUNTS(X)                                                                      \
    X(reports, "tenant-log records applied")                                                       \
    X(steps, "steps judged")                                                                       \
    X(late_rows, "delta rows older than their panes: counted nowhere")                             \
    X(journeys_lost, "journeys forgotten before their time: too many at once")                     \
    X(journeys_refused, "interactions that count in no journey: too many of them open")            \
    X(efforts_lost, "agents' legs forgotten before their time: too many at once")                  \
    X(efforts_refused, "agents' legs left out of effort: too many of them open")                   \
    X(refused_scopes, "scopes not kept because scope_limit was reached")                           \
    X(refused_senders, "sums of refused records not kept: no contract, or too many sites") \
    X(alerts, "alert transitions emitted")                                                         \
    X(commands, "commands about alerts that came")                                                 \
    X(commands_refused, "commands refused: the audit trail says why")                              \
    X(commands_stale, "of those: the sender had not seen what another one did")                    \
    X(commands_repeated, "commands that came again")                                               \
    X(commands_early, "commands applied ahead of their time: too many were waiting for it")        \
    X(forecasts, "intervals of forecasts that came")                                               \
    X(forecasts_past, "of those: their figures were final already")                                \
    X(forecasts_refused, "of those: there was no room for them")                                   \
    X(feedback_true, "alerts that people found right")                                             \
    X(feedback_false, "alerts that people found to be false alarms")                               \
    X(kpis, "figures published")

#define TENANT_TASK_COUNT_FIELD(name, meaning) uint64_t name;
struct tenant_task_counts {
    TENANT_TASK_COUNTS(TENANT_TASK_COUNT_FIELD)
};

struct episode_book_counts; /* core/episode.h */
struct tenant_task;         /* opaque */

struct tenant_task *tenant_task_new(const struct tenant_task_options *options);
void tenant_task_free(struct tenant_task *t);

/* One record of the tenant log, written at log_at: sums, ages and facts first, then the clocks;
 * steps up to the new clock are judged one by one, and commands applied between them. */
void tenant_task_apply(struct tenant_task *t, const struct report *report, int64_t log_at,
                       struct outbox *out);

/* Clocks that came one by one, each in a record of its own at its very instant, with nothing else.
 * Time need not pass to where nothing is due; at the last of them it has. */
void tenant_task_pass(struct tenant_task *t, const struct report_clock *clocks, size_t count,
                      struct outbox *out);

/* Steps that were judged and not told yet (outbox.judged) are told: those of one figure are told
 * together, when another follows. For whoever looks back, at the end. */
void tenant_task_tell_judged(struct tenant_task *t, struct outbox *out);

/* Records of its log were lost before they were read: what was counted since its clock stood where
 * it does is incomplete, and every tenant is told (DATA_GAP) until no window holds a part of it. */
void tenant_task_lose(struct tenant_task *t);

/* Of one tenant's versions that is in force which the newest step says: another takes over after
 * the step of its own instant, as in a change. */

/* Other contracts are in force from now on. What both count alike goes on, with its history and its
 * open episodes; what is judged no more, or not as it was, is VOIDED with that reason; what is new
 * begins with what the panes still hold. */
void tenant_task_change_contracts(struct tenant_task *t, const struct contract_set *contracts,
                                  struct outbox *out);

/* Until the clock is there time passes without any effect, unless something else comes;
 * INSTANT_NONE: it never does. */
int64_t tenant_task_due(const struct tenant_task *t);

/* Minimum over the sources that count; INSTANT_NONE before all have spoken. */
int64_t tenant_task_clock(const struct tenant_task *t);
bool tenant_task_ended(const struct tenant_task *t); /* every source has ended */
size_t tenant_task_scopes(const struct tenant_task *t);
size_t tenant_task_open_alerts(const struct tenant_task *t);
const struct tenant_task_counts *tenant_task_counts(const struct tenant_task *t);

/* Adds what the books of all its tenants have counted. */
void tenant_task_add_episodes(const struct tenant_task *t, struct episode_book_counts *sum);

/* True when more alerts ended since the last call of tenant_task_show than are remembered, or when
 * another contract took over: then all must be shown, so that what is no longer true goes from the
 * view. */
bool tenant_task_lost_track(const struct tenant_task *t);

/* Shows what changed since the last call (everything with `all`) and forgets that it changed. False
 * when the view was full: the scopes that are left come first in the next call, with all of theirs
 * if that was asked for. */
bool tenant_task_show(struct tenant_task *t, bool all, struct view *view);

/* The whole state as canonical bytes, appended. */
void tenant_task_save(const struct tenant_task *t, struct buf *b);
MUST_USE bool tenant_task_load(struct tenant_task *t, struct slice bytes, struct err *err);
