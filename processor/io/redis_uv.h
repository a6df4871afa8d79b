/* hiredis on the loop. */
#pragma once

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

/* The context is driven by the loop from now on; false when it cannot be. */
bool redis_uv_attach(redisAsyncContext *redis, uv_loop_t *loop);
