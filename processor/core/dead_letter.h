/* A record that could not be used: why, and where it stands. */
#pragma once

#include "base/slice.h"

/* X(symbol, name): the order is that of the Avro enum. */
#define DEAD_LETTER_REASONS(X)                                                                     \
    X(UNKNOWN, "unknown") X(UNDECODABLE, "undecodable") X(UNKNOWN_SCHEMA, "unknown_schema")        \
    X(INVALID, "invalid") X(TOO_LATE, "too_late") X(FUTURE, "future")                              \
    X(IMPOSSIBLE_MOVE, "impossible_move") X(TOO_LARGE, "too_large")

#define DEAD_LETTER_ENUM(symbol, name) DEAD_##symbol,
enum dead_letter_reason { DEAD_LETTER_REASONS(DEAD_LETTER_ENUM) DEAD_REASON_COUNT };

const char *dead_letter_reason_name(enum dead_letter_reason reason);

#define DEAD_LETTER_BYTES_MAX ((size_t)64 * 1024) /* key and value are cut to this */

/* Where a record stands in the log, and what it was. */
struct record_place {
    struct slice topic;
    int32_t partition;
    int64_t offset;
    int64_t log_at; /* the record's Kafka timestamp */
    struct slice key;
    struct slice value;
    int32_t schema_id; /* -1: none */
};

/* Whose record it was, as far as it says so; empty: not known. */
struct record_sender {
    struct slice tenant, site;
};

struct dead_letter {
    struct record_place place; /* value may be empty where it is no longer held */
    enum dead_letter_reason reason;
    struct slice detail; /* a sentence for a person */
    int64_t at;          /* clock of the task */
};

/* With key and value cut. */
static inline struct dead_letter dead_letter_of(const struct record_place *place,
                                                enum dead_letter_reason reason, struct slice detail,
                                                int64_t at) {
    struct dead_letter letter = {*place, reason, detail, at};
    if (letter.place.key.size > DEAD_LETTER_BYTES_MAX)
        letter.place.key.size = DEAD_LETTER_BYTES_MAX;
    if (letter.place.value.size > DEAD_LETTER_BYTES_MAX)
        letter.place.value.size = DEAD_LETTER_BYTES_MAX;
    return letter;
}
