/* The KPI view as writes to Redis: what the tenant tasks show, collected into a batch of commands
 * whose keys and texts are those of CONTRACT *Redis*. Fields are written once, as they are sent. */
#pragma once

#include "base/buf.h"
#include "core/view.h"

#define VIEW_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of one batch; more is left out, and counted */
#define VIEW_BYTES_FULL (VIEW_BYTES_MAX / 2)
#define VIEW_BYTES_LEAST ((size_t)64 * 1024)

/* X(symbol, what the fields are) */
#define VIEW_COMMANDS(X)                                                                           \
    X(REPLACE_HASH, "the whole hash: names and values")                                            \
    X(SET_FIELDS, "names and values, beside those that are there")                                 \
    X(DEL_FIELDS, "names")                                                                         \
    X(ADD_MEMBERS, "names: members of a set")                                                      \
    X(PUBLISH, "one value; the key is the channel")

#define VIEW_COMMAND_ENUM(symbol, meaning) VIEW_COMMAND_##symbol,
enum view_command_kind { VIEW_COMMANDS(VIEW_COMMAND_ENUM) VIEW_COMMAND_COUNT };

#define VIEW_PART_FIELDS 500 /* at most: a script's stack bounds the arguments of one call */

/* Fields that lie one after the other, each an argument or two as the wire has them
 * (redis_command.h). */
struct view_part {
    struct slice text;
    size_t fields;
};

struct view_command {
    enum view_command_kind kind;
    struct slice key;
    const struct view_part *parts;
    size_t part_count, field_count;
};

struct view_batch; /* opaque */

struct view_batch *view_batch_new(void);
void view_batch_free(struct view_batch *b);
void view_batch_reset(struct view_batch *b);

/* Once so many bytes are to be sent, VIEW_BYTES_FULL at first and at most, the sink is full: scopes
 * wait for the next filling. One that was begun before fits below VIEW_BYTES_MAX. */
void view_batch_limit(struct view_batch *b, size_t bytes);

/* Says before the filling what the wall time is, and whether all that is true will be shown: then
 * what is not shown is taken from the hashes of open alerts and of objectives. Until this is said,
 * and after each reset: not all, and the time is not known. */
void view_batch_begin(struct view_batch *b, bool all, int64_t wall_at);

/* The sink that fills the batch; `instance` goes to the field `writer` of meta and must outlive
 * the filling. */
struct view view_batch_view(struct view_batch *b, struct slice instance);

/* Ends the filling: the batch can be walked from here until it is reset, which comes before the
 * next filling. */
void view_batch_seal(struct view_batch *b);

/* Commands of a sealed batch; slices are valid until it is reset. */
size_t view_batch_count(const struct view_batch *b);
struct view_command view_batch_at(const struct view_batch *b, size_t index);

/* Commands left out because of VIEW_BYTES_MAX since the batch was made. */
uint64_t view_batch_left_out(const struct view_batch *b);
