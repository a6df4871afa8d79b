#include "io/redis_view.h"

#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "codec/view.h"
#include "io/redis_script.h"
#include "io/redis_url.h"
#include "io/redis_uv.h"

#define RECONNECT_MS 500
#define UPDATE_TIMEOUT_MS 5000 /* an update that takes longer ends the connection */
#define KEEP_MS "1209600000"   /* 14 days after the last write */
#define FIELDS_PER_CALL 500    /* Lua's stack bounds the arguments of one call */

/* X(symbol, name, meaning) */
#define REDIS_VIEW_STATES(X)                                                                       \
    X(DOWN, "down", "no connection; the next try is timed")                                        \
    X(CONNECTING, "connecting", "waits for the server, its login, its script")                     \
    X(READY, "ready", "takes an update")                                                           \
    X(BUSY, "busy", "an update is under way")

#define REDIS_VIEW_ENUM(symbol, name, meaning) REDIS_VIEW_##symbol,
enum redis_view_state { REDIS_VIEW_STATES(REDIS_VIEW_ENUM) REDIS_VIEW_STATE_COUNT };

struct redis_view {
    uv_loop_t *loop;
    struct note_port note;
    struct redis_address addresses[REDIS_ADDRESSES_MAX];
    size_t address_count, address_at;
    redisAsyncContext *redis; /* NULL: down */
    redisSSLContext *ssl;
    enum redis_view_state state;
    uv_timer_t timer;   /* reconnection, or the update's time-out */
    size_t replies_due; /* of the set-up or of the update under way */
    bool set_up_failed;
    bool lost;      /* what is there is not what was written: show all again */
    bool told_down; /* said once for each outage */
    bool freeing;
    char writer_log[64];
    uint64_t updates, commands, failures, stale_writes;
};

static void on_timer(uv_timer_t *timer);

static void tell(const struct redis_view *v, enum log_level level, const char *event,
                 const char *text) {
    const struct redis_address *a = &v->addresses[v->address_at];
    char members[512];
    snprintf(members, sizeof members, "\"host\":\"%s\",\"port\":%d,\"text\":\"%s\"", a->host,
             a->port, text);
    v->note.note(v->note.self, level, event, members);
}

static void wait_for(struct redis_view *v, uint64_t ms) {
    uv_timer_start(&v->timer, on_timer, ms, 0);
}

/* Whatever was under way is forgotten; after the pause the next address is tried. */
static void go_down(struct redis_view *v, const char *why) {
    if (v->state == REDIS_VIEW_DOWN)
        return;
    v->state = REDIS_VIEW_DOWN;
    v->redis = NULL;
    v->lost = true;
    v->failures++;
    if (v->freeing)
        return;
    if (!v->told_down)
        tell(v, LOG_LEVEL_WARN, "redis_down", why);
    v->told_down = true;
    v->address_at = (v->address_at + 1) % v->address_count;
    wait_for(v, RECONNECT_MS);
}

static void drop(struct redis_view *v, const char *why) {
    redisAsyncContext *redis = v->redis;
    go_down(v, why);
    if (redis)
        redisAsyncFree(redis);
}

static void on_disconnect(const redisAsyncContext *redis, int status) {
    struct redis_view *v = redis->data;
    if (v->redis == redis)
        go_down(v, status == REDIS_OK ? "the connection was closed" : "the connection broke");
}

static void on_connect(const redisAsyncContext *redis, int status) {
    struct redis_view *v = redis->data;
    if (status != REDIS_OK && v->redis == redis)
        go_down(v, "the server cannot be reached; figures go on, the view waits");
}

/* The set-up: login, database, and that the server answers. */
static void on_set_up(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_view *v = redis->data;
    const redisReply *reply = answer;
    const char *what = context;
    if (v->redis != redis || !reply)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        char clean[200];
        size_t size = 0;
        for (const char *c = reply->str; *c && size + 1 < sizeof clean; c++)
            clean[size++] = *c == '"' || *c == '\\' ? '\'' : *c;
        clean[size] = 0;
        char text[400];
        snprintf(text, sizeof text, "%s was refused: %s; see the setting redis", what, clean);
        if (!v->told_down)
            tell(v, LOG_LEVEL_ERROR, "redis_refused", text);
        v->told_down = true;
        v->set_up_failed = true;
    }
    if (--v->replies_due)
        return;
    if (v->set_up_failed) {
        drop(v, "the set-up was refused");
        return;
    }
    uv_timer_stop(&v->timer);
    v->state = REDIS_VIEW_READY;
    v->told_down = false;
    v->lost = true;
    tell(v, LOG_LEVEL_INFO, "redis_up", "");
}

static void set_up(struct redis_view *v) {
    const struct redis_address *a = &v->addresses[v->address_at];
    v->replies_due = 0;
    v->set_up_failed = false;
    if (*a->password) {
        v->replies_due++;
        if (*a->user)
            redisAsyncCommand(v->redis, on_set_up, (void *)(uintptr_t) "AUTH", "AUTH %s %s",
                              a->user, a->password);
        else
            redisAsyncCommand(v->redis, on_set_up, (void *)(uintptr_t) "AUTH", "AUTH %s",
                              a->password);
    }
    if (a->database) {
        v->replies_due++;
        redisAsyncCommand(v->redis, on_set_up, (void *)(uintptr_t) "SELECT", "SELECT %d",
                          a->database);
    }
    v->replies_due++;
    redisAsyncCommand(v->redis, on_set_up, (void *)(uintptr_t) "PING", "PING");
}

static bool start_tls(struct redis_view *v, redisAsyncContext *redis) {
    const struct redis_address *a = &v->addresses[v->address_at];
    if (!a->tls)
        return true;
    if (!v->ssl) {
        redisInitOpenSSL();
        v->ssl = redisCreateSSLContext(NULL, NULL, NULL, NULL, a->host, NULL);
    }
    return v->ssl && redisInitiateSSLWithContext(&redis->c, v->ssl) == REDIS_OK;
}

static void connect_now(struct redis_view *v) {
    const struct redis_address *a = &v->addresses[v->address_at];
    redisAsyncContext *redis = redisAsyncConnect(a->host, a->port);
    CHECK(redis);
    v->redis = redis;
    v->state = REDIS_VIEW_CONNECTING;
    redis->data = v;
    if (redis->err || !start_tls(v, redis) || !redis_uv_attach(redis, v->loop)) {
        drop(v, "the connection could not be made");
        return;
    }
    redisAsyncSetConnectCallback(redis, on_connect);
    redisAsyncSetDisconnectCallback(redis, on_disconnect);
    set_up(v);
    wait_for(v, UPDATE_TIMEOUT_MS);
}

static void on_timer(uv_timer_t *timer) {
    struct redis_view *v = timer->data;
    if (v->state == REDIS_VIEW_DOWN)
        connect_now(v);
    else
        drop(v, "the server does not answer in time; figures go on, the view waits");
}

struct redis_view *redis_view_new(const char *urls, const char *writer_log, uv_loop_t *loop,
                                  struct note_port note, struct err *err) {
    struct redis_view *v = calloc(1, sizeof *v);
    CHECK(v);
    v->loop = loop;
    v->note = note;
    snprintf(v->writer_log, sizeof v->writer_log, "%s", writer_log);
    v->address_count = redis_url_parse(urls, v->addresses, err);
    if (!v->address_count) {
        free(v);
        return NULL;
    }
    uv_timer_init(loop, &v->timer);
    v->timer.data = v;
    wait_for(v, 0);
    return v;
}

static void freed(uv_handle_t *handle) {
    free(handle->data);
}

void redis_view_free(struct redis_view *v) {
    if (!v)
        return;
    v->freeing = true;
    if (v->redis)
        drop(v, "");
    if (v->ssl)
        redisFreeSSLContext(v->ssl);
    uv_timer_stop(&v->timer);
    uv_close((uv_handle_t *)&v->timer, freed);
}

static void update_done(struct redis_view *v) {
    uv_timer_stop(&v->timer);
    v->state = REDIS_VIEW_READY;
    v->updates++;
}

/* A script answers "ok", "stale" (a newer writer was there) or "gone" (our meta was not there). */
static void on_written(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_view *v = redis->data;
    const redisReply *reply = answer;
    (void)context;
    if (v->redis != redis || !reply)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        v->lost = true;
        if (!v->told_down)
            tell(v, LOG_LEVEL_WARN, "redis_write_refused", "a write was refused by the server");
        v->told_down = true;
    } else if (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "stale") == 0) {
        v->stale_writes++;
    } else if (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "gone") == 0) {
        v->lost = true;
    }
    if (--v->replies_due == 0)
        update_done(v);
}

static const char *script_of(enum view_command_kind kind) {
    switch (kind) {
    case VIEW_COMMAND_REPLACE_HASH: return redis_script_replace;
    case VIEW_COMMAND_SET_FIELDS: return redis_script_set;
    case VIEW_COMMAND_DEL_FIELDS: return redis_script_delete;
    case VIEW_COMMAND_ADD_MEMBERS: return redis_script_add;
    case VIEW_COMMAND_PUBLISH:
    case VIEW_COMMAND_COUNT: break;
    }
    UNREACHABLE("a command without a script");
}

struct arguments {
    const char *at[8 + 2 * FIELDS_PER_CALL];
    size_t size[8 + 2 * FIELDS_PER_CALL];
    int count;
};

static void add(struct arguments *a, struct slice s) {
    a->at[a->count] = s.at ? s.at : "";
    a->size[a->count++] = s.size;
}

static void call(struct redis_view *v, const struct arguments *a) {
    v->replies_due++;
    v->commands++;
    redisAsyncCommandArgv(v->redis, on_written, NULL, a->count, (const char **)(uintptr_t)a->at,
                          a->size);
}

/* Fields [from, from + count) of one command; only the first part of a replacement deletes. */
static void send_part(struct redis_view *v, const struct view_command *c, size_t from, size_t count,
                      struct slice offset) {
    struct arguments a = {.count = 0};
    bool names_only = c->kind == VIEW_COMMAND_DEL_FIELDS || c->kind == VIEW_COMMAND_ADD_MEMBERS;
    enum view_command_kind kind = c->kind == VIEW_COMMAND_REPLACE_HASH && from
                                      ? VIEW_COMMAND_SET_FIELDS
                                      : c->kind;
    add(&a, SLICE("EVAL"));
    add(&a, slice_of(script_of(kind)));
    add(&a, SLICE("1"));
    add(&a, c->key);
    add(&a, slice_of(v->writer_log));
    add(&a, offset);
    add(&a, SLICE(KEEP_MS));
    for (size_t i = from; i < from + count; i++) {
        add(&a, c->fields[i].name);
        if (!names_only)
            add(&a, c->fields[i].value);
    }
    call(v, &a);
}

static void send_command(struct redis_view *v, const struct view_command *c, struct slice offset) {
    if (c->kind == VIEW_COMMAND_PUBLISH) {
        struct arguments a = {.count = 0};
        add(&a, SLICE("PUBLISH"));
        add(&a, c->key);
        add(&a, c->fields[0].value);
        call(v, &a);
        return;
    }
    size_t from = 0;
    do {
        size_t left = c->field_count - from;
        size_t count = left < FIELDS_PER_CALL ? left : FIELDS_PER_CALL;
        send_part(v, c, from, count, offset);
        from += count;
    } while (from < c->field_count);
}

static bool port_ready(void *self) {
    const struct redis_view *v = self;
    return v->state == REDIS_VIEW_READY;
}

static void port_send(void *self, int32_t partition, int64_t offset, struct view_batch *batch) {
    struct redis_view *v = self;
    if (v->state != REDIS_VIEW_READY && v->state != REDIS_VIEW_BUSY) {
        v->lost = true; /* went down since it was rendered */
        view_batch_reset(batch);
        return;
    }
    (void)
        partition; /* a tenant is in one partition for ever: its offsets alone order its writers */
    char position[32];
    snprintf(position, sizeof position, "%" PRId64, offset);
    if (v->state == REDIS_VIEW_READY)
        v->replies_due = 0;
    size_t count = view_batch_count(batch);
    for (size_t i = 0; i < count; i++) {
        struct view_command c = view_batch_at(batch, i);
        send_command(v, &c, slice_of(position));
    }
    view_batch_reset(batch);
    if (!v->replies_due)
        return;
    v->state = REDIS_VIEW_BUSY;
    wait_for(v, UPDATE_TIMEOUT_MS);
}

static bool port_take_lost(void *self) {
    struct redis_view *v = self;
    bool lost = v->lost;
    v->lost = false;
    return lost;
}

struct view_port redis_view_port(struct redis_view *v) {
    return (struct view_port){
        .self = v, .ready = port_ready, .send = port_send, .take_lost = port_take_lost};
}

static void metric(struct buf *text, const char *name, const char *type, const char *meaning,
                   uint64_t value) {
    buf_put_format(
        text, "# HELP floorwalker_%s %s\n# TYPE floorwalker_%s %s\nfloorwalker_%s %" PRIu64 "\n",
        name, meaning, name, type, name, value);
}

void redis_view_write_metrics(const struct redis_view *v, struct buf *text) {
    bool up = v->state == REDIS_VIEW_READY || v->state == REDIS_VIEW_BUSY;
    metric(text, "redis_up", "gauge", "1 while the view's Redis takes updates", up);
    metric(text, "redis_updates_total", "counter", "updates written in full", v->updates);
    metric(text, "redis_commands_total", "counter", "commands sent", v->commands);
    metric(text, "redis_failures_total", "counter", "connections lost or refused", v->failures);
    metric(text, "redis_stale_writes_total", "counter", "writes that found a newer writer's",
           v->stale_writes);
}
