/* Schemas before the start: ours are registered where missing, those of a folder are loaded. */
#pragma once

#include "engine/engine.h"

/* `source` is the setting schema_registry: a URL, or file:DIR. With a registry, waits until it
 * answers and says so; with a folder, fingerprints are written. */
MUST_USE bool shell_schemas_register(const char *source, const struct note_port *note,
                                     bool (*stop)(void), struct record_framing *framing,
                                     struct err *err);

/* The same of one record alone. */
MUST_USE bool shell_schemas_register_one(const char *source, const struct note_port *note,
                                         bool (*stop)(void), enum schema_id id, struct frame *frame,
                                         struct err *err);

/* With file:DIR, every *.avsc of the folder is handed to `add`; no effect with a registry. */
typedef bool shell_schemas_add_fn(void *context, struct slice json, struct err *err);
MUST_USE bool shell_schemas_load_folder(const char *source, shell_schemas_add_fn *add,
                                        void *context, struct err *err);
