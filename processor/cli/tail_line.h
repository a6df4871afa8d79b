/* One alert transition as one line for a person. */
#pragma once

#include "base/buf.h"
#include "codec/alert_fields.h"

/* "2026-11-22T21:03:12Z  FIRING     CRITICAL  OBJECTIVE_BREACH  8c9d1f00  Service level of ...":
 * when it was true (of an end: when it ended), the first digits of the alert's id, the sentence. A
 * column for the tenant where wanted. Appends, newline included. */
void tail_line_put(const struct alert_record *record, bool with_tenant, bool colour,
                   struct buf *out);
