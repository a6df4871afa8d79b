/* Reads snapshots of tasks from GROUP.state, with a consumer outside of the group. Blocks: for the
 * thread that looks offsets up. */
#pragma once

#include "codec/metadata.h"
#include "io/kafka_conf.h"

/* A task whose snapshot is looked for. */
struct kafka_state_want {
    char task[64];
    int32_t partition; /* of the state topic */
    bool offsetless;   /* the group has no offset of it */
    bool known;        /* and yet the topic has heard of it */
    struct metadata metadata;
    int64_t newest_at; /* input offset of the last snapshot that the topic has of it; -1: none */
    struct snapshot_reader reader; /* of the one that is being read */
    uint64_t number;               /* found; 0: none */
    struct buf packed;             /* owned: what was found */
    struct err refusal;            /* why a newer one was not taken; empty: none was refused */
};

/* For each want, the newest snapshot of its metadata whose chunks are all there, and newest_at of
 * those that have one. All are read side by side. False with a reason when the topic cannot be read
 * to its end. */
MUST_USE bool kafka_state_read(const struct kafka_options *o, struct kafka_state_want *wants,
                               size_t count, struct err *err);

/* Sets `known` of each want without an offset whose task has some record in the topic. */
MUST_USE bool kafka_state_look(const struct kafka_options *o, struct kafka_state_want *wants,
                               size_t count, struct err *err);
