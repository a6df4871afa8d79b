/* Writers' schemas as JSON, by what stands before the bodies of their records: from the registry or
 * from a folder, fetched when they are first met. Blocks. */
#pragma once

#include "base/err.h"
#include "codec/frame.h"

struct schema_source; /* opaque */

/* `source` is the setting schema_registry: a URL, or file:DIR. It outlives the object. */
struct schema_source *schema_source_new(const char *source);
void schema_source_free(struct schema_source *s);

enum schema_found {
    SCHEMA_FOUND,
    SCHEMA_UNKNOWN,   /* the source answers, and has no such schema */
    SCHEMA_NO_ANSWER, /* nobody knows */
};

/* The schema of such a frame, valid until the next call; else a reason. */
MUST_USE enum schema_found schema_source_find(struct schema_source *s, const struct frame *frame,
                                              struct slice *json, struct err *err);

/* True when both name one schema in one way. */
bool schema_source_same(const struct frame *a, const struct frame *b);
