/* One partition that this process owns, and the task that knows it. */
#pragma once

#include "codec/metadata.h"
#include "engine/ports.h"
#include "tasks/interaction_task.h"
#include "tasks/relay_task.h"
#include "tasks/tenant_task.h"

/* X(symbol, name, meaning) */
#define PARTITION_STATES(X)                                                                        \
    X(REPLAYING, "replaying", "applies what was committed before, in silence")                     \
    X(LIVE, "live", "applies new records; its effects go out")                                     \
    X(ENDED, "ended", "until-end: everything has been read")

#define PARTITION_ENUM(symbol, name, meaning) PARTITION_##symbol,
enum partition_state { PARTITION_STATES(PARTITION_ENUM) PARTITION_STATE_COUNT };

const char *partition_state_name(enum partition_state s);

/* Why a partition is not read just now. X(symbol, name) */
#define PARTITION_HOLDS(X)                                                                         \
    X(NONE, "none")                                                                                \
    X(SCHEMA, "waits for a schema from the registry")                                              \
    X(FUTURE, "its newest record is ahead of the wall clock")

#define PARTITION_HOLD_ENUM(symbol, name) HOLD_##symbol,
enum partition_hold { PARTITION_HOLDS(PARTITION_HOLD_ENUM) HOLD_COUNT };

const char *partition_hold_name(enum partition_hold h);

/* The snapshot that is being written, and those that are whole. */
struct partition_snapshot {
    struct buf state;                                 /* of the one that is being written */
    uint64_t number;                                  /* of the newest one ever begun */
    struct snapshot_pointer writing;                  /* number 0: none is under way */
    uint32_t next_chunk;                              /* to go into an epoch */
    uint32_t chunks_there;                            /* committed */
    struct snapshot_pointer kept[METADATA_SNAPSHOTS]; /* whole, newest first */
    bool untold;                                      /* kept is in no commit yet */
    int64_t begun_at;                                 /* wall time */
    uint64_t bytes_written;                           /* of it, compressed */
    uint64_t bytes_read;                              /* of input since then */
};

struct rulebook; /* engine_state.h */

/* Under which contracts the task's history was, newest first, and how far a replay has come. */
struct partition_contracts {
    struct metadata_contracts of[METADATA_CONTRACTS];
    int due;     /* the first so many are still to be applied; they were in force once */
    bool untold; /* the newest is in no commit yet */
};

struct partition {
    char name[32]; /* of the task: "interactions-3" */
    enum engine_input input;
    int32_t number;
    enum partition_state state;
    enum partition_hold hold;
    int32_t schema_id;  /* that it waits for, with HOLD_SCHEMA */
    int64_t from;       /* where the task's history begins */
    int64_t committed;  /* live from here on */
    int64_t resumed;    /* where the replay began */
    int64_t resumed_at; /* wall time */
    int64_t end;        /* until-end: the end seen at start; -1 otherwise */
    int64_t next;       /* next offset to apply */
    int64_t sent;       /* position in the last epoch that was cut; -1: none */
    int64_t clock_sent; /* clock in the last report */
    bool end_sent;      /* the report said that it has ended */
    int64_t read_at;    /* wall time of the last record */
    int64_t tick_at;    /* wall time of the tick that is under way; INSTANT_NONE: none */
    struct interaction_task *source; /* INPUT_INTERACTIONS */
    struct relay_task *relay;        /* INPUT_TENANTS */
    struct tenant_task *tenant;      /* INPUT_TENANT_LOG */
    bool show_all;                   /* the next rendering shows everything of it */
    bool view_owed;                  /* the last rendering was not whole */
    struct view_batch *batch;        /* rendered at the last cut, sent after its commit */
    struct partition_snapshot snapshot;
    struct rulebook *rules; /* that the task knows at present */
    struct partition_contracts contracts;
    bool lost;            /* records were lost; nobody has been told as yet */
    int64_t empty_at;     /* wall time since when nothing was to be had; INSTANT_NONE: there was */
    int64_t read_until;   /* log time, in this turn */
    int64_t held_at;      /* log time of the record that is too far ahead; INSTANT_NONE: none is */
    bool waits;           /* in this turn: for another that is further behind, or for memory */
    bool waited;          /* in the turn before */
    bool leaving;         /* is about to be revoked: a last snapshot */
    int64_t batch_offset; /* the position that the batch belongs to */
};

/* Moves along the table of permitted moves; anything else is our error. */
void partition_move(struct partition *p, enum partition_state to);

/* Names the partition in records of an epoch. */
uint32_t partition_tag(const struct partition *p);

/* The clock of its task; INSTANT_NONE before the first record. */
int64_t partition_clock(const struct partition *p);

/* True of an input that others write: tenants wait for its clock. */
bool partition_is_source(const struct partition *p);

/* Log time of the newest record of a source; INSTANT_NONE before the first. */
int64_t partition_newest_log_at(const struct partition *p);
