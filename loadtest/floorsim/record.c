#include "record.h"

#include <string.h>

const char *const record_fields[] = {
    "event_id",       "tenant_id",      "vendor_id",  "site_id",
    "source",         "source_seq",     "event_at",   "emitted_at",
    "revision",       "interaction_id", "journey_id", "parent_interaction_id",
    "customer_key",   "channel",        "direction",  "initiation",
    "type",           "queue_id",       "skill",      "language",
    "contact_reason", "priority",       "agent_id",   "to_queue_id",
    "to_agent_id",    "leg_id",         "status",     "author",
    "public",         "end_cause",      "resolved",   "queue_wait_ms",
    "talk_ms",        "hold_ms",        "wrap_ms",    "sentiment",
    "order_ref_key",  "attrs",          NULL};

static uint8_t *put_long(uint8_t *out, int64_t value) {
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);

    for (; zigzag >= 0x80; zigzag >>= 7)
        *out++ = (uint8_t)(zigzag | 0x80);
    *out++ = (uint8_t)zigzag;
    return out;
}

static uint8_t *put_string(uint8_t *out, const char *text) {
    size_t length = strlen(text);

    out = put_long(out, (int64_t)length);
    memcpy(out, text, length);
    return out + length;
}

static uint8_t *put_null(uint8_t *out) {
    *out++ = 0;
    return out;
}

static uint8_t *put_optional(uint8_t *out, const char *text) {
    if (text == NULL)
        return put_null(out);
    *out++ = 2;
    return put_string(out, text);
}

static uint8_t *put_optional_long(uint8_t *out, int64_t value) {
    if (value == 0)
        return put_null(out);
    *out++ = 2;
    return put_long(out, value);
}

static uint8_t *put_envelope(uint8_t *out, const struct record *record) {
    out = put_string(out, record->event_id);
    out = put_string(out, record->tenant_id);
    out = put_string(out, record->vendor_id);
    out = put_string(out, record->site_id);
    out = put_string(out, "floorsim");
    out = put_optional_long(out, record->source_seq);
    out = put_long(out, record->event_at);
    out = put_null(out); /* emitted_at */
    return put_long(out, 0);
}

size_t record_write(const struct record *record, uint8_t *out) {
    const uint8_t *begin = out;

    out = put_envelope(out, record);
    out = put_string(out, record->interaction_id);
    out = put_null(out); /* journey_id */
    out = put_null(out); /* parent_interaction_id */
    out = put_optional(out, record->customer_key);
    out = put_long(out, record->channel);
    out = put_long(out, 1); /* direction INBOUND */
    out = put_long(out, (int64_t)record->initiation);
    out = put_long(out, (int64_t)record->type);
    out = put_optional(out, record->queue_id);
    out = put_null(out); /* skill */
    out = put_null(out); /* language */
    out = put_null(out); /* contact_reason */
    out = put_long(out, (int64_t)record->priority);
    out = put_optional(out, record->agent_id);
    out = put_optional(out, record->to_queue_id);
    out = put_null(out); /* to_agent_id */
    out = put_null(out); /* leg_id */
    out = put_null(out); /* status */
    out = put_long(out, (int64_t)record->author);
    *out++ = 1; /* public */
    out = put_long(out, (int64_t)record->end_cause);
    out = put_null(out); /* resolved */
    out = put_null(out); /* queue_wait_ms */
    out = put_optional_long(out, record->talk_ms);
    out = put_null(out); /* hold_ms */
    out = put_null(out); /* wrap_ms */
    out = put_null(out); /* sentiment */
    out = put_null(out); /* order_ref_key */
    out = put_null(out); /* attrs: no block */
    return (size_t)(out - begin);
}
