/* Avro container files of interaction events as one stream: of all files the next event is always
 * the one with the earliest time. */
#pragma once

#include "base/err.h"
#include "core/dead_letter.h"
#include "core/event.h"

struct past_files_options {
    char *const *paths;
    size_t count;
    int64_t from_at,
        to_at;         /* events of [from_at, to_at) by their time; INSTANT_NONE, INSTANT_MAX */
    int64_t latest_at; /* what claims to be later is FUTURE */
};

struct past_files_counts {
    uint64_t events;  /* handed out */
    uint64_t outside; /* of another time than was asked for */
    uint64_t refused[DEAD_REASON_COUNT];
    struct err first_refusal; /* with file and number of the record; or empty */
};

enum past_files_result { PAST_EVENT, PAST_END, PAST_FAILED };

struct past_files; /* opaque */

/* NULL with a reason that names the file. */
struct past_files *past_files_open(const struct past_files_options *options, struct err *err);
void past_files_close(struct past_files *p);

/* The next event and its time: the record's log time where the file has it, else event_at. Strings
 * are valid until the next call. FAILED: `err` names file and block. */
enum past_files_result past_files_next(struct past_files *p, struct event *event, int64_t *log_at,
                                       struct err *err);

const struct past_files_counts *past_files_counts(const struct past_files *p);
