/* The files of an export: one for each writer's schema that is met. */
#pragma once

#include "base/err.h"
#include "cli/schema_source.h"
#include "codec/container_codec.h"

#define EXPORT_FILES_MAX 64

struct export_files; /* opaque */

/* The first schema's records go to `path`, those of a further one beside it: calls.avro,
 * calls-2.avro, ... Both texts outlive the object. */
struct export_files *export_files_new(const char *path, const char *schema_registry,
                                      enum container_codec codec);

enum export_result {
    EXPORT_DONE,   /* written, or a tick: passed over */
    EXPORT_NONE,   /* no record whose schema can be had: `err` says why */
    EXPORT_FAILED, /* nothing more can be written: `err` says why */
};

/* One record as it stands in the topic. */
enum export_result export_files_add(struct export_files *x, struct slice value, int64_t log_at,
                                    struct err *err);

/* Ends the files and tells on stdout what is in each. False when one could not be written. */
MUST_USE bool export_files_finish(struct export_files *x, struct err *err);
void export_files_free(struct export_files *x);
