/* What really happened, one JSON line per visit, leg and interaction, and one with the totals. */
#ifndef FLOORSIM_TRUTH_H
#define FLOORSIM_TRUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"
#include "id.h"
#include "world.h"

struct truth_totals {
    uint64_t events; /* that happened; what follows tells what was sent of them */
    uint64_t duplicates;
    uint64_t late;
    uint64_t lost;
    uint64_t interactions;
    uint64_t offered;
    uint64_t answered;
    uint64_t answered_20s; /* of these, after 20 s at most */
    uint64_t abandoned;
    uint64_t flowed_out;
    uint64_t callbacks;
    uint64_t handled;
    uint64_t wait_ms; /* of answered visits */
    uint64_t handle_ms;
    uint64_t resolved;
    uint64_t reopened;
    int64_t last_at; /* when the last event happened */
};

struct truth {
    FILE *file;     /* NULL when nobody asked */
    bool each_line; /* not the totals alone */
    const struct id_maker *ids;
    struct truth_totals totals;
};

/* The part that every line shares. */
struct truth_who {
    const struct queue *queue;
    uint64_t contact;
    enum event_priority priority;
};

/* With totals_only the file gets its last line alone. */
bool truth_open(struct truth *truth, const char *path, bool totals_only,
                const struct id_maker *ids);

/* Returns false when the file could not be written to its end. */
bool truth_close(struct truth *truth);

/* ended_at is negative while the caller still waits. */
void truth_visit(struct truth *truth, const struct truth_who *who, int64_t queued_at,
                 int64_t ended_at, const char *how);

/* ended_at is negative while the leg is open. */
void truth_leg(struct truth *truth, const struct truth_who *who, int64_t answered_at,
               int64_t ended_at, const char *how, int64_t hold_ms, int64_t wrap_ms);

struct truth_interaction {
    int64_t created_at;
    int64_t first_reply_at; /* negative values: not yet, or not in this channel */
    int64_t resolved_at;
    int64_t ended_at;
    uint32_t events;
    uint32_t duplicates;
    uint32_t late;
    uint32_t lost;
    uint32_t reopened;
};

void truth_interaction(struct truth *truth, const struct truth_who *who,
                       const struct truth_interaction *what);

/* The last line; bad is JSON, an object of bad records by kind. */
void truth_total(struct truth *truth, const char *bad);

#endif
