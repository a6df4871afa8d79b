#include "io/note.h"

#include <stdio.h>

#include "base/instant.h"
#include "io/wall.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void note(void *self, enum log_level level, const char *event, const char *members) {
    const struct note_options *o = self;
    if (level < o->level)
        return;
    char at[32];
    instant_format(wall_now(), at);
    /* One call, one line: stdio locks the stream. */
    if (o->json)
        fprintf(stderr, "{\"at\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"%s%s}\n", at,
                level_names[level], event, *members ? "," : "", members);
    else
        fprintf(stderr, "%s %-5s %s %s\n", at, level_names[level], event, members);
}

struct note_port note_port_of(const struct note_options *options) {
    return (struct note_port){.self = (void *)(uintptr_t)options, .note = note};
}

bool note_level_parse(struct slice name, enum log_level *level) {
    for (int i = 0; i <= LOG_LEVEL_ERROR; i++) {
        if (!slice_equal(name, slice_of(level_names[i])))
            continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}
