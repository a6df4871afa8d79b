/* What is committed with an offset, atomically: where the task's history begins, how many
 * partitions its topic had, and where its snapshots stand. ASCII, because brokers mangle other
 * bytes; far below the 4 KiB that they take. */
#pragma once

#include "base/err.h"
#include "base/slice.h"
#include "codec/manifest.h"
#include "codec/snapshot.h"

#define METADATA_SNAPSHOTS 2 /* newest first; the third slot is the one being written */
#define METADATA_CONTRACTS 4 /* changes of contracts, newest first */
#define METADATA_TEXT_MAX 1024

/* From this offset on the contracts of the manifest are in force, and in the snapshots above this
 * number: one at the very offset may have been taken before the change or after it. */
struct metadata_contracts {
    char name[MANIFEST_HASH + 1]; /* "": none */
    int64_t offset;
    uint64_t snapshot;
};

struct metadata {
    int64_t from;       /* offset of the first record that the task ever applied */
    int32_t partitions; /* of the topic when it was committed */
    struct snapshot_pointer snapshots[METADATA_SNAPSHOTS]; /* number 0: none */
    struct metadata_contracts contracts[METADATA_CONTRACTS];
};

/* "fw1 from=0 partitions=8 snapshot=7,81234,5120,3 snapshot=6,... contracts=NAME,81000,5" into
 * text, NUL-terminated. */
void metadata_format(const struct metadata *m, char *text, size_t room);

MUST_USE bool metadata_parse(struct slice text, struct metadata *m, struct err *err);
