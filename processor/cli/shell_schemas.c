#include "cli/shell_schemas.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/registry.h"

#define FILE_PREFIX "file:"
#define SCHEMA_FILE_MAX ((size_t)1 << 20)

static const char *folder_of(const char *source) {
    size_t size = strlen(FILE_PREFIX);
    return strncmp(source, FILE_PREFIX, size) == 0 ? source + size : NULL;
}

bool shell_schemas_register_one(const char *source, const struct note_port *note,
                                bool (*stop)(void), enum schema_id id, struct frame *frame,
                                struct err *err) {
    if (folder_of(source)) {
        *frame = (struct frame){.kind = FRAME_FINGERPRINT, .fingerprint = schema_fingerprint(id)};
        return true;
    }
    bool retriable;
    while (!registry_register(source, schema_name(id), schema_text(id).at, &frame->schema_id,
                              &retriable, err)) {
        if (!retriable || stop())
            return false;
        char members[1200];
        snprintf(members, sizeof members,
                 "\"registry\":\"%s\",\"text\":\"the schema registry does not answer; trying "
                 "again\"",
                 source);
        note->note(note->self, LOG_LEVEL_WARN, "registry_wait", members);
        sleep(1);
    }
    frame->kind = FRAME_ID;
    return true;
}

bool shell_schemas_register(const char *source, const struct note_port *note, bool (*stop)(void),
                            struct record_framing *framing, struct err *err) {
    for (int i = 0; i < SCHEMA_COUNT; i++)
        if (!shell_schemas_register_one(source, note, stop, (enum schema_id)i, &framing->of[i],
                                        err))
            return false;
    return true;
}

static bool load_file(const char *path, shell_schemas_add_fn *add, void *context, struct err *err) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_set(err, "%s: the schema cannot be read", path);
    struct buf text;
    buf_init(&text);
    size_t size = fread(buf_reserve(&text, SCHEMA_FILE_MAX), 1, SCHEMA_FILE_MAX, file);
    fclose(file);
    bool ok = add(context, (struct slice){text.at, size}, err);
    buf_deinit(&text);
    return ok || err_wrap(err, "%s", path);
}

bool shell_schemas_load_folder(const char *source, shell_schemas_add_fn *add, void *context,
                               struct err *err) {
    const char *folder = folder_of(source);
    if (!folder)
        return true;
    DIR *dir = opendir(folder);
    if (!dir)
        return err_set(err, "schema_registry: the folder %s cannot be read", folder);
    bool ok = true;
    struct dirent *entry;
    while (ok && (entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".avsc") != 0)
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        ok = load_file(path, add, context, err);
    }
    closedir(dir);
    return ok;
}
