/* Avro's Parsing Canonical Form, which schema fingerprints are taken of. */
#ifndef FLOORSIM_CANONICAL_H
#define FLOORSIM_CANONICAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes the form of a schema into `out`; false when it does not fit or makes no sense. */
bool canonical_form(const json_t *schema, char *out, size_t size);

#endif
