/* The rules of a contract, each once for every combination of what its `per` fixes: with a cell
 * that only the leaves feed which its `when` matches. */
#pragma once

#include "core/judge_demand.h"
#include "core/judge_objective.h"
#include "core/judge_outlook.h"
#include "core/volume.h"
#include "tasks/tenant_examples.h"
#include "tasks/tenant_members.h"
#include "tasks/tenant_scope.h"

struct tenant_rule {
    const struct objective *objective;
    struct tenant_scope *view; /* the scope that it is about */
    size_t field;              /* under which it is published there */
    size_t threshold;          /* in the cell's shape */
    struct cell *cell;         /* one window, the objective's; or the periods */
    struct tenant_members members;
    struct tenant_examples examples;
    int64_t from_at; /* counts of panes before this are not its; 0: all are */
    struct objective_state state;
    struct outlook_state outlook;     /* of a share over a period, like what follows */
    struct volume *volume;            /* owned: what it usually brings; NULL */
    struct figure figure;             /* as last judged */
    uint64_t figured;                 /* the cell's changes when it was made; 0: not here */
    int64_t late_from_at, late_to_at; /* panes to look at again: INSTANT_MAX, INSTANT_NONE */

    /* What is below is no part of the state. */
    int64_t due_at; /* steps before this would find the same figure, and do nothing */
    int64_t run_at; /* the first step with this figure that was not told yet; INSTANT_NONE: none */
    bool changed;   /* since it was shown */
};

struct tenant_demand {
    const struct demand_rule *rule;
    struct tenant_scope *view;
    struct cell *cell; /* no windows: arrivals are counted over its panes */
    struct demand_state state;
};

struct tenant_rule *tenant_rule_new(const struct contract *contract,
                                    const struct objective *objective, struct tenant_scope *view,
                                    struct cell_scratch *scratch);
void tenant_rule_free(struct tenant_rule *r);

/* Rows were counted in the pane that starts at pane_at, or all of it may be another (INSTANT_NONE):
 * brings due_at forward, and returns it. */
int64_t tenant_rule_hear(struct tenant_rule *r, int64_t pane_at);

/* Tells what was judged up to last_at and not told yet: the steps of one figure are told together,
 * when another follows. */
void tenant_rule_tell(struct tenant_rule *r, const struct judge_context *ctx, int64_t last_at);

/* The figure of the window that ends at step_at, and what the judge makes of it. A step before
 * due_at need not be made. */
void tenant_rule_step(struct tenant_rule *r, const struct judge_context *ctx, int64_t step_at);

/* The step up to which the figure goes that was judged last. */
int64_t tenant_rule_edge(const struct tenant_rule *r);

/* The first row: days from here on, or from pane_at, tell what it usually brings. */
void tenant_rule_begin(struct tenant_rule *r, const struct contract *contract, int64_t step_at,
                       int64_t pane_at);

/* An interaction missed what some objective measures: this one keeps it where it is its. */
void tenant_rule_miss(struct tenant_rule *r, const struct contract *contract, int64_t step_at,
                      const struct miss *miss);

/* A row fell into a pane of steps that were judged already. */
void tenant_rule_late(struct tenant_rule *r, int64_t pane_at);

/* After the rows of a report: an episode that would not have opened is voided. */
void tenant_rule_revise(struct tenant_rule *r, const struct judge_context *ctx, int64_t judged_at);

struct tenant_demand *tenant_demand_new(const struct demand_rule *rule, struct tenant_scope *view,
                                        int64_t first_at, struct cell_scratch *scratch);
void tenant_demand_free(struct tenant_demand *d);
void tenant_demand_step(struct tenant_demand *d, const struct judge_context *ctx,
                        const struct demand_plan *plan, size_t scopes, bool heard, int64_t step_at);
