/* view_port over hiredis: the KPI view, pipelined, guarded, never waited for. */
#pragma once

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/ports.h"

struct redis_view; /* opaque */

#define REDIS_VIEW_ANSWER_MS 5000

/* `writer_log` (copied) is the id of the tenant log's topic: with the offset it guards each key. A
 * server that answers nothing for `answer_ms` while it owes answers is given up, and tried again.
 * NULL with a reason when the addresses are malformed. A Redis that is down is no reason: it is
 * tried again, one address after the other, and said so. */
struct redis_view *redis_view_new(const char *urls, const char *writer_log, uint64_t answer_ms,
                                  uv_loop_t *loop, struct note_port note, struct err *err);
void redis_view_free(struct redis_view *v);

struct view_port redis_view_port(struct redis_view *v);

/* Gauges and counters of the connection, Prometheus text appended. */
void redis_view_write_metrics(const struct redis_view *v, struct buf *text);
