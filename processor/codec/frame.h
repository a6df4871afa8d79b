/* What stands before an Avro body: the Confluent wire format or the single-object encoding. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum frame_kind { FRAME_ID, FRAME_FINGERPRINT };

struct frame {
    enum frame_kind kind;
    int32_t schema_id;    /* FRAME_ID: 0 and a 4-byte big-endian id */
    uint64_t fingerprint; /* FRAME_FINGERPRINT: C3 01 and 8 bytes little-endian */
    struct slice body;    /* view into the value */
};

/* False with a reason when the value begins with neither. */
MUST_USE bool frame_parse(struct slice value, struct frame *frame, struct err *err);

/* Appends the header; the body is the caller's to append. */
void frame_put(const struct frame *frame, struct buf *out);
