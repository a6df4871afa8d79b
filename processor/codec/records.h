/* The records that we write, as Avro: Alert, KpiSnapshot, DeadLetter, AuditRecord,
 * AlertCommand, Tick. */
#pragma once

#include "codec/frame.h"
#include "core/audit.h"
#include "core/command.h"
#include "core/dead_letter.h"
#include "core/kpi.h"

/* Each appends one whole record: the frame's header, then the body by our schema. */
void records_put_alert(const struct frame *frame, const struct alert *alert, int64_t emitted_at,
                       struct buf *out);
void records_put_kpi(const struct frame *frame, const struct kpi *kpi, struct buf *out);
void records_put_dead_letter(const struct frame *frame, const struct dead_letter *letter,
                             struct buf *out);
void records_put_audit(const struct frame *frame, const struct audit *audit, struct buf *out);
/* By whoever says it; issued_at is there. */
void records_put_command(const struct frame *frame, const struct command *command, struct buf *out);
void records_put_tick(const struct frame *frame, int64_t at, struct slice instance,
                      struct buf *out);
