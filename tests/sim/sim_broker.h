/* The simulated brokers: topic partitions with high watermark and last stable offset, transactional
 * producers with epochs, and the group's committed offsets. Nothing here shares code with io/. */
#pragma once

#include "codec/metadata.h"
#include "engine/engine.h"

#define SIM_PARTITIONS_MAX 4
#define SIM_PROCESSES_MAX 3
#define SIM_FOREIGN SIM_PROCESSES_MAX /* the producer of a site */
#define SIM_PRODUCERS (SIM_PROCESSES_MAX + 1)
#define SIM_TXN_NONE UINT32_MAX

/* Every partition of every topic, by one number: the inputs first, then each output topic. */
#define SIM_LOG_INTERACTIONS 0
#define SIM_LOG_TENANT SIM_PARTITIONS_MAX
#define SIM_LOG_OUTPUT (2 * SIM_PARTITIONS_MAX)
#define SIM_LOG_COUNT (SIM_LOG_OUTPUT + OUTPUT_COUNT)

struct sim_record {
    int64_t log_at;
    struct slice key, value; /* owned, one block that begins with the key */
    uint32_t txn;            /* SIM_TXN_NONE: written outside of any */
    bool marker;             /* the end of a transaction: takes an offset, is never read */
    bool gone;               /* removed by the cleaner */
};

struct sim_log {
    struct sim_record *records;
    size_t count, capacity;
    size_t visible;         /* high watermark: a hanging follower keeps it behind `count` */
    size_t stable;          /* below it every transaction is decided */
    size_t low;             /* first offset that retention has left */
    bool hidden;            /* the high watermark stands still */
    int64_t clock_ahead_ms; /* of the leader's clock */
};

enum sim_txn_state { SIM_TXN_OPEN, SIM_TXN_COMMITTED, SIM_TXN_ABORTED };

struct sim_offset {
    int64_t offset; /* -1: none */
    char metadata[EPOCH_METADATA_MAX];
};

struct sim_txn {
    enum sim_txn_state state;
    int producer;
    int64_t begun_at;
    uint32_t logs;                    /* bits: those that were written to */
    struct epoch_position *positions; /* owned; pending until the end */
    size_t position_count;
};

/* From this offset of a tenant-log partition on, contracts of this name are in force. */
struct sim_change {
    int64_t offset;
    char name[MANIFEST_HASH + 1];
};

#define SIM_CHANGES_MAX 16

struct sim_changes {
    struct sim_change of[SIM_CHANGES_MAX];
    int count;
};

struct sim_producer {
    uint32_t epoch;
    uint32_t open; /* its transaction; SIM_TXN_NONE */
};

/* A record on its way to the broker. */
struct sim_sent {
    int64_t arrives_at;
    struct sim_log *log;
    struct slice value; /* owned */
};

struct sim_broker {
    int64_t now_at;
    struct sim_sent *sent;
    size_t sent_count, sent_capacity;
    int64_t txn_timeout_ms;
    struct sim_log logs[SIM_LOG_COUNT];
    struct sim_txn *txns;
    size_t txn_count, txn_capacity;
    struct sim_producer producers[SIM_PRODUCERS];
    struct sim_offset committed[INPUT_COUNT][SIM_PARTITIONS_MAX];
    struct sim_changes changes[SIM_PARTITIONS_MAX]; /* as the committed metadata told them */
    char violation[200];                            /* an offset that went backwards; empty: none */
};

void sim_broker_init(struct sim_broker *b, int64_t now_at, int64_t txn_timeout_ms);
void sim_broker_deinit(struct sim_broker *b);

struct sim_log *sim_broker_input(struct sim_broker *b, enum engine_input input, int32_t partition);
struct sim_log *sim_broker_output(struct sim_broker *b, enum epoch_topic topic);

/* Stamped with the leader's clock, copied; returns its offset. */
int64_t sim_broker_append(struct sim_broker *b, struct sim_log *log, uint32_t txn, struct slice key,
                          struct slice value);

/* The same when it arrives, without key or transaction. */
void sim_broker_append_later(struct sim_broker *b, int64_t arrives_at, struct sim_log *log,
                             struct slice value);

/* The offset before which a read_committed reader may read. */
size_t sim_broker_stable(struct sim_broker *b, struct sim_log *log);
/* The record at this offset for such a reader; NULL where there is none to be read. */
const struct sim_record *sim_broker_read(const struct sim_broker *b, const struct sim_log *log,
                                         size_t offset);

/* init_transactions: what the producer left open is aborted, older epochs are fenced. */
uint32_t sim_broker_init_producer(struct sim_broker *b, int producer);
/* The open transaction, begun if need be; SIM_TXN_NONE: this epoch is fenced. */
uint32_t sim_broker_begin(struct sim_broker *b, int producer, uint32_t epoch);
/* Stages offsets; the generation has been looked at before. */
bool sim_broker_send_offsets(struct sim_broker *b, int producer, uint32_t epoch,
                             const struct epoch *from);
bool sim_broker_end(struct sim_broker *b, int producer, uint32_t epoch, bool commit);
/* True while all that the open transaction wrote is replicated: acks=all come. */
bool sim_broker_is_acked(const struct sim_broker *b, int producer);
/* Time has come to now_at: takes what has arrived, aborts what was open for too long, and fences
 * its producer. */
void sim_broker_step(struct sim_broker *b, int64_t now_at);
/* False while an open transaction holds offsets of the partition: committed() waits. */
bool sim_broker_is_settled(const struct sim_broker *b, enum engine_input input, int32_t partition);

void sim_broker_hide(struct sim_broker *b, struct sim_log *log, bool hidden);
/* The cleaner: of records with one key that are committed, the newest stays. */
void sim_broker_compact(struct sim_broker *b, struct sim_log *log);
