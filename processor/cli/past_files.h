/* Avro container files of interaction events as one stream: of all files the next event is always
 * the one with the earliest time. */
#pragma once

#include "cli/past.h"

struct past_files_options {
    char *const *paths;
    size_t count;
    int64_t from_at,
        to_at;         /* events of [from_at, to_at) by their time; INSTANT_NONE, INSTANT_MAX */
    int64_t latest_at; /* what claims to be later is FUTURE */
};

/* The time of an event is its log time where the file has it, else event_at. False with a reason
 * that names the file. */
MUST_USE bool past_files_open(const struct past_files_options *options, struct past_source *source,
                              struct err *err);
