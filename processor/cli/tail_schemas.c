#include "cli/tail_schemas.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "codec/canonical.h"
#include "codec/schema_text.h"
#include "io/registry.h"

#define FOLDER_PREFIX "file:"
#define SCHEMA_FILE_MAX ((size_t)1 << 20)
#define READERS_MAX 256
#define WAIT_MS 10000 /* for the registry's answer */

struct known {
    struct frame frame;
    struct alert_reader *reader; /* NULL: cannot be had */
};

struct tail_schemas {
    const char *source;
    struct known known[READERS_MAX];
    size_t count;
};

/* What one question to the registry came to. */
struct answer {
    struct alert_reader *reader;
    struct err err;
    bool come;
};

struct tail_schemas *tail_schemas_new(const char *source) {
    struct tail_schemas *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->source = source;
    return t;
}

void tail_schemas_free(struct tail_schemas *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        alert_reader_free(t->known[i].reader);
    free(t);
}

static void on_found(void *context, int32_t schema_id, struct slice json) {
    struct answer *a = context;
    a->reader = alert_reader_new(json, &a->err);
    a->come = true;
    (void)schema_id;
}

static void on_missing(void *context, int32_t schema_id) {
    struct answer *a = context;
    err_set(&a->err, "the schema registry does not know id %d", schema_id);
    a->come = true;
}

static void on_later(void *context, int32_t schema_id) {
    struct answer *a = context;
    err_set(&a->err, "the schema registry does not answer, asked for id %d", schema_id);
    a->come = true;
}

static void on_timeout(uv_timer_t *timer) {
    on_later(timer->data, 0);
}

static struct alert_reader *ask_registry(const char *url, int32_t schema_id, struct err *err) {
    struct answer answer = {0};
    uv_loop_t loop;
    uv_timer_t timer;
    struct registry_events events = {&answer, on_found, on_missing, on_later};
    CHECK(uv_loop_init(&loop) == 0);
    uv_timer_init(&loop, &timer);
    timer.data = &answer;
    uv_timer_start(&timer, on_timeout, WAIT_MS, 0);
    struct registry *registry = registry_new(url, &loop, &events);
    struct schema_port port = registry_port(registry);
    port.fetch(port.self, schema_id);
    while (!answer.come)
        uv_run(&loop, UV_RUN_ONCE);
    registry_free(registry);
    uv_close((uv_handle_t *)&timer, NULL);
    while (uv_loop_close(&loop) == UV_EBUSY)
        uv_run(&loop, UV_RUN_ONCE);
    if (!answer.reader)
        *err = answer.err;
    return answer.reader;
}

/* The reader of this file's schema if it has the fingerprint. */
static struct alert_reader *try_file(const char *path, uint64_t fingerprint) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct buf text;
    buf_init(&text);
    text.size = fread(buf_reserve(&text, SCHEMA_FILE_MAX), 1, SCHEMA_FILE_MAX, file);
    fclose(file);
    uint64_t found;
    struct alert_reader *reader = NULL;
    if (canonical_fingerprint(buf_slice(&text), &found, NULL) && found == fingerprint)
        reader = alert_reader_new(buf_slice(&text), NULL);
    buf_deinit(&text);
    return reader;
}

static struct alert_reader *search_folder(const char *folder, uint64_t fingerprint,
                                          struct err *err) {
    struct alert_reader *reader = NULL;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && !reader && (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".avsc") != 0)
            continue;
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        reader = try_file(path, fingerprint);
    }
    if (dir)
        closedir(dir);
    if (!reader)
        err_set(err, "no schema in %s has the fingerprint %016llx", folder,
                (unsigned long long)fingerprint);
    return reader;
}

static struct alert_reader *obtain(const struct tail_schemas *t, const struct frame *frame,
                                   struct err *err) {
    bool folder = strncmp(t->source, FOLDER_PREFIX, strlen(FOLDER_PREFIX)) == 0;
    if (frame->kind == FRAME_FINGERPRINT && frame->fingerprint == schema_fingerprint(SCHEMA_ALERT))
        return alert_reader_new(schema_text(SCHEMA_ALERT), err);
    if (frame->kind == FRAME_ID && !folder)
        return ask_registry(t->source, frame->schema_id, err);
    if (frame->kind == FRAME_FINGERPRINT && folder)
        return search_folder(t->source + strlen(FOLDER_PREFIX), frame->fingerprint, err);
    err_set(err, "the record names its schema in a way that %s cannot answer", t->source);
    return NULL;
}

static bool same_schema(const struct frame *a, const struct frame *b) {
    if (a->kind != b->kind)
        return false;
    return a->kind == FRAME_ID ? a->schema_id == b->schema_id : a->fingerprint == b->fingerprint;
}

struct alert_reader *tail_schemas_find(struct tail_schemas *t, const struct frame *frame,
                                       struct err *err) {
    for (size_t i = 0; i < t->count; i++) {
        if (same_schema(&t->known[i].frame, frame))
            return t->known[i].reader;
    }
    struct alert_reader *reader = obtain(t, frame, err);
    if (!reader)
        return NULL;
    if (t->count == READERS_MAX)
        alert_reader_free(t->known[--t->count].reader);
    t->known[t->count++] = (struct known){*frame, reader};
    return reader;
}
