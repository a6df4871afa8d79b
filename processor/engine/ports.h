/* What the engine needs of the world, as small structs of functions. Two implementations of each:
 * the real one in io/, the simulated one in tests/. All calls are made on the loop's thread and
 * none of them blocks. */
#pragma once

#include "base/slice.h"
#include "engine/epoch.h"

/* The topics that tasks read. */
enum engine_input { INPUT_INTERACTIONS, INPUT_TENANT_LOG, INPUT_TENANTS, INPUT_COUNT };

const char *engine_input_name(enum engine_input input);

/* One record as it stands in the log. Slices live until the take function returns. */
struct log_record {
    int64_t offset;
    int64_t log_at;   /* epoch ms */
    bool append_time; /* stamped by the broker (LogAppendTime) */
    bool end;         /* not a record: the partition ends before `offset` (until-end only) */
    struct slice key;
    struct slice value;
};

/* A partition that the group gave to this process, and what is known of it. */
struct log_assignment {
    enum engine_input input;
    int32_t partition;
    int64_t committed;        /* the group's offset; -1: none yet */
    struct slice metadata;    /* committed with it */
    int64_t low;              /* first offset that the log still has */
    int64_t horizon;          /* first offset not older than recovery_horizon; clock: live */
    bool known;               /* there is no committed offset, but GROUP.state knows the task */
    uint64_t snapshot_number; /* of the snapshot that was found; 0: none */
    struct slice snapshot;    /* its packed bytes */
    const char *refusal;      /* why a newer one could not be read; NULL: no reason is known */
    int64_t start;            /* where to begin when nothing was committed */
    int64_t end;              /* until-end: where to stop; -1 otherwise */
};

/* Records that follow each other, LOG_TAKE_MAX at most. Returns how many of them were taken, from
 * the first on; the port keeps the others and offers them first in the next drain. */
#define LOG_TAKE_MAX 32
typedef size_t log_take_fn(void *context, const struct log_record *records, size_t count);

/* The log: reading, committing, ticks. */
struct log_port {
    void *self;
    /* Hands at most `room` records of an assigned partition to `take`; returns how many it took. */
    size_t (*drain)(void *self, enum engine_input input, int32_t partition, size_t room,
                    log_take_fn *take, void *context);
    /* The partition's end as far as it is known without asking; -1: not known. */
    int64_t (*end)(void *self, enum engine_input input, int32_t partition);
    /* Starts the epoch's transaction with the group as it is now. engine_committed() follows,
     * on the loop's thread; until then the epoch is the port's. */
    void (*commit)(void *self, struct epoch *epoch);
    /* Appends a Tick to a partition, not waiting for it. */
    void (*tick)(void *self, enum engine_input input, int32_t partition, struct slice value);
};

struct view_batch; /* codec/view.h */

/* The KPI view. */
struct view_port {
    void *self;
    /* True when an update can be taken: connected, and the last one is through. */
    bool (*ready)(void *self);
    /* Sends the batch and resets it, guarded by (topic id, offset) of the tenant log. */
    void (*send)(void *self, int32_t partition, int64_t offset, struct view_batch *batch);
    /* True when something was lost on the way (Redis came back empty or other): show all again. */
    bool (*take_lost)(void *self);
};

/* What the process holds of the machine's memory. */
struct memory_port {
    void *self;
    size_t (*held)(void *self);    /* bytes; NULL: nobody looks */
    void (*give_back)(void *self); /* returns to the system what is free */
};

/* The schema registry. engine_add_schema() or engine_schema_missing() follows. */
struct schema_port {
    void *self;
    void (*fetch)(void *self, int32_t schema_id);
};

struct contract_set; /* core/contract.h */

/* Contracts by the name of their manifest in GROUP.contracts; whatever an assigned partition names
 * has been looked up before. */
struct contracts_port {
    void *self;
    /* NULL: nothing of that name is known. What is handed out outlives the engine. */
    const struct contract_set *(*find)(void *self, const char *name);
    /* True when this manifest is to be in force rather than the other: it was published later. */
    bool (*newer)(void *self, const char *name, const char *than);
};

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Structured log: an event name, and key=value pairs already formatted as JSON members. */
struct note_port {
    void *self;
    void (*note)(void *self, enum log_level level, const char *event, const char *members);
};
