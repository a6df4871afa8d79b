/* Asks sentinels again and again where the master is: the old one may live on for many seconds
 * after a failover, take writes and lose them. */
#pragma once

#include <uv.h>

#include "io/redis_url.h"

/* The sentinels name another master than they did. Not called again before the next watch. */
typedef void redis_sentinel_fn(void *context);

struct redis_sentinel; /* opaque */

/* `addresses` outlive it. It does nothing until it watches. */
struct redis_sentinel *redis_sentinel_new(const struct redis_address *addresses, size_t count,
                                          uv_loop_t *loop, redis_sentinel_fn *moved, void *context);
void redis_sentinel_free(struct redis_sentinel *s);

/* From now on `master` is where they say that it is. */
void redis_sentinel_watch(struct redis_sentinel *s, const struct redis_address *master);
void redis_sentinel_rest(struct redis_sentinel *s);
