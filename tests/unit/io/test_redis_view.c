/* redis_view: a slow server is waited for, one that hangs is given up. The server is ours, over a
 * real socket in the same loop, so that a slow machine slows both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "codec/view.h"
#include "io/redis_view.h"

#define ANSWER_MS 300
#define SLOW_MS 50
#define COMMANDS 20

struct world {
    uv_loop_t loop;
    uv_tcp_t server, client;
    uv_timer_t pace; /* one write is answered at each */
    redisReader *requests;
    struct redis_view *view;
    size_t writes, answered, hangs_from; /* the write that is never answered */
    size_t connections;
    bool down; /* was said */
};

static void note(void *self, enum log_level level, const char *event, const char *members) {
    struct world *w = self;
    (void)level, (void)members;
    w->down |= strcmp(event, "redis_down") == 0;
}

static void answer(struct world *w, const char *text) {
    uv_buf_t bytes = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    assert_int_equal(uv_try_write((uv_stream_t *)&w->client, &bytes, 1), strlen(text));
}

static void on_pace(uv_timer_t *timer) {
    struct world *w = timer->data;
    if (w->answered < w->writes && w->answered < w->hangs_from) {
        w->answered++;
        answer(w, "$2\r\nok\r\n");
    }
}

static void take_request(struct world *w, const redisReply *request) {
    const char *name = request->element[0]->str;
    if (strcmp(name, "EVAL") == 0)
        w->writes++;
    else
        answer(w, strcmp(name, "ROLE") == 0 ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : "+PONG\r\n");
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room) {
    static char bytes[65536];
    (void)handle, (void)wanted;
    *room = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes) {
    struct world *w = stream->data;
    void *request;
    if (size <= 0)
        return;
    redisReaderFeed(w->requests, bytes->base, (size_t)size);
    while (redisReaderGetReply(w->requests, &request) == REDIS_OK && request) {
        take_request(w, request);
        freeReplyObject(request);
    }
}

/* The first connection alone is spoken to. */
static void on_connection(uv_stream_t *server, int status) {
    struct world *w = server->data;
    assert_int_equal(status, 0);
    if (w->connections++)
        return;
    uv_tcp_init(&w->loop, &w->client);
    w->client.data = w;
    assert_int_equal(uv_accept(server, (uv_stream_t *)&w->client), 0);
    uv_read_start((uv_stream_t *)&w->client, give_room, on_read);
}

static int listen_on_free_port(struct world *w) {
    struct sockaddr_in address;
    int size = sizeof address;
    uv_tcp_init(&w->loop, &w->server);
    w->server.data = w;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&w->server, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&w->server, 8, on_connection), 0);
    uv_tcp_getsockname(&w->server, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void world_init(struct world *w, size_t hangs_from) {
    char url[64];
    struct err err;
    *w = (struct world){.hangs_from = hangs_from, .requests = redisReaderCreate()};
    uv_loop_init(&w->loop);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d/0", listen_on_free_port(w));
    w->view = redis_view_new(url, "log", ANSWER_MS, &w->loop,
                             (struct note_port){.self = w, .note = note}, &err);
    assert_non_null(w->view);
    uv_timer_init(&w->loop, &w->pace);
    w->pace.data = w;
    uv_timer_start(&w->pace, on_pace, SLOW_MS, SLOW_MS);
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void world_deinit(struct world *w) {
    redis_view_free(w->view);
    uv_run(&w->loop, UV_RUN_NOWAIT); /* what the view closes, it frees */
    uv_walk(&w->loop, close_handle, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    redisReaderFree(w->requests);
}

/* An update of so many writes, as soon as it can be taken. */
static void update(struct world *w) {
    struct view_port port = redis_view_port(w->view);
    struct view_batch *batch = view_batch_new();
    while (!port.ready(port.self))
        uv_run(&w->loop, UV_RUN_ONCE);
    view_batch_begin(batch, false, 1000);
    struct view view = view_batch_view(batch, SLICE("one"));
    for (int i = 0; i < COMMANDS; i++) {
        char tenant[16];
        int size = snprintf(tenant, sizeof tenant, "t%d", i);
        view.meta(view.context, (struct slice){tenant, (size_t)size}, 1000, 0, SLICE("c"), 1);
    }
    view_batch_seal(batch);
    port.send(port.self, 0, 7, batch);
    assert_false(port.ready(port.self));
    view_batch_free(batch);
}

/* Three times as long as a server may be silent. */
static void an_update_that_moves_is_not_given_up(void **state) {
    (void)state;
    struct world w;
    world_init(&w, SIZE_MAX);
    update(&w);
    struct view_port port = redis_view_port(w.view);
    while (!port.ready(port.self) && !w.down)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_false(w.down);
    assert_true(w.answered >= COMMANDS);
    world_deinit(&w);
}

static void a_server_that_hangs_is_given_up(void **state) {
    (void)state;
    struct world w;
    world_init(&w, 3);
    update(&w);
    while (!w.down)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(w.answered, 3);
    assert_true(redis_view_port(w.view).take_lost(w.view));
    world_deinit(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_that_moves_is_not_given_up),
        cmocka_unit_test(a_server_that_hangs_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
