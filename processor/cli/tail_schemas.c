#include "cli/tail_schemas.h"

#include <stdlib.h>

#include "base/check.h"
#include "cli/schema_source.h"

#define READERS_MAX 256

struct known {
    struct frame frame;
    struct alert_reader *reader;
};

struct tail_schemas {
    struct schema_source *source;
    struct known known[READERS_MAX];
    size_t count;
};

struct tail_schemas *tail_schemas_new(const char *source) {
    struct tail_schemas *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->source = schema_source_new(source);
    return t;
}

void tail_schemas_free(struct tail_schemas *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        alert_reader_free(t->known[i].reader);
    schema_source_free(t->source);
    free(t);
}

struct alert_reader *tail_schemas_find(struct tail_schemas *t, const struct frame *frame,
                                       struct err *err) {
    for (size_t i = 0; i < t->count; i++) {
        if (schema_source_same(&t->known[i].frame, frame))
            return t->known[i].reader;
    }
    struct slice json;
    struct alert_reader *reader = NULL;
    if (schema_source_find(t->source, frame, &json, err) == SCHEMA_FOUND)
        reader = alert_reader_new(json, err);
    if (!reader)
        return NULL;
    if (t->count == READERS_MAX)
        alert_reader_free(t->known[--t->count].reader);
    t->known[t->count++] = (struct known){*frame, reader};
    return reader;
}
