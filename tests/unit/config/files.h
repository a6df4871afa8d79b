/* Files that a test makes for itself in a folder of its own, and the faults as one text. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "config/fault.h"

struct files {
    char folder[32];
    char *names[8]; /* owned */
    size_t count;
};

static inline void files_init(struct files *f) {
    *f = (struct files){.folder = "/tmp/floorwalker-XXXXXX"};
    CHECK(mkdtemp(f->folder));
}

/* The path of a new file; valid until files_deinit. */
static inline const char *files_add(struct files *f, const char *name, const char *text) {
    CHECK(f->count < 8);
    char *path;
    CHECK(asprintf(&path, "%s/%s", f->folder, name) >= 0);
    f->names[f->count++] = path;
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

static inline void files_deinit(struct files *f) {
    for (size_t i = 0; i < f->count; i++) {
        unlink(f->names[i]);
        free(f->names[i]);
    }
    rmdir(f->folder);
}

/* What would be printed, with the folder's name cut out; the caller frees it. */
static inline char *files_faults(const struct files *f, const struct faults *faults) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    faults_print(faults, out);
    fclose(out);
    size_t folder = strlen(f->folder);
    for (char *at; folder > 0 && (at = strstr(text, f->folder)) != NULL;)
        memmove(at, at + folder + 1, strlen(at + folder + 1) + 1);
    return text;
}
