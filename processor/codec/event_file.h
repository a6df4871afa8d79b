/* The interaction events of one Avro container file, in their order. */
#pragma once

#include "core/dead_letter.h"
#include "core/event.h"

enum event_file_result {
    EVENT_FILE_EVENT,
    EVENT_FILE_REJECT, /* a dead letter: `fault` says why; the next one can be read */
    EVENT_FILE_END,
    EVENT_FILE_TORN, /* `fault->detail` says where and what; nothing more can be read */
};

struct event_file_fault {
    enum dead_letter_reason reason; /* REJECT */
    struct err detail;
};

struct event_file; /* opaque */

/* `file` is the whole file and outlives the object. NULL with a reason when it is no container file
 * of InteractionEvent. */
struct event_file *event_file_new(struct slice file, struct err *err);
void event_file_free(struct event_file *f);

/* Strings in `ev` are valid until the next call. *log_at is the record's log time where the file
 * has it (`floorwalker export` writes it), else event_at; INSTANT_NONE where there is neither. */
enum event_file_result event_file_next(struct event_file *f, struct event *ev, int64_t *log_at,
                                       struct event_file_fault *fault);

/* The strings of an event are valid as long as the file is: it is not compressed. */
bool event_file_is_plain(const struct event_file *f);

/* How many were read, refused ones included: the number of the last one, from 1. */
int64_t event_file_count(const struct event_file *f);
