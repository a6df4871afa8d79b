/* Reads Alert records of any version that carries our names, for people: low rate, by Avro C. */
#pragma once

#include "base/err.h"
#include "codec/alert_fields.h"

struct alert_reader; /* opaque: for one writer's schema */

/* NULL with a reason when the text is no schema of an Alert. */
struct alert_reader *alert_reader_new(struct slice schema_json, struct err *err);
void alert_reader_free(struct alert_reader *r);

/* One body, without its frame. Slices in `record` are valid until the next call. Fields that the
 * writer has not are empty, 0, null or UNKNOWN. */
MUST_USE bool alert_reader_read(struct alert_reader *r, struct slice body,
                                struct alert_record *record, struct err *err);
