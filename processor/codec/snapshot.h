/* A task's state as records of the compacted topic GROUP.state: cut into chunks, each compressed by
 * itself when its record is written, and put together again. Anything torn, stale, of another task
 * or another version is refused. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define SNAPSHOT_CHUNK_MAX ((size_t)256 * 1024) /* bytes of one record's value */
#define SNAPSHOT_PIECE ((size_t)250 * 1024)     /* of state in it: fits even if nothing repeats */
#define SNAPSHOT_SLOTS 3 /* one is being written, one may have just begun to be: one is whole */
#define SNAPSHOT_CHUNKS_MAX ((size_t)1 << 16)
#define SNAPSHOT_STATE_MAX (SNAPSHOT_CHUNKS_MAX * SNAPSHOT_PIECE)

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

/* Into how many chunks a state is cut: at least one. */
uint32_t snapshot_chunk_count(size_t state_size);

/* The record of one chunk: its key (task, slot, index) and its value, appended. The pointer's place
 * is not looked at. */
void snapshot_put_key(struct slice task, uint64_t number, uint32_t index, struct buf *key);
void snapshot_put_chunk(struct slice task, const struct snapshot_pointer *pointer, uint32_t index,
                        struct slice state, struct buf *value);

/* The offset of its input at which the snapshot of the task was taken of which this is a chunk;
 * -1 where it is torn, of another version or task. */
int64_t snapshot_chunk_offset(struct slice task, struct slice value);

/* Collects the chunks of one snapshot, in whatever order they come. */
struct snapshot_reader {
    struct slice task;
    struct snapshot_pointer pointer;
    struct buf *chunks; /* owned: one for each that has come */
    struct buf packed;  /* owned: all of them in their order, once it is whole */
    uint32_t found;
    bool refused; /* one that was looked for was not taken: */
    struct err refusal;
};

void snapshot_reader_init(struct snapshot_reader *r, struct slice task,
                          const struct snapshot_pointer *pointer);
void snapshot_reader_deinit(struct snapshot_reader *r);

/* Takes the value of a record if it is a chunk that is looked for and not torn. */
void snapshot_reader_take(struct snapshot_reader *r, struct slice value);
bool snapshot_reader_is_whole(const struct snapshot_reader *r);

/* Why it is not whole. */
void snapshot_reader_explain(const struct snapshot_reader *r, struct err *err);

/* The state in what a reader packed: `state` is replaced. False with the reason when anything is
 * not as it was written. */
MUST_USE bool snapshot_unpack(struct slice packed, const struct snapshot_pointer *pointer,
                              struct buf *state, struct err *err);
