#include "cli/schema_source.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "codec/canonical.h"
#include "codec/schema_text.h"
#include "io/registry.h"

#define FOLDER_PREFIX "file:"
#define SCHEMA_FILE_MAX ((size_t)1 << 20)
#define KNOWN_MAX 256
#define WAIT_MS 10000 /* for the registry's answer */

struct known {
    struct frame frame;
    struct slice json; /* owned */
};

struct schema_source {
    const char *source;
    struct known known[KNOWN_MAX];
    size_t count;
};

/* What one question to the registry came to. */
struct answer {
    struct slice json; /* owned; where it was found */
    enum schema_found found;
    struct err err;
    bool come;
};

struct schema_source *schema_source_new(const char *source) {
    struct schema_source *s = calloc(1, sizeof(*s));
    CHECK(s);
    s->source = source;
    return s;
}

static void free_text(struct slice json) {
    free((char *)(uintptr_t)json.at);
}

void schema_source_free(struct schema_source *s) {
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free_text(s->known[i].json);
    free(s);
}

static void on_found(void *context, int32_t schema_id, struct slice json) {
    struct answer *a = context;
    a->json = slice_copy(json);
    a->come = true;
    (void)schema_id;
}

static void on_missing(void *context, int32_t schema_id) {
    struct answer *a = context;
    a->found = SCHEMA_UNKNOWN;
    err_set(&a->err, "the schema registry does not know id %d", schema_id);
    a->come = true;
}

static void on_later(void *context, int32_t schema_id) {
    struct answer *a = context;
    a->found = SCHEMA_NO_ANSWER;
    err_set(&a->err, "the schema registry does not answer, asked for id %d", schema_id);
    a->come = true;
}

static void on_timeout(uv_timer_t *timer) {
    on_later(timer->data, 0);
}

static enum schema_found ask_registry(const char *url, int32_t schema_id, struct slice *json,
                                      struct err *err) {
    struct answer answer = {.found = SCHEMA_FOUND};
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
    *json = answer.json;
    if (answer.found != SCHEMA_FOUND)
        *err = answer.err;
    return answer.found;
}

/* This file's schema if it has the fingerprint. */
static bool try_file(const char *path, uint64_t fingerprint, struct slice *json) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    struct buf text;
    buf_init(&text);
    text.size = fread(buf_reserve(&text, SCHEMA_FILE_MAX), 1, SCHEMA_FILE_MAX, file);
    fclose(file);
    uint64_t found;
    bool fits = canonical_fingerprint(buf_slice(&text), &found, NULL) && found == fingerprint;
    if (fits)
        *json = slice_copy(buf_slice(&text));
    buf_deinit(&text);
    return fits;
}

static enum schema_found search_folder(const char *folder, uint64_t fingerprint, struct slice *json,
                                       struct err *err) {
    bool found = false;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".avsc") != 0)
            continue;
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        found = try_file(path, fingerprint, json);
    }
    if (dir)
        closedir(dir);
    if (!found)
        (void)err_set(err, "no schema in %s has the fingerprint %016llx", folder,
                      (unsigned long long)fingerprint);
    return found ? SCHEMA_FOUND : SCHEMA_UNKNOWN;
}

/* Those that travel inside the program need no source. */
static bool is_ours(uint64_t fingerprint, struct slice *json) {
    for (int i = 0; i < SCHEMA_COUNT; i++) {
        if (fingerprint != schema_fingerprint((enum schema_id)i))
            continue;
        *json = slice_copy(schema_text((enum schema_id)i));
        return true;
    }
    return false;
}

static enum schema_found obtain(const struct schema_source *s, const struct frame *frame,
                                struct slice *json, struct err *err) {
    bool folder = strncmp(s->source, FOLDER_PREFIX, strlen(FOLDER_PREFIX)) == 0;
    if (frame->kind == FRAME_FINGERPRINT && is_ours(frame->fingerprint, json))
        return SCHEMA_FOUND;
    if (frame->kind == FRAME_ID && !folder)
        return ask_registry(s->source, frame->schema_id, json, err);
    if (frame->kind == FRAME_FINGERPRINT && folder)
        return search_folder(s->source + strlen(FOLDER_PREFIX), frame->fingerprint, json, err);
    (void)err_set(err, "the record names its schema in a way that %s cannot answer", s->source);
    return SCHEMA_UNKNOWN;
}

bool schema_source_same(const struct frame *a, const struct frame *b) {
    if (a->kind != b->kind)
        return false;
    return a->kind == FRAME_ID ? a->schema_id == b->schema_id : a->fingerprint == b->fingerprint;
}

enum schema_found schema_source_find(struct schema_source *s, const struct frame *frame,
                                     struct slice *json, struct err *err) {
    for (size_t i = 0; i < s->count; i++) {
        if (!schema_source_same(&s->known[i].frame, frame))
            continue;
        *json = s->known[i].json;
        return SCHEMA_FOUND;
    }
    enum schema_found found = obtain(s, frame, json, err);
    if (found != SCHEMA_FOUND)
        return found;
    if (s->count == KNOWN_MAX)
        free_text(s->known[--s->count].json);
    s->known[s->count++] = (struct known){*frame, *json};
    return SCHEMA_FOUND;
}
