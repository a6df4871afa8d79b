/* KpiSnapshots: at the close of every aligned window, again when late counts changed one, and for
 * the last time when `lateness` has passed; each minute the objectives' own figures. */
#pragma once

#include "tasks/tenant_state.h"

/* Metrics as bits of 1 << enum metric: those that counts are part of, and the gauges among them. */
struct tenant_touched {
    uint64_t metrics, gauges;
};

struct tenant_touched tenant_kpi_touched(const struct tenant_task *t,
                                         const struct pane_entry *entries, size_t count);

/* Counts came for a pane of windows that may have closed. */
void tenant_kpi_late(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                     int64_t pane_at, const struct tenant_touched *touched);

/* What is due at this step, a multiple of a minute. */
void tenant_kpi_minute(struct tenant_task *t, struct tenant *tenant, int64_t step_at);

/* Fills in which metrics each counter is part of. */
void tenant_kpi_init(struct tenant_task *t);
