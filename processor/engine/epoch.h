/* What one transaction carries: records out, and positions in. Filled by the loop, then handed
 * whole to the committer. */
#pragma once

#include "base/buf.h"

/* X(symbol, topic without prefix): the topics that floorwalker writes. */
#define EPOCH_TOPICS(X)                                                                            \
    X(ALERTS_SLA, "alerts.sla")                                                                    \
    X(ALERTS_DEMAND, "alerts.demand")                                                              \
    X(ALERTS_QUALITY, "alerts.quality")                                                            \
    X(ALERTS_OPERATIONS, "alerts.operations")                                                      \
    X(AUDIT, "audit")                                                                              \
    X(KPIS, "kpis")                                                                                \
    X(DEAD_LETTERS, "dead-letters")                                                                \
    X(TENANT_LOG, "tenant-log")                                                                    \
    X(STATE, "state")                                                                              \
    X(CONTRACTS, "contracts") /* written at the start and on a reload, in no epoch */

#define EPOCH_TOPIC_ENUM(symbol, name) OUTPUT_##symbol,
enum epoch_topic { EPOCH_TOPICS(EPOCH_TOPIC_ENUM) OUTPUT_COUNT };

const char *epoch_topic_name(enum epoch_topic t);

#define EPOCH_METADATA_MAX 1024

/* Both ends of a record are places in the epoch's bytes, because those move as they grow. */
struct epoch_record {
    enum epoch_topic topic;
    int32_t partition; /* -1: by key */
    size_t key_at, key_size;
    size_t value_at, value_size;
    uint32_t tag;   /* the owner's, for records whose place matters */
    int64_t offset; /* in the log; set by the port where tag is not 0, valid once committed */
};

/* A consumed position: the next offset to read, committed with ASCII metadata. */
struct epoch_position {
    int input; /* enum engine_input */
    int32_t partition;
    int64_t offset;
    char metadata[EPOCH_METADATA_MAX];
};

struct epoch {
    uint64_t number;
    struct buf bytes; /* keys and values */
    struct epoch_record *records;
    size_t record_count, record_capacity;
    struct epoch_position *positions;
    size_t position_count, position_capacity;
};

struct epoch *epoch_new(void);
void epoch_free(struct epoch *e);
size_t epoch_size(const struct epoch *e);           /* bytes in use */
void epoch_reset(struct epoch *e, uint64_t number); /* empty, memory kept */

/* Begins a record: append key, then call epoch_key_done, append value, then epoch_record_done. */
struct buf *epoch_begin(struct epoch *e, enum epoch_topic topic, int32_t partition);
void epoch_key_done(struct epoch *e);
void epoch_record_done(struct epoch *e);

struct epoch_position *epoch_add_position(struct epoch *e);
struct slice epoch_key(const struct epoch *e, const struct epoch_record *r);
struct slice epoch_value(const struct epoch *e, const struct epoch_record *r);
