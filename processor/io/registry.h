/* The schema registry with the Confluent API: schemas by id for the engine, ids for our schemas. */
#pragma once

#include <uv.h>

#include "base/err.h"
#include "engine/ports.h"

/* Registers a schema under its full name and tells its id. Blocks for a few seconds at most; call
 * it before the loop turns. `retriable` tells whether the registry may answer later. */
MUST_USE bool registry_register(const char *url, const char *subject, const char *schema_json,
                                int32_t *schema_id, bool *retriable, struct err *err);

/* One request: does it answer? Blocks like registry_register. */
MUST_USE bool registry_try(const char *url, struct err *err);

struct registry_events {
    void *context;
    void (*found)(void *context, int32_t schema_id, struct slice json);
    void (*missing)(void *context, int32_t schema_id);
    void (*later)(void *context, int32_t schema_id); /* no answer; after a pause, ask again */
};

struct registry; /* opaque */

/* `url` is copied. At most REGISTRY_FETCHES_MAX requests are under way; more wait for `later`. */
#define REGISTRY_FETCHES_MAX 16
struct registry *registry_new(const char *url, uv_loop_t *loop,
                              const struct registry_events *events);
void registry_free(struct registry *r);
struct schema_port registry_port(struct registry *r);
