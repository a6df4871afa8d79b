/* A task's state as records of the compacted topic GROUP.state: packed, cut into chunks, and put
 * together again. Anything torn, stale, of another task or another version is refused. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define SNAPSHOT_CHUNK_MAX ((size_t)256 * 1024) /* bytes of state in one record */
#define SNAPSHOT_SLOTS 3 /* one is being written, one may have just begun to be: one is whole */
#define SNAPSHOT_STATE_MAX ((size_t)1 << 31)

/* Where a whole snapshot stands; travels in the commit metadata. */
struct snapshot_pointer {
    uint64_t number; /* 1 ..; 0: none */
    int64_t offset;  /* of its input: what was applied stands before it */
    int64_t place;   /* offset of its first chunk in the state topic's partition */
    uint32_t chunks;
};

/* The partition of the state topic that the task of this input partition writes to. */
static inline int32_t snapshot_partition(int32_t partition, int32_t state_partitions) {
    return partition % state_partitions;
}

/* Compresses a state: `packed` is replaced. */
void snapshot_pack(uint64_t number, int64_t offset, struct slice state, struct buf *packed);

/* Back again: `state` is replaced. False with the reason when anything is not as it was written. */
MUST_USE bool snapshot_unpack(struct slice packed, const struct snapshot_pointer *pointer,
                              struct buf *state, struct err *err);

uint32_t snapshot_chunk_count(struct slice packed);

/* The record of one chunk: its key (task, slot, index) and its value, appended. */
void snapshot_put_key(struct slice task, uint64_t number, uint32_t index, struct buf *key);
void snapshot_put_chunk(struct slice task, uint64_t number, uint32_t index, struct slice packed,
                        struct buf *value);

/* Collects the chunks of one snapshot, in whatever order they come. */
struct snapshot_reader {
    struct slice task;
    struct snapshot_pointer pointer;
    struct buf packed; /* owned */
    size_t last_size;  /* of the last chunk; 0: not come yet */
    uint32_t found;
};

void snapshot_reader_init(struct snapshot_reader *r, struct slice task,
                          const struct snapshot_pointer *pointer);
void snapshot_reader_deinit(struct snapshot_reader *r);

/* Takes the value of a record if it is a chunk that is looked for and not torn. */
void snapshot_reader_take(struct snapshot_reader *r, struct slice value);
bool snapshot_reader_is_whole(const struct snapshot_reader *r);
