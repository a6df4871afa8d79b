#include "cli/export_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/check.h"
#include "codec/container_writer.h"
#include "codec/schema_text.h"
#include "codec/schema_tree.h"

/* One schema's file; of ticks there is none. */
struct export_file {
    struct frame frame;
    char *path;
    FILE *file;
    struct container_writer *writer;
    char name[256]; /* of the record */
};

struct export_files {
    const char *path;
    enum container_codec codec;
    struct schema_source *schemas;
    struct export_file of[EXPORT_FILES_MAX];
    size_t count;
    size_t named; /* that have a path */
};

struct export_files *export_files_new(const char *path, const char *schema_registry,
                                      enum container_codec codec) {
    struct export_files *x = calloc(1, sizeof(*x));
    CHECK(x);
    x->path = path;
    x->codec = codec;
    x->schemas = schema_source_new(schema_registry);
    return x;
}

void export_files_free(struct export_files *x) {
    if (!x)
        return;
    for (size_t i = 0; i < x->count; i++) {
        if (x->of[i].file)
            fclose(x->of[i].file);
        container_writer_free(x->of[i].writer);
        free(x->of[i].path);
    }
    schema_source_free(x->schemas);
    free(x);
}

/* "calls.avro", then "calls-2.avro". */
static char *path_of(const char *path, size_t number) {
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    char *made;
    int size = number == 1 ? asprintf(&made, "%s", path)
                           : asprintf(&made, "%.*s-%zu%s", (int)stem, path, number, dot ? dot : "");
    CHECK(size >= 0);
    return made;
}

static bool write_out(struct export_file *f, struct err *err) {
    struct buf *bytes = container_writer_bytes(f->writer);
    bool right = fwrite(bytes->at, 1, bytes->size, f->file) == bytes->size;
    buf_reset(bytes);
    return right || err_set(err, "%s: %s", f->path, strerror(errno));
}

static bool begin_file(struct export_files *x, struct export_file *f, struct slice json,
                       struct err *err) {
    struct buf schema;
    char sync[CONTAINER_SYNC_SIZE];
    f->path = path_of(x->path, ++x->named);
    f->file = fopen(f->path, "wbe");
    if (!f->file)
        return err_set(err, "%s: %s", f->path, strerror(errno));
    CHECK(getrandom(sync, sizeof(sync), 0) == sizeof(sync));
    buf_init(&schema);
    bool right = container_writer_schema(json, &schema, err);
    if (right)
        f->writer = container_writer_new(buf_slice(&schema), x->codec, sync);
    buf_deinit(&schema);
    return right;
}

/* A schema that is met for the first time, as JSON. */
static enum export_result begin_json(struct export_files *x, const struct frame *frame,
                                     struct slice json, struct err *err) {
    struct schema_tree *tree = schema_tree_new(json, err);
    if (!tree)
        return EXPORT_NONE;
    struct export_file *f = &x->of[x->count++];
    f->frame = *frame;
    f->frame.body = (struct slice){NULL, 0};
    snprintf(f->name, sizeof(f->name), SLICE_FMT, SLICE_ARG(schema_tree_root(tree)->name));
    schema_tree_free(tree);
    bool tick = strcmp(f->name, schema_name(SCHEMA_TICK)) == 0;
    return tick || begin_file(x, f, json, err) ? EXPORT_DONE : EXPORT_FAILED;
}

static enum export_result begin_schema(struct export_files *x, const struct frame *frame,
                                       struct err *err) {
    struct slice json;
    if (x->count == EXPORT_FILES_MAX) {
        (void)err_set(err, "the topic has more than %d writers' schemas", EXPORT_FILES_MAX);
        return EXPORT_FAILED;
    }
    switch (schema_source_find(x->schemas, frame, &json, err)) {
    case SCHEMA_FOUND: return begin_json(x, frame, json, err);
    case SCHEMA_UNKNOWN: return EXPORT_NONE;
    case SCHEMA_NO_ANSWER: break;
    }
    return EXPORT_FAILED;
}

static struct export_file *find(struct export_files *x, const struct frame *frame) {
    for (size_t i = 0; i < x->count; i++)
        if (schema_source_same(&x->of[i].frame, frame))
            return &x->of[i];
    return NULL;
}

enum export_result export_files_add(struct export_files *x, struct slice value, int64_t log_at,
                                    struct err *err) {
    struct frame frame;
    if (!frame_parse(value, &frame, err))
        return EXPORT_NONE;
    struct export_file *f = find(x, &frame);
    if (!f) {
        enum export_result begun = begin_schema(x, &frame, err);
        if (begun != EXPORT_DONE)
            return begun;
        f = &x->of[x->count - 1];
    }
    if (!f->writer)
        return EXPORT_DONE;
    container_writer_add(f->writer, log_at, frame.body);
    bool full = container_writer_bytes(f->writer)->size >= CONTAINER_WRITE_AT;
    return !full || write_out(f, err) ? EXPORT_DONE : EXPORT_FAILED;
}

bool export_files_finish(struct export_files *x, struct err *err) {
    for (size_t i = 0; i < x->count; i++) {
        struct export_file *f = &x->of[i];
        if (!f->writer)
            continue;
        container_writer_finish(f->writer);
        bool right = write_out(f, err);
        if (fclose(f->file) != 0 && right)
            right = err_set(err, "%s: %s", f->path, strerror(errno));
        f->file = NULL;
        if (!right)
            return false;
        printf("%s: %llu records of %s\n", f->path,
               (unsigned long long)container_writer_count(f->writer), f->name);
    }
    return true;
}
