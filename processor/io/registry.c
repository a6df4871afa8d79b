#include "io/registry.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/check.h"

#define REQUEST_TIMEOUT_MS 3000L
#define ASK_AGAIN_MS 1000
#define ANSWER_MAX ((size_t)4 << 20)
#define STATUS_CONFLICT 409
#define CONFLICT_TRIES 5
#define CONFLICT_PAUSE_MS 200

struct fetch {
    struct registry *registry;
    CURL *easy;
    int32_t schema_id; /* -1: free */
    struct buf answer;
    uv_timer_t pause; /* before `later` is told */
};

struct registry {
    char url[1024];
    uv_loop_t *loop;
    struct registry_events events;
    CURLM *multi;
    uv_timer_t timer;
    struct fetch fetches[REGISTRY_FETCHES_MAX];
    int open_handles;
};

struct socket_watch {
    struct registry *registry;
    curl_socket_t fd;
    uv_poll_t poll;
};

static size_t collect(char *bytes, size_t size, size_t count, void *context) {
    struct buf *answer = context;
    if (answer->size + size * count > ANSWER_MAX)
        return 0;
    buf_put(answer, bytes, size * count);
    return size * count;
}

static void set_up(CURL *easy, const char *url, struct buf *answer) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
}

static bool read_id(const struct buf *answer, int32_t *schema_id) {
    json_t *root = json_loadb(answer->at, answer->size, 0, NULL);
    json_t *id = json_object_get(root, "id");
    bool good = json_is_integer(id);
    if (good)
        *schema_id = (int32_t)json_integer_value(id);
    json_decref(root);
    return good;
}

/* `body` NULL: a GET. */
static bool perform(const char *address, const char *body, struct buf *answer, long *status,
                    struct err *err) {
    CURL *easy = curl_easy_init();
    CHECK(easy);
    struct curl_slist *headers = curl_slist_append(
        NULL, "Content-Type: application/vnd.schemaregistry.v1+json");
    set_up(easy, address, answer);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (body)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    CURLcode rc = curl_easy_perform(easy);
    *status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return rc == CURLE_OK || err_set(err, "the schema registry at %s does not answer: %s", address,
                                     curl_easy_strerror(rc));
}

/* `status` is 0 when nobody answered. */
static bool register_once(const char *address, const char *subject, const char *body,
                          int32_t *schema_id, long *status, struct err *err) {
    struct buf answer;
    buf_init(&answer);
    bool ok = perform(address, body, &answer, status, err);
    if (ok && (*status != 200 || !read_id(&answer, schema_id)))
        ok = err_set(err, "the schema registry refused %s with status %ld: " SLICE_FMT, subject,
                     *status, (int)(answer.size < 200 ? answer.size : 200), answer.at);
    buf_deinit(&answer);
    return ok;
}

bool registry_register(const char *url, const char *subject, const char *schema_json,
                       int32_t *schema_id, bool *retriable, struct err *err) {
    char address[2048];
    snprintf(address, sizeof address, "%s/subjects/%s/versions", url, subject);
    json_t *request = json_pack("{s:s}", "schema", schema_json);
    char *body = json_dumps(request, JSON_COMPACT);
    CHECK(body);
    long status;
    bool ok = register_once(address, subject, body, schema_id, &status, err);
    /* Who registers at the same moment as another process may be told of a conflict. */
    for (int tries = 0; !ok && status == STATUS_CONFLICT && tries < CONFLICT_TRIES; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = CONFLICT_PAUSE_MS * 1000000L}, NULL);
        ok = register_once(address, subject, body, schema_id, &status, err);
    }
    *retriable = status == 0 || status >= 500;
    free(body);
    json_decref(request);
    return ok;
}

bool registry_try(const char *url, struct err *err) {
    char address[2048];
    snprintf(address, sizeof address, "%s/subjects", url);
    struct buf answer;
    buf_init(&answer);
    long status;
    bool ok = perform(address, NULL, &answer, &status, err);
    if (ok && status != 200)
        ok = err_set(err, "the schema registry at %s answers with status %ld; see schema_registry",
                     address, status);
    buf_deinit(&answer);
    return ok;
}

static void release(struct fetch *f) {
    f->schema_id = -1;
    buf_reset(&f->answer);
}

static void on_pause_over(uv_timer_t *timer) {
    struct fetch *f = timer->data;
    int32_t schema_id = f->schema_id;
    release(f);
    f->registry->events.later(f->registry->events.context, schema_id);
}

static void finished(struct fetch *f, CURLcode rc) {
    struct registry *r = f->registry;
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(r->multi, f->easy);
    curl_easy_cleanup(f->easy);
    f->easy = NULL;
    json_t *root = rc == CURLE_OK && status == 200
                       ? json_loadb(f->answer.at, f->answer.size, 0, NULL)
                       : NULL;
    const char *schema = json_string_value(json_object_get(root, "schema"));
    int32_t schema_id = f->schema_id;
    if (schema) {
        release(f);
        r->events.found(r->events.context, schema_id, slice_of(schema));
    } else if (rc == CURLE_OK && status == 404) {
        release(f);
        r->events.missing(r->events.context, schema_id);
    } else {
        uv_timer_start(&f->pause, on_pause_over, ASK_AGAIN_MS, 0);
    }
    json_decref(root);
}

static void take_finished(struct registry *r) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(r->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *context;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
        CURLcode rc = message->data.result;
        finished((struct fetch *)(void *)context, rc);
    }
}

static void on_socket(uv_poll_t *poll, int status, int what) {
    struct socket_watch *w = poll->data;
    struct registry *r = w->registry;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (what & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (what & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    int running;
    curl_multi_socket_action(r->multi, w->fd, flags, &running);
    take_finished(r);
}

static void on_timer(uv_timer_t *timer) {
    struct registry *r = timer->data;
    int running;
    curl_multi_socket_action(r->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(r);
}

static int want_timer(CURLM *multi, long timeout_ms, void *context) {
    struct registry *r = context;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&r->timer);
    else
        uv_timer_start(&r->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void watch_closed(uv_handle_t *handle) {
    free(handle->data);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket) {
    struct registry *r = context;
    struct socket_watch *w = socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, watch_closed);
            curl_multi_assign(r->multi, fd, NULL);
        }
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof *w);
        CHECK(w);
        w->registry = r;
        w->fd = fd;
        w->poll.data = w;
        CHECK(uv_poll_init_socket(r->loop, &w->poll, fd) == 0);
        curl_multi_assign(r->multi, fd, w);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&w->poll, events, on_socket);
    return 0;
}

static void port_fetch(void *self, int32_t schema_id) {
    struct registry *r = self;
    struct fetch *idle = NULL;
    for (size_t i = 0; i < REGISTRY_FETCHES_MAX; i++) {
        if (r->fetches[i].schema_id == schema_id)
            return; /* asked already */
        if (r->fetches[i].schema_id == -1)
            idle = &r->fetches[i];
    }
    if (!idle)
        return; /* one of those under way will wake its partitions, which ask again */
    char address[1100];
    snprintf(address, sizeof address, "%s/schemas/ids/%d", r->url, schema_id);
    idle->schema_id = schema_id;
    idle->easy = curl_easy_init();
    CHECK(idle->easy);
    set_up(idle->easy, address, &idle->answer);
    curl_easy_setopt(idle->easy, CURLOPT_PRIVATE, idle);
    curl_multi_add_handle(r->multi, idle->easy);
}

struct registry *registry_new(const char *url, uv_loop_t *loop,
                              const struct registry_events *events) {
    struct registry *r = calloc(1, sizeof *r);
    CHECK(r);
    snprintf(r->url, sizeof r->url, "%s", url);
    r->loop = loop;
    r->events = *events;
    r->multi = curl_multi_init();
    CHECK(r->multi);
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    r->open_handles = 1;
    for (size_t i = 0; i < REGISTRY_FETCHES_MAX; i++) {
        struct fetch *f = &r->fetches[i];
        f->registry = r;
        f->schema_id = -1;
        buf_init(&f->answer);
        uv_timer_init(loop, &f->pause);
        f->pause.data = f;
        r->open_handles++;
    }
    return r;
}

struct schema_port registry_port(struct registry *r) {
    return (struct schema_port){.self = r, .fetch = port_fetch};
}

/* The last of its handles to close frees the registry. */
static void closed(struct registry *r) {
    if (--r->open_handles == 0)
        free(r);
}

static void pause_closed(uv_handle_t *handle) {
    closed(((struct fetch *)handle->data)->registry);
}

static void timer_closed(uv_handle_t *handle) {
    closed(handle->data);
}

void registry_free(struct registry *r) {
    if (!r)
        return;
    for (size_t i = 0; i < REGISTRY_FETCHES_MAX; i++) {
        struct fetch *f = &r->fetches[i];
        if (f->easy) {
            curl_multi_remove_handle(r->multi, f->easy);
            curl_easy_cleanup(f->easy);
        }
        buf_deinit(&f->answer);
        uv_close((uv_handle_t *)&f->pause, pause_closed);
    }
    curl_multi_cleanup(r->multi);
    uv_close((uv_handle_t *)&r->timer, timer_closed);
}
