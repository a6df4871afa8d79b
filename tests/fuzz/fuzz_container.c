/* Any bytes as an Avro container file of events. */
#include "fuzz.h"

#include "codec/event_file.h"

#define EVENTS_MOST 10000 /* of a record with no bytes in it there may be many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err err;
    struct event_file *file = event_file_new((struct slice){(const char *)data, size}, &err);
    struct event_file_fault fault;
    struct event ev;
    int64_t log_at;
    for (int i = 0; file && i < EVENTS_MOST; i++) {
        enum event_file_result found = event_file_next(file, &ev, &log_at, &fault);
        if (found == EVENT_FILE_END || found == EVENT_FILE_TORN)
            break;
        if (found == EVENT_FILE_EVENT && !event_is_valid(&ev, &err))
            __builtin_trap();
    }
    event_file_free(file);
    return 0;
}
