/* Records of one input topic, whoever wrote them, to events: framing, the writers' schemas, plans.
 *
 * Knows no registry and no clock: the caller fetches schemas and says what time it is. */
#pragma once

#include "base/err.h"
#include "codec/command_slots.h"
#include "codec/forecast_slots.h"
#include "core/dead_letter.h"
#include "core/event.h"

#define DECODER_RECORD_MAX ((size_t)1024 * 1024) /* bytes of value; more is TOO_LARGE */
#define DECODER_SCHEMAS_MAX 4096                 /* writers' schemas of one topic */

enum decode_result {
    DECODED_EVENT,
    DECODED_COMMAND,
    DECODED_FORECAST,
    DECODED_TICK,       /* says nothing but its log time */
    DECODED_OTHER,      /* a record of the topic that is not used here: as a tick */
    DECODE_NEED_SCHEMA, /* ask the registry for fault->schema_id, then decode again */
    DECODE_REJECT,      /* a dead letter; fault says why */
};

struct decode_fault {
    enum dead_letter_reason reason; /* REJECT */
    int32_t schema_id;              /* -1: the record names none */
    struct record_sender sender;    /* REJECT, of an event: views into the value */
    struct err detail;              /* REJECT: a sentence for a person */
};

struct decoder; /* opaque */

/* `topic` without prefix. A topic without a row in decoder.c's table rejects all records. */
struct decoder *decoder_new(struct slice topic);
void decoder_free(struct decoder *d);

/* One record. `key` with .at NULL is a record without key. Strings in `ev` are views into `value`.
 * An event is complete (event_is_valid), and its key is its interaction_id. `fault` is filled with
 * NEED_SCHEMA and REJECT; its schema_id always. */
enum decode_result decoder_decode(struct decoder *d, struct slice key, struct slice value,
                                  int64_t now_at, struct event *ev, struct decode_fault *fault);

/* The same of the topic `tenants`, where a record's key is its tenant_id. */
struct tenant_record {
    struct command_record command;   /* DECODED_COMMAND */
    struct forecast_record forecast; /* DECODED_FORECAST */
};
enum decode_result decoder_decode_tenant(struct decoder *d, struct slice key, struct slice value,
                                         int64_t now_at, struct tenant_record *record,
                                         struct decode_fault *fault);

/* What the registry gave for an id. False with the reason when the text is no schema or the table
 * is full; records with this id are then rejected for that reason. */
MUST_USE bool decoder_add_schema(struct decoder *d, int32_t schema_id, struct slice json,
                                 struct err *err);

/* The registry does not know the id: until `until_at` its records are rejected as UNKNOWN_SCHEMA,
 * after that it is asked for again. */
void decoder_add_missing(struct decoder *d, int32_t schema_id, int64_t until_at);

/* A schema of a folder, found by its fingerprint. */
MUST_USE bool decoder_add_file_schema(struct decoder *d, struct slice json, struct err *err);

size_t decoder_schema_count(const struct decoder *d);
