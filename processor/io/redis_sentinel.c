#include "io/redis_sentinel.h"

#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>
#include <stdlib.h>

#include "base/check.h"
#include "io/redis_role.h"
#include "io/redis_uv.h"

#define ASK_EVERY_MS 1000

struct redis_sentinel {
    const struct redis_address *addresses;
    size_t count, at;
    uv_loop_t *loop;
    redis_sentinel_fn *moved;
    void *context;
    struct redis_address master;
    redisAsyncContext *redis; /* NULL: none */
    redisSSLContext *ssl;
    bool asked; /* and not answered */
    uv_timer_t timer;
};

struct redis_sentinel *redis_sentinel_new(const struct redis_address *addresses, size_t count,
                                          uv_loop_t *loop, redis_sentinel_fn *moved,
                                          void *context) {
    struct redis_sentinel *s = calloc(1, sizeof *s);
    CHECK(s);
    s->addresses = addresses;
    s->count = count;
    s->loop = loop;
    s->moved = moved;
    s->context = context;
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    return s;
}

static void disconnect(struct redis_sentinel *s) {
    redisAsyncContext *redis = s->redis;
    s->redis = NULL;
    s->asked = false;
    if (redis)
        redisAsyncFree(redis);
    if (s->ssl)
        redisFreeSSLContext(s->ssl);
    s->ssl = NULL;
}

static void freed(uv_handle_t *handle) {
    free(handle->data);
}

void redis_sentinel_free(struct redis_sentinel *s) {
    if (!s)
        return;
    redis_sentinel_rest(s);
    uv_close((uv_handle_t *)&s->timer, freed);
}

/* The context goes by itself; the next question is asked of the next address. */
static void gone(struct redis_sentinel *s, const redisAsyncContext *redis) {
    if (s->redis != redis)
        return;
    s->redis = NULL;
    s->asked = false;
    s->at = (s->at + 1) % s->count;
}

static void on_connect(const redisAsyncContext *redis, int status) {
    if (status != REDIS_OK)
        gone(redis->data, redis);
}

static void on_disconnect(const redisAsyncContext *redis, int status) {
    (void)status;
    gone(redis->data, redis);
}

static bool start_tls(struct redis_sentinel *s, redisAsyncContext *redis,
                      const struct redis_address *a) {
    if (!a->tls)
        return true;
    redisInitOpenSSL();
    s->ssl = redisCreateSSLContext(NULL, NULL, NULL, NULL, a->host, NULL);
    return s->ssl && redisInitiateSSLWithContext(&redis->c, s->ssl) == REDIS_OK;
}

static bool connect_now(struct redis_sentinel *s) {
    const struct redis_address *a = &s->addresses[s->at];
    disconnect(s);
    redisAsyncContext *redis = redisAsyncConnect(a->host, a->port);
    CHECK(redis);
    redis->data = s;
    s->redis = redis;
    if (redis->err || !start_tls(s, redis, a) || !redis_uv_attach(redis, s->loop)) {
        disconnect(s);
        s->at = (s->at + 1) % s->count;
        return false;
    }
    redisAsyncSetConnectCallback(redis, on_connect);
    redisAsyncSetDisconnectCallback(redis, on_disconnect);
    return true;
}

/* An address that is no sentinel answers with an error, and means nothing. */
static void on_answer(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_sentinel *s = redis->data;
    const redisReply *reply = answer;
    struct redis_address told = s->master;
    (void)context;
    if (s->redis != redis || !reply)
        return;
    s->asked = false;
    if (!redis_role_take_master(reply, &told) ||
        (told.port == s->master.port && strcmp(told.host, s->master.host) == 0))
        return;
    uv_timer_stop(&s->timer);
    s->moved(s->context);
}

static void ask(uv_timer_t *timer) {
    struct redis_sentinel *s = timer->data;
    if (s->asked) { /* for a second: it hangs */
        disconnect(s);
        s->at = (s->at + 1) % s->count;
    }
    if (!s->redis && !connect_now(s))
        return;
    s->asked = true;
    redisAsyncCommand(s->redis, on_answer, NULL, "SENTINEL get-master-addr-by-name %s",
                      s->master.master);
}

void redis_sentinel_watch(struct redis_sentinel *s, const struct redis_address *master) {
    s->master = *master;
    uv_timer_start(&s->timer, ask, ASK_EVERY_MS, ASK_EVERY_MS);
}

void redis_sentinel_rest(struct redis_sentinel *s) {
    uv_timer_stop(&s->timer);
    disconnect(s);
}
