/* The KPI view as writes to Redis: keys and decimal texts exactly as CONTRACT *Redis* says. */
#pragma once

#include "core/view.h"

/* X(symbol, meaning) */
#define VIEW_COMMANDS(X)                                                                           \
    X(REPLACE_HASH, "the hash becomes exactly these fields")                                       \
    X(SET_FIELDS, "these fields of the hash; others stay")                                         \
    X(DEL_FIELDS, "these fields go; values are empty")                                             \
    X(ADD_MEMBERS, "field names are members added to a set; values are empty")                     \
    X(PUBLISH, "the one field's value goes to the channel `key`")

#define VIEW_COMMAND_ENUM(symbol, meaning) VIEW_COMMAND_##symbol,
enum view_command_kind { VIEW_COMMANDS(VIEW_COMMAND_ENUM) VIEW_COMMAND_COUNT };

struct view_field {
    struct slice name, value;
};

/* Views into the batch, valid until it changes. */
struct view_command {
    enum view_command_kind kind;
    struct slice key;
    const struct view_field *fields;
    size_t field_count;
};

struct view_batch; /* opaque */

struct view_batch *view_batch_new(void);
void view_batch_free(struct view_batch *b);
void view_batch_reset(struct view_batch *b); /* empty, memory kept */

/* The sink that fills the batch. `as_of` goes into meta as the writer's name does; both are views
 * for as long as the sink is used. */
struct view view_batch_view(struct view_batch *b, struct slice writer);

/* Ends filling: one PUBLISH per tenant with the scopes that changed. Call once before reading. */
void view_batch_seal(struct view_batch *b);

size_t view_batch_count(const struct view_batch *b);
struct view_command view_batch_at(const struct view_batch *b, size_t index);
