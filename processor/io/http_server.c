#include "io/http_server.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define HEADERS_MAX 512

struct http_server {
    struct lws_context *context;
    struct lws_vhost *vhost;
    const struct http_page *pages;
    void *page_context;
    char host[128];
};

/* One request; libwebsockets gives it zeroed. */
struct request {
    struct buf body; /* LWS_PRE spare bytes, then what is to be sent */
    size_t sent;
    bool begun;
};

static const struct http_page *find_page(const struct http_server *s, const char *path) {
    for (const struct http_page *p = s->pages; p->path; p++)
        if (strcmp(p->path, path) == 0)
            return p;
    return NULL;
}

static unsigned compose(const struct http_server *s, struct request *r, const char *path,
                        const char **type) {
    buf_init(&r->body);
    r->begun = true;
    memset(buf_reserve(&r->body, LWS_PRE), 0, LWS_PRE);
    r->body.size = LWS_PRE;
    r->sent = LWS_PRE;
    const struct http_page *page = find_page(s, path);
    *type = page ? page->content_type : "text/plain";
    if (page)
        return (unsigned)page->write(s->page_context, &r->body);
    buf_put_format(&r->body, "no such page; there are:");
    for (const struct http_page *p = s->pages; p->path; p++)
        buf_put_format(&r->body, " %s", p->path);
    buf_put_format(&r->body, "\n");
    return 404;
}

static int begin(struct lws *wsi, struct request *r, const char *path) {
    const struct http_server *s = lws_context_user(lws_get_context(wsi));
    const char *type;
    unsigned status = compose(s, r, path, &type);
    unsigned char headers[LWS_PRE + HEADERS_MAX];
    unsigned char *at = headers + LWS_PRE, *end = headers + sizeof headers - 1;
    unsigned char *start = at;
    if (lws_add_http_common_headers(wsi, status, type, r->body.size - LWS_PRE, &at, end) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return 1;
    lws_callback_on_writable(wsi);
    return 0;
}

static int go_on(struct lws *wsi, struct request *r) {
    size_t left = r->body.size - r->sent;
    size_t size = left > 16384 ? 16384 : left;
    bool last = size == left;
    /* libwebsockets uses the LWS_PRE bytes before a piece: they were sent already. */
    if (lws_write(wsi, (unsigned char *)r->body.at + r->sent, size,
                  last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) != (int)size)
        return 1;
    r->sent += size;
    if (last)
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    lws_callback_on_writable(wsi);
    return 0;
}

static void forget(struct request *r) {
    if (r && r->begun)
        buf_deinit(&r->body);
    if (r)
        r->begun = false;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t size) {
    struct request *r = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP: forget(r); return begin(wsi, r, in);
    case LWS_CALLBACK_HTTP_WRITEABLE: return r && r->begun ? go_on(wsi, r) : 0;
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP: forget(r); return 0;
    default: return lws_callback_http_dummy(wsi, reason, user, in, size);
    }
}

static const struct lws_protocols protocols[] = {
    {"http", on_http, sizeof(struct request), 0, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static bool split(const char *listen, char host[128], int *port, struct err *err) {
    const char *colon = strrchr(listen, ':');
    char *end;
    long number = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!colon || *end || number < 0 || number > 65535 || (size_t)(colon - listen) >= 128)
        return err_set(err, "listen \"%s\" is not HOST:PORT, for example 127.0.0.1:9464", listen);
    snprintf(host, 128, "%.*s", (int)(colon - listen), listen);
    *port = (int)number;
    return true;
}

static void lws_line(int level, const char *line) {
    if (level & LLL_ERR)
        fprintf(stderr, "libwebsockets: %s", line);
}

struct http_server *http_server_new(uv_loop_t *loop, const char *listen,
                                    const struct http_page *pages, void *context, struct err *err) {
    struct http_server *s = calloc(1, sizeof *s);
    CHECK(s);
    int port = 0;
    if (!split(listen, s->host, &port, err)) {
        free(s);
        return NULL;
    }
    s->pages = pages;
    s->page_context = context;
    lws_set_log_level(LLL_ERR, lws_line);
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {.port = port,
                                             .iface = s->host,
                                             .protocols = protocols,
                                             .user = s,
                                             .foreign_loops = loops,
                                             .options = LWS_SERVER_OPTION_LIBUV |
                                                        LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                                                        LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
                                             .count_threads = 1};
    s->context = lws_create_context(&info);
    s->vhost = s->context ? lws_create_vhost(s->context, &info) : NULL;
    if (s->vhost)
        return s;
    err_set(err, "listen \"%s\": the address cannot be had; another process may use the port",
            listen);
    http_server_free(s);
    return NULL;
}

int http_server_port(const struct http_server *s) {
    return lws_get_vhost_listen_port(s->vhost);
}

void http_server_free(struct http_server *s) {
    if (!s)
        return;
    if (s->context)
        lws_context_destroy(s->context);
    free(s);
}
