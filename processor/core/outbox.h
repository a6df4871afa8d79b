/* Where tasks put their effects. The caller owns it and decides what becomes of them: sent with
 * the epoch's transaction, thrown away in a replay, or collected by a test. */
#pragma once

#include "core/alert.h"
#include "core/dead_letter.h"
#include "core/delta.h"
#include "core/fact.h"
#include "core/kpi.h"

/* The slices in what is handed over are views: copy or encode at once. No member may be NULL. */
struct outbox {
    void *context;
    struct delta_table *deltas; /* source tasks add here */
    void (*fact)(void *context, const struct fact *fact);
    void (*dead_letter)(void *context, const struct dead_letter *letter);
    void (*alert)(void *context, const struct alert *alert);
    void (*kpi)(void *context, const struct kpi *kpi);
};
