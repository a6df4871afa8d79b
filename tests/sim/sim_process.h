/* One simulated process: the real engine, and of its world what the shell and io are in earnest:
 * the group's client, the committer, the ticker, lookups, the registry. */
#pragma once

#include "sim_group.h"
#include "sim_load.h"
#include "sim_settings.h"
#include "sim_view.h"

/* What all processes share. */
struct sim_world_parts {
    const struct sim_settings *settings;
    const struct sim_contracts *contracts;
    int version; /* of them, the newest that was published */
    struct sim_broker broker;
    struct sim_group group;
    struct sim_redis redis;
    struct sim_wire wire;
    bool registry_down;
    bool calm; /* nothing is slow any more */
    /* Hears what processes note down; NULL: nobody does. */
    void (*told)(void *context, int64_t at, const char *process, enum log_level level,
                 const char *event, const char *members);
    void *told_context;
    uint64_t lives;            /* processes ever started */
    uint64_t snapshots_found;  /* counted over lookups */
    uint64_t retries, refused; /* of epochs; commits that were refused to a zombie */
};

enum sim_commit_step {
    SIM_COMMIT_IDLE,
    SIM_COMMIT_PRODUCE,
    SIM_COMMIT_OFFSETS,
    SIM_COMMIT_END,
    SIM_COMMIT_ABORT,
    SIM_COMMIT_ANSWER
};

/* What becomes of the next commit. */
enum sim_outcome { SIM_OUTCOME_KNOWN, SIM_OUTCOME_UNKNOWN_DONE, SIM_OUTCOME_UNKNOWN_LOST };

struct sim_commit {
    enum sim_commit_step step;
    struct epoch *epoch; /* NULL: none under way */
    int64_t next_at;     /* when the step is taken */
    int32_t generation;  /* of the group's metadata; -1: it had none */
    uint64_t session, losses;
    int tries;
    bool again, ok; /* how it ended */
    const char *reason;
};

struct sim_process {
    struct sim_world_parts *world;
    int instance;
    char name[8];
    uint64_t life; /* which of all processes it is */
    struct engine *engine;
    int64_t now_at, skew_ms, paused_until;
    const char *dead; /* why it ended; NULL: alive */
    bool stopping, stopped;
    int version; /* of the contracts that it was told last */
    /* the group's client */
    uint64_t session;
    int32_t generation; /* -1: out of the group, and knows it */
    bool lost;
    int64_t heartbeat_at;
    uint64_t heartbeats, losses;
    bool owned[INPUT_COUNT][SIM_PARTITIONS_MAX];
    bool assigning[INPUT_COUNT][SIM_PARTITIONS_MAX];
    bool revoking[INPUT_COUNT][SIM_PARTITIONS_MAX];
    bool is_assigning, is_revoking;
    int64_t lookup_at;
    size_t reading[INPUT_COUNT][SIM_PARTITIONS_MAX]; /* next offset to hand out */
    /* the committer */
    uint32_t producer_epoch;
    int64_t producer_at; /* when init_transactions is through; INSTANT_NONE: it is */
    struct sim_commit commit;
    enum sim_outcome outcome; /* of the next commit */
    int64_t commit_delay_ms;  /* of the next commit */
    int32_t first_generation; /* for a guard that is taken out */
    uint64_t commits;
    /* the rest */
    struct sim_view view;
    int32_t wanted_schema; /* -1: none */
    int64_t schema_at;
    uint64_t ticks;
};

void sim_world_parts_init(struct sim_world_parts *w, const struct sim_settings *settings,
                          const struct sim_contracts *contracts);
void sim_world_parts_deinit(struct sim_world_parts *w);

struct sim_process *sim_process_new(struct sim_world_parts *w, int instance, int64_t skew_ms,
                                    int64_t now_at);
/* Killed, or ended: what it sent and staged stays where it is. */
void sim_process_free(struct sim_process *p);

/* Its committer's thread, its client's thread, then one turn of its loop. */
void sim_process_step(struct sim_process *p, int64_t now_at);
/* Told of the newest contracts, as by SIGHUP. */
void sim_process_reload(struct sim_process *p);
void sim_process_stop(struct sim_process *p); /* SIGTERM */

/* sim_committer.c */
void sim_committer_begin(struct sim_process *p, struct epoch *epoch);
void sim_committer_step(struct sim_process *p);
/* sim_assignment.c: what the group wants of the process, and lookups. */
void sim_assignment_hear(struct sim_process *p);
void sim_assignment_serve(struct sim_process *p);
