/* What every judgement is made with, and how its alert begins. The modules judge_* decide; the
 * book of episodes (core/episode.h) holds what is open and hands transitions to the outbox. */
#pragma once

#include "core/contract.h"
#include "core/outbox.h"
#include "core/scope.h"

struct episode_book;
struct episode_name;
struct judge_context;

/* What an alert is shown with; the judge of objectives asks for it when one fires. */
struct judge_evidence {
    void *context;
    /* Of [from_at, to_at): contributors and interactions; slices live as long as the call. */
    void (*fill)(void *context, const struct judge_context *ctx, int64_t from_at, int64_t to_at,
                 struct alert *alert);
};

/* Made by the caller for one tenant, each time its clock or contract changes. All borrowed. */
struct judge_context {
    struct outbox *out;
    struct episode_book *book;
    const struct contract *contract;
    struct slice tenant;
    int64_t clock;  /* the tenant's: `late` compares with it */
    int64_t now_at; /* the step that is judged, else the clock: no timer rings before */
    int64_t max_alert_age_ms;
    bool wordless;                         /* nobody reads sentences: objectives make none */
    double completeness;                   /* 0..1 */
    const struct judge_evidence *evidence; /* NULL: nobody has any */
};

/* A clean alert: every nullable field null, tenant, contract, completeness and the scope's fields
 * filled in. `scope` may be NULL: none is fixed. */
void judge_alert_init(const struct judge_context *ctx, enum alert_kind kind,
                      const struct scope *scope, struct alert *alert);

/* Asks for the evidence of [from_at, to_at), where anybody has it. */
void judge_show(const struct judge_context *ctx, int64_t from_at, int64_t to_at,
                struct alert *alert);

/* True when a condition of this instant is older than max_alert_age. */
bool judge_is_late(const struct judge_context *ctx, int64_t condition_at);

/* A state of affairs that is told once and stands until it is closed: CONFIG, DATA_GAP,
 * DATA_QUALITY. `rule` names the cause; opening what is open has no effect; false when refused. */
bool judge_notice_open(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                       const struct scope *scope, enum severity severity, int64_t at,
                       struct slice summary);
void judge_notice_close(const struct judge_context *ctx, enum alert_kind kind, struct slice rule,
                        const struct scope *scope, int64_t at);

/* The contract changed and what the episode was about is judged no more, or not as it was: ends it
 * with that reason. No effect when none is open. */
void judge_drop(const struct judge_context *ctx, const struct episode_name *name,
                enum transition end, int64_t at);
