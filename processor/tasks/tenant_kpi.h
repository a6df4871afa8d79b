/* KpiSnapshots: at the close of every aligned window, again when late counts changed one, and for
 * the last time when `lateness` has passed; each minute the objectives' own figures. */
#pragma once

#include "tasks/tenant_state.h"

/* Counts came for a pane of windows that have closed. */
void tenant_kpi_late(struct tenant_task *t, struct tenant *tenant, struct tenant_scope *s,
                     int64_t pane_at, const struct pane_entry *entries, size_t count);

/* What is due at this step, a multiple of a minute. */
void tenant_kpi_minute(struct tenant_task *t, struct tenant *tenant, int64_t step_at);

/* Fills in which metrics each counter is part of. */
void tenant_kpi_init(struct tenant_task *t);
