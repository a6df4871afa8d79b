/* Readers of Alert records, by what stands before their bodies: schemas from the registry or from
 * a folder, fetched when they are first met. Blocks. */
#pragma once

#include "base/err.h"
#include "codec/alert_reader.h"
#include "codec/frame.h"

struct tail_schemas; /* opaque */

/* `source` is the setting schema_registry: a URL, or file:DIR. It outlives the object. */
struct tail_schemas *tail_schemas_new(const char *source);
void tail_schemas_free(struct tail_schemas *t);

/* The reader for such a frame; NULL with a reason when its schema cannot be had or is no Alert. */
struct alert_reader *tail_schemas_find(struct tail_schemas *t, const struct frame *frame,
                                       struct err *err);
