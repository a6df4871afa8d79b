/* The InteractionEvent schema: read from its file, held against what record.c writes, and made
 * known, which gives the bytes that stand before each record. */
#ifndef FLOORSIM_SCHEMA_H
#define FLOORSIM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct schema {
    uint8_t prefix[RECORD_PREFIX_MAX];
    size_t prefix_length;
    bool registered; /* Confluent framing: byte 0 and a schema id */
};

/* `folder` holds InteractionEvent.avsc; `registry` is a URL, or file:DIR for single-object
 * encoding. Returns false with a sentence on stderr. */
bool schema_init(struct schema *schema, const char *folder, const char *registry);

/* CRC-64-AVRO, the fingerprint of single-object encoding. */
uint64_t schema_fingerprint(const char *canonical, size_t length);

#endif
