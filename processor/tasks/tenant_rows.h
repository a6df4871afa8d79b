/* Rows of reports: what each adds to the scopes, rules and demands of its leaf. */
#pragma once

#include "tasks/tenant_state.h"

/* Counts the row, or holds it until the contract of its pane is in force. */
void tenant_rows_add(struct tenant_task *t, struct tenant_leaf *leaf, const struct report *report,
                     const struct report_row *row);
