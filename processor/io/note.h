/* The structured log on stderr: one line per note, JSON or text, by one writer thread-safely. */
#pragma once

#include "engine/ports.h"

struct note_options {
    enum log_level level; /* what is below is not written */
    bool json;
};

/* The port holds a pointer to `options`, which must outlive it. */
struct note_port note_port_of(const struct note_options *options);

bool note_level_parse(struct slice name, enum log_level *level);
