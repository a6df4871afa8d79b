/* The records of one partition as the simulated sites write them: so many calls at a time, each
 * queued, answered, ended and wrapped up. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CORE_CALL_MS 180000 /* from the queue to the end of the wrap-up */
#define CORE_RECORD_MAX 1100

struct core_records {
    uint32_t open;   /* calls at a time, once as many have begun */
    uint64_t number; /* of the event that comes next */
    int64_t begin_at;
};

/* The next event, framed for schema 1. Writes its key and when it happened as well. Returns its
 * size, or 0 of one whose call was before the first. */
size_t core_records_next(struct core_records *r, uint8_t *value, char key[32], int64_t *event_at);
