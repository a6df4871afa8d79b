/* An InteractionEvent as Avro bytes, written field by field in the schema's order. */
#ifndef FLOORSIM_RECORD_H
#define FLOORSIM_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

enum { RECORD_MAX_BYTES = 1024, RECORD_PREFIX_MAX = 10 };

/* What is written; fields that floorsim never sets are not here. NULL strings are null. */
struct record {
    const char *event_id;
    const char *tenant_id;
    const char *vendor_id;
    const char *site_id;
    int64_t source_seq;
    int64_t event_at;
    const char *interaction_id;
    const char *customer_key;
    int channel;
    const char *queue_id;
    const char *agent_id;
    const char *to_queue_id;
    int64_t talk_ms; /* 0 is null */
    enum event_type type;
    enum event_initiation initiation;
    enum event_priority priority;
    enum event_author author;
    enum event_end_cause end_cause;
};

/* The schema's field names in the order that record_write writes them, ended by NULL. */
extern const char *const record_fields[];

/* Writes the body; `out` has room for RECORD_MAX_BYTES. Returns its length. */
size_t record_write(const struct record *record, uint8_t *out);

#endif
