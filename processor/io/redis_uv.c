/* hiredis brings its own adapter as a header with static functions that our warnings refuse, so it
 * is taken in here alone. */
#include "io/redis_uv.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <hiredis/adapters/libuv.h>
#pragma GCC diagnostic pop

bool redis_uv_attach(redisAsyncContext *redis, uv_loop_t *loop) {
    return redisLibuvAttach(redis, loop) == REDIS_OK;
}
