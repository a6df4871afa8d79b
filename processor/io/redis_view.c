#include "io/redis_view.h"

#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "codec/redis_command.h"
#include "codec/view.h"
#include "io/redis_role.h"
#include "io/redis_script.h"
#include "io/redis_sentinel.h"
#include "io/redis_url.h"
#include "io/redis_uv.h"

#define RECONNECT_MS 500
#define READ_FIRST_MS 10     /* for what came while the loop was busy */
#define KEEP_MS "1209600000" /* 14 days after the last write */
#define HOPS_MAX 3           /* from address to address, until a master is found */

/* X(symbol, name, meaning) */
#define REDIS_VIEW_STATES(X)                                                                       \
    X(DOWN, "down", "no connection; the next try is timed")                                        \
    X(CONNECTING, "connecting", "waits for the server, its login, its role; finds its master")     \
    X(READY, "ready", "takes an update")                                                           \
    X(BUSY, "busy", "an update is under way")

#define REDIS_VIEW_ENUM(symbol, name, meaning) REDIS_VIEW_##symbol,
enum redis_view_state { REDIS_VIEW_STATES(REDIS_VIEW_ENUM) REDIS_VIEW_STATE_COUNT };

struct redis_view {
    uv_loop_t *loop;
    struct note_port note;
    struct redis_address addresses[REDIS_ADDRESSES_MAX];
    size_t address_count, address_at;
    struct redis_address target; /* the address, or where it said that the master is */
    int hops;                    /* from the address to the target */
    enum redis_role role;        /* of the target */
    struct redis_sentinel *sentinel;
    struct redis_address told; /* by a sentinel: where the master is */
    bool is_told;
    redisAsyncContext *redis; /* NULL: down */
    redisSSLContext *ssl;
    enum redis_view_state state;
    uv_timer_t timer;   /* reconnection, or the update's time-out */
    struct buf command; /* the one that is sent */
    size_t replies_due; /* of the set-up or of the update under way */
    bool set_up_failed;
    char refusal[400]; /* of the set-up */
    bool lost;         /* what is there is not what was written: show all again */
    bool told_down;    /* said once for each outage */
    bool freeing;
    char writer_log[64];
    char session[33]; /* drawn anew for each connection */
    uint64_t updates, commands, failures, stale_writes, redirects;
    uint64_t answer_ms;   /* a server that answers nothing for so long has hung */
    uint64_t answered_ms; /* by the loop's clock, the last write; or when an update was sent */
    bool asked_again;     /* an answer may be there already: the loop was busy for so long */
    uint64_t updated_ms;  /* by the loop's clock, when the last update was through; 0: never */
};

static void on_timer(uv_timer_t *timer);

static void tell(const struct redis_view *v, enum log_level level, const char *event,
                 const char *text) {
    const struct redis_address *a = &v->target;
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
    redis_sentinel_rest(v->sentinel);
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

static void connect_now(struct redis_view *v);

/* The target has become another one. */
static void hop(struct redis_view *v) {
    redisAsyncContext *redis = v->redis;
    if (++v->hops > HOPS_MAX) {
        drop(v, "servers name one another as masters");
        return;
    }
    v->redirects++;
    v->redis = NULL;
    redisAsyncFree(redis);
    connect_now(v);
}

static void on_connect(const redisAsyncContext *redis, int status) {
    struct redis_view *v = redis->data;
    if (status != REDIS_OK && v->redis == redis)
        go_down(v, "the server cannot be reached; figures go on, the view waits");
}

static void draw_session(struct redis_view *v) {
    uint64_t drawn[2];
    CHECK(uv_random(NULL, NULL, drawn, sizeof drawn, 0, NULL) == 0);
    snprintf(v->session, sizeof v->session, "%016" PRIx64 "%016" PRIx64, drawn[0], drawn[1]);
}

static void be_ready(struct redis_view *v) {
    draw_session(v);
    uv_timer_stop(&v->timer);
    v->state = REDIS_VIEW_READY;
    v->told_down = false;
    v->lost = true;
    if (v->is_told)
        redis_sentinel_watch(v->sentinel, &v->told);
    tell(v, LOG_LEVEL_INFO, "redis_up", "");
}

static void on_master(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_view *v = redis->data;
    const redisReply *reply = answer;
    (void)context;
    if (v->redis != redis || !reply)
        return;
    if (!redis_role_take_master(reply, &v->target)) {
        drop(v, "the sentinel knows no master of that name");
        return;
    }
    v->told = v->target;
    v->is_told = true;
    hop(v);
}

static void ask_sentinel(struct redis_view *v) {
    if (!*v->target.master)
        drop(v, "the sentinel watches several masters; add ?master=NAME to the setting redis");
    else
        redisAsyncCommand(v->redis, on_master, NULL, "SENTINEL get-master-addr-by-name %s",
                          v->target.master);
}

/* A sentinel takes neither our login nor our database: its refusals mean nothing. */
static void set_up_done(struct redis_view *v) {
    if (v->role == REDIS_ROLE_SENTINEL)
        ask_sentinel(v);
    else if (v->set_up_failed)
        drop(v, "the set-up was refused");
    else if (v->role == REDIS_ROLE_REPLICA)
        hop(v);
    else
        be_ready(v);
}

/* The first one is told: what follows a refused login is refused for want of it. */
static void take_refusal(struct redis_view *v, const char *what, const char *said) {
    char clean[200];
    size_t size = 0;
    if (v->set_up_failed)
        return;
    for (; *said && size + 1 < sizeof clean; said++)
        clean[size++] = *said == '"' || *said == '\\' ? '\'' : *said;
    clean[size] = 0;
    snprintf(v->refusal, sizeof v->refusal, "%s was refused: %s; see the setting redis", what,
             clean);
    v->set_up_failed = true;
}

/* The set-up: login, database, and that the server answers. The role is the last answer. */
static void on_set_up(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_view *v = redis->data;
    const redisReply *reply = answer;
    const char *what = context;
    if (v->redis != redis || !reply)
        return;
    if (!what)
        v->role = redis_role_of(reply, &v->target);
    else if (reply->type == REDIS_REPLY_ERROR)
        take_refusal(v, what, reply->str);
    if (--v->replies_due)
        return;
    if (v->set_up_failed && v->role != REDIS_ROLE_SENTINEL && !v->told_down) {
        tell(v, LOG_LEVEL_ERROR, "redis_refused", v->refusal);
        v->told_down = true;
    }
    set_up_done(v);
}

static void set_up(struct redis_view *v) {
    const struct redis_address *a = &v->target;
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
    v->replies_due += 2;
    redisAsyncCommand(v->redis, on_set_up, (void *)(uintptr_t) "PING", "PING");
    redisAsyncCommand(v->redis, on_set_up, NULL, "ROLE");
}

static bool start_tls(struct redis_view *v, redisAsyncContext *redis) {
    if (!v->target.tls)
        return true;
    redisInitOpenSSL();
    if (v->ssl)
        redisFreeSSLContext(v->ssl);
    v->ssl = redisCreateSSLContext(NULL, NULL, NULL, NULL, v->target.host, NULL);
    return v->ssl && redisInitiateSSLWithContext(&redis->c, v->ssl) == REDIS_OK;
}

static void connect_now(struct redis_view *v) {
    redisAsyncContext *redis = redisAsyncConnect(v->target.host, v->target.port);
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
    wait_for(v, v->answer_ms);
}

/* An update of a hundred thousand keys takes its time: as long as it moves it is not given up. What
 * came while the loop was busy is read before it is judged. */
static bool update_moves(struct redis_view *v) {
    uint64_t since_ms = uv_now(v->loop) - v->answered_ms;
    bool moves = since_ms < v->answer_ms;
    if (v->state != REDIS_VIEW_BUSY || (!moves && v->asked_again))
        return false;
    v->asked_again = !moves;
    wait_for(v, moves ? v->answer_ms - since_ms : READ_FIRST_MS);
    return true;
}

static void on_timer(uv_timer_t *timer) {
    struct redis_view *v = timer->data;
    if (v->state == REDIS_VIEW_DOWN) {
        v->target = v->addresses[v->address_at];
        v->hops = 0;
        v->is_told = false;
        connect_now(v);
    } else if (!update_moves(v))
        drop(v, "the server does not answer in time; figures go on, the view waits");
}

static void on_moved(void *context) {
    drop(context, "the sentinels name another master");
}

struct redis_view *redis_view_new(const char *urls, const char *writer_log, uint64_t answer_ms,
                                  uv_loop_t *loop, struct note_port note, struct err *err) {
    struct redis_view *v = calloc(1, sizeof *v);
    CHECK(v);
    v->answer_ms = answer_ms;
    v->loop = loop;
    v->note = note;
    snprintf(v->writer_log, sizeof v->writer_log, "%s", writer_log);
    v->address_count = redis_url_parse(urls, v->addresses, err);
    if (!v->address_count) {
        free(v);
        return NULL;
    }
    v->target = v->addresses[0];
    v->sentinel = redis_sentinel_new(v->addresses, v->address_count, loop, on_moved, v);
    uv_timer_init(loop, &v->timer);
    v->timer.data = v;
    wait_for(v, 0);
    return v;
}

static void freed(uv_handle_t *handle) {
    struct redis_view *v = handle->data;
    buf_deinit(&v->command);
    free(v);
}

void redis_view_free(struct redis_view *v) {
    if (!v)
        return;
    v->freeing = true;
    if (v->redis)
        drop(v, "");
    if (v->ssl)
        redisFreeSSLContext(v->ssl);
    redis_sentinel_free(v->sentinel);
    uv_timer_stop(&v->timer);
    uv_close((uv_handle_t *)&v->timer, freed);
}

static void update_done(struct redis_view *v) {
    uv_timer_stop(&v->timer);
    v->state = REDIS_VIEW_READY;
    v->updates++;
    v->updated_ms = uv_now(v->loop);
}

/* A script answers "ok", "stale" (a newer writer was there) or "gone" (no meta of the session). */
static void on_written(redisAsyncContext *redis, void *answer, void *context) {
    struct redis_view *v = redis->data;
    const redisReply *reply = answer;
    (void)context;
    if (v->redis != redis || !reply)
        return;
    v->answered_ms = uv_now(v->loop);
    v->asked_again = false;
    if (redis_role_is_refusal(reply)) {
        drop(v, "the server became a replica; looking for its master");
        return;
    }
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

static void call(struct redis_view *v) {
    v->replies_due++;
    v->commands++;
    redisAsyncFormattedCommand(v->redis, on_written, NULL, v->command.at, v->command.size);
}

/* Parts [from, to) of one command; only the first of a replacement delete. */
static void send_parts(struct redis_view *v, const struct view_command *c, size_t from, size_t to,
                       struct slice offset) {
    struct buf *b = &v->command;
    bool names_only = c->kind == VIEW_COMMAND_DEL_FIELDS || c->kind == VIEW_COMMAND_ADD_MEMBERS;
    enum view_command_kind kind = c->kind == VIEW_COMMAND_REPLACE_HASH && from
                                      ? VIEW_COMMAND_SET_FIELDS
                                      : c->kind;
    const struct slice head[] = {SLICE("EVAL"),  slice_of(script_of(kind)), SLICE("1"),
                                 c->key,         slice_of(v->writer_log),   offset,
                                 SLICE(KEEP_MS), slice_of(v->session)};
    size_t arguments = sizeof head / sizeof *head;
    for (size_t i = from; i < to; i++)
        arguments += names_only ? c->parts[i].fields : 2 * c->parts[i].fields;
    redis_command_begin(b, arguments);
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        redis_command_add(b, head[i]);
    for (size_t i = from; i < to; i++)
        buf_put(b, c->parts[i].text.at, c->parts[i].text.size);
    call(v);
}

/* How many parts from this one on fit into one call. */
static size_t parts_of_call(const struct view_command *c, size_t from) {
    size_t to = from;
    for (size_t fields = 0; to < c->part_count; to++) {
        fields += c->parts[to].fields;
        if (fields > VIEW_PART_FIELDS)
            break;
    }
    CHECK(to > from || from == c->part_count);
    return to - from;
}

static void send_command(struct redis_view *v, const struct view_command *c, struct slice offset) {
    if (c->kind == VIEW_COMMAND_PUBLISH) {
        redis_command_begin(&v->command, 3);
        redis_command_add(&v->command, SLICE("PUBLISH"));
        redis_command_add(&v->command, c->key);
        buf_put(&v->command, c->parts[0].text.at, c->parts[0].text.size);
        call(v);
        return;
    }
    size_t from = 0;
    do {
        size_t count = parts_of_call(c, from);
        send_parts(v, c, from, from + count, offset);
        from += count;
    } while (from < c->part_count);
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
    v->answered_ms = uv_now(v->loop);
    v->asked_again = false;
    wait_for(v, v->answer_ms);
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
    metric(text, "redis_redirects_total", "counter", "masters that a sentinel or a replica named",
           v->redirects);
    if (v->updated_ms)
        metric(text, "redis_view_age_ms", "gauge", "since the last update that was written in full",
               uv_now(v->loop) - v->updated_ms);
    metric(text, "redis_stale_writes_total", "counter", "writes that found a newer writer's",
           v->stale_writes);
}
