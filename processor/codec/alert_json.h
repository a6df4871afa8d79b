/* An Alert as plain JSON: the field names of the record, enums as their symbols. */
#pragma once

#include "base/buf.h"
#include "codec/alert_fields.h"

/* One object on one line, appended. An emitted_at of INSTANT_NONE is null. */
void alert_json_put(const struct alert_record *record, struct buf *out);
