/* GET /metrics /healthz /readyz /progress on the loop. */
#pragma once

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

/* Writes the answer's body; returns the status (200, 503). Any other path is 404. */
struct http_page {
    const char *path;
    const char *content_type;
    int (*write)(void *context, struct buf *body);
};

struct http_server; /* opaque */

/* `listen` is "127.0.0.1:9464"; port 0 takes a free one. `pages` ends with a NULL path and
 * outlives the server. NULL with a reason when the address cannot be had. */
struct http_server *http_server_new(uv_loop_t *loop, const char *listen,
                                    const struct http_page *pages, void *context, struct err *err);
int http_server_port(const struct http_server *s);
void http_server_free(struct http_server *s);
