/* http_server: pages over a real socket on a free loopback port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/http_server.h"

/* On a loop that is not its own, libwebsockets 4.1 keeps a context's buffers to the end of the
 * process, which is when we give it up. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libwebsockets.so";
}

static size_t page_size;

static int write_page(void *context, struct buf *body) {
    for (size_t i = 0; i < page_size; i++)
        buf_put_u8(body, (uint8_t)('a' + i % 26));
    return *(const int *)context;
}

static const struct http_page pages[] = {{"/page", "text/plain", write_page}, {NULL, NULL, NULL}};

struct client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct buf answer;
    const char *request;
    bool done;
    bool closed;
};

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room) {
    static char bytes[65536];
    (void)handle;
    (void)wanted;
    *room = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *bytes) {
    struct client *c = stream->data;
    if (size > 0)
        buf_put(&c->answer, bytes->base, (size_t)size);
    if (size < 0)
        c->done = true;
}

static void on_connect(uv_connect_t *connect, int status) {
    struct client *c = connect->data;
    assert_int_equal(status, 0);
    uv_buf_t bytes = uv_buf_init((char *)(uintptr_t)c->request, (unsigned)strlen(c->request));
    uv_write(&c->write, (uv_stream_t *)&c->tcp, &bytes, 1, NULL);
    uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read);
}

static void on_closed(uv_handle_t *handle) {
    ((struct client *)handle->data)->closed = true;
}

/* One request on a connection of its own; the answer ends where the server closes. */
static void get(uv_loop_t *loop, int port, const char *path, struct client *c) {
    static char request[256];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             path);
    *c = (struct client){.request = request};
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(loop, &c->tcp);
    c->tcp.data = c;
    c->connect.data = c;
    uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&address, on_connect);
    while (!c->done)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    while (!c->closed)
        uv_run(loop, UV_RUN_ONCE);
    buf_put_u8(&c->answer, 0);
}

/* libwebsockets gives its memory back in the loop's next turns. */
static void close_loop(uv_loop_t *loop) {
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void test_pages_and_statuses(void **state) {
    (void)state;
    int status = 200;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct err err;
    struct http_server *s = http_server_new(&loop, "127.0.0.1:0", pages, &status, &err);
    assert_non_null(s);
    int port = http_server_port(s);
    assert_true(port > 0);
    struct client c;
    static const size_t sizes[] = {1, 100, 16384, 16385, 200000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        page_size = sizes[i];
        get(&loop, port, "/page", &c);
        assert_non_null(strstr(c.answer.at, "200 OK"));
        const char *body = strstr(c.answer.at, "\r\n\r\n") + 4;
        assert_int_equal(strlen(body), sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(body[k], 'a' + (int)(k % 26));
        buf_deinit(&c.answer);
    }
    status = 503;
    page_size = 3;
    get(&loop, port, "/page", &c);
    assert_non_null(strstr(c.answer.at, " 503 "));
    buf_deinit(&c.answer);
    get(&loop, port, "/other", &c);
    assert_non_null(strstr(c.answer.at, " 404 "));
    assert_non_null(strstr(c.answer.at, "there are: /page"));
    buf_deinit(&c.answer);
    http_server_free(s);
    close_loop(&loop);
}

static void test_bad_addresses_are_refused(void **state) {
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct err err;
    assert_null(http_server_new(&loop, "nonsense", pages, NULL, &err));
    assert_non_null(strstr(err.text, "HOST:PORT"));
    assert_null(http_server_new(&loop, "127.0.0.1:70000", pages, NULL, &err));
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(taken, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(taken, 1), 0);
    getsockname(taken, (struct sockaddr *)&address, &size);
    char text[64];
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address.sin_port));
    assert_null(http_server_new(&loop, text, pages, NULL, &err));
    assert_non_null(strstr(err.text, "another process"));
    close(taken);
    close_loop(&loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_and_statuses),
        cmocka_unit_test(test_bad_addresses_are_refused),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
