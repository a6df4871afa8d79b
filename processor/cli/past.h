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
    /* The next events and their times in the log, `most` at most (1, unless their strings stay): as
     * many as *count says. Strings are valid until the next call. FAILED: `err` names the place;
     * nothing more can be read. END and FAILED may come with events that stand before that. */
    enum past_result (*take)(void *self, struct event *events, int64_t *log_ats, size_t most,
                             size_t *count, struct err *err);
    const struct past_counts *(*counts)(void *self);
    void (*close)(void *self);
};
