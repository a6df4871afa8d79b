/* Reads the KPI view with blocking calls: for `floorwalker top`. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

struct redis_reader; /* opaque */

/* The first address that answers; NULL with a reason when none does. */
struct redis_reader *redis_reader_new(const char *urls, struct err *err);
void redis_reader_free(struct redis_reader *r);

/* Whether this user may run our scripts and write keys: asks, and writes nothing. */
MUST_USE bool redis_reader_may_write(struct redis_reader *r, struct err *err);

typedef void redis_field_fn(void *context, struct slice name, struct slice value);

/* Calls `field` for each field of a hash (none when it does not exist), or for each member of a
 * set with an empty value. False with a reason when the connection is gone: free it, make anew. */
MUST_USE bool redis_reader_hash(struct redis_reader *r, const char *key, redis_field_fn *field,
                                void *context, struct err *err);
MUST_USE bool redis_reader_set(struct redis_reader *r, const char *key, redis_field_fn *field,
                               void *context, struct err *err);

/* Each key that matches a glob pattern, as a name with an empty value. */
MUST_USE bool redis_reader_keys(struct redis_reader *r, const char *pattern, redis_field_fn *field,
                                void *context, struct err *err);
