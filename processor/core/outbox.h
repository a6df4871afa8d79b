/* Where tasks put their effects. The caller owns it and decides what becomes of them: sent with
 * the epoch's transaction, thrown away in a replay, or collected by a test. */
#pragma once

#include "core/alert.h"
#include "core/audit.h"
#include "core/command.h"
#include "core/dead_letter.h"
#include "core/delta.h"
#include "core/effort.h"
#include "core/fact.h"
#include "core/forecast.h"
#include "core/journey.h"
#include "core/kpi.h"
#include "core/metric.h"
#include "core/miss.h"

struct objective;
struct report;

/* Steps of one objective in one scope, as they were judged; for those who look back on a contract.
 * One step, or several in a row with one figure, of which none did anything. The objective lives as
 * long as the task does, and no scope takes another's memory while it is judged. */
struct judged_steps {
    struct slice tenant;
    const struct objective *objective;
    const struct scope *scope;
    const struct figure *figure;
    int64_t first_at, last_at;
    uint64_t count;
};

/* The slices in what is handed over are views: copy or encode at once. No member may be NULL but
 * `judged` and `counted`, which nobody needs who lives in the present, `audit`, `journey`,
 * `effort`, `miss` and, where nothing is relayed, `command` and `forecast`. */
struct outbox {
    void *context;
    struct delta_table *deltas; /* source tasks add here */
    void (*fact)(void *context, const struct fact *fact);
    void (*dead_letter)(void *context, const struct dead_letter *letter);
    void (*alert)(void *context, const struct alert *alert);
    void (*kpi)(void *context, const struct kpi *kpi);
    void (*audit)(void *context, const struct audit *audit);
    void (*command)(void *context, const struct command *command);
    void (*forecast)(void *context, const struct forecast *forecast);
    void (*judged)(void *context, const struct judged_steps *steps); /* NULL: nobody asks */
    void (*journey)(void *context, const struct journey_row *row);
    void (*effort)(void *context, const struct effort_row *row);
    void (*miss)(void *context, const struct miss *miss);
    /* What a tenant task has counted besides what it was told: rows, with their leaves. */
    void (*counted)(void *context, const struct report *report);
};
