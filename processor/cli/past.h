/* Past interaction events as one stream, wherever they come from. */
#pragma once

#include "base/err.h"
#include "core/dead_letter.h"
#include "core/event.h"

struct past_counts {
    uint64_t events;  /* handed out */
    uint64_t outside; /* of another time than was asked for */
    uint64_t refused[DEAD_REASON_COUNT];
    struct err first_refusal; /* with its place; or empty */
};

enum past_result { PAST_EVENT, PAST_END, PAST_FAILED };

struct past_source {
    void *self;
    bool stays; /* strings are valid until the source is closed */
    /* The next event and its time in the log. Strings are valid until the next call. FAILED: `err`
     * names the place; nothing more can be read. */
    enum past_result (*next)(void *self, struct event *event, int64_t *log_at, struct err *err);
    const struct past_counts *(*counts)(void *self);
    void (*close)(void *self);
};
